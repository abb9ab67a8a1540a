/* The keyboard, for the whole page: arrows walk layers and queries, Escape steps back. Fields keep their own keys. */
import { back, get, layer, set } from "./bus.js";

/** Move the pinned query along the list, which is sorted by final score. */
export function walkQuery(step) {
  const { run, query, top } = get();
  if (!run) return;
  const last = Math.min(top, run.queries) - 1;
  const place = query === null ? (step > 0 ? 0 : last) : Math.max(0, Math.min(last, (run.rank.get(query) ?? 0) + step));
  set({ query: run.order[place], hover: null });
}

/** Move the layer; the last one is kept as "last", so that it stays last in detectors with more layers. */
export function walkLayer(step) {
  const { run } = get();
  if (!run) return;
  const next = Math.max(0, Math.min(run.layers - 1, layer() + step));
  set({ layer: next === run.layers - 1 ? null : next });
}

const PRESS = {
  ArrowLeft: () => walkLayer(-1), ArrowRight: () => walkLayer(1), ArrowUp: () => walkQuery(-1), ArrowDown: () => walkQuery(1),
  Escape: back, a: () => set({ attention: !get().attention }), p: () => set({ trail: !get().trail }), b: () => set({ boxes: !get().boxes }), z: () => set({ zoom: !get().zoom }),
};

document.addEventListener("keydown", (event) => {
  const own = event.target.closest?.("input, select, textarea, [contenteditable], [role=dialog], [role=tablist], video");
  const here = ["atlas-workspace", "atlas-inside"].some((id) => document.getElementById(id)?.offsetParent);
  if (own || !here || event.ctrlKey || event.metaKey || event.altKey || !PRESS[event.key]) return;
  event.preventDefault();
  PRESS[event.key]();
});
