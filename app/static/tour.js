/* The steps of the guided tour. A step shows a page, changes the selection on entering, and puts it back on leaving.

   STEPS: {id, page, target, set} with `target` a selector to highlight and `set(state)` -> the keys of the bus to change.
   enter(step) -> Promise; leave(). `act(step)` -> stop: what moves while the step is open. */
import { get, layer, set } from "./bus.js";
import { PAGES, turn } from "./nav.js";

const pinned = ({ run, query }) => ({ query: query ?? run?.order[0] ?? null, hover: null });

const ALL = [
  { id: "queries", page: "explore", target: "#atlas-queries", set: () => ({ query: null, hover: null, layer: null, head: null }) },
  { id: "threshold", page: "explore", target: ".stage-tools", set: () => ({ query: null, hover: null, layer: null }) },
  { id: "pin", page: "explore", target: "#atlas-card", set: pinned },
  { id: "attention", page: "explore", target: ".mat", set: (state) => ({ ...pinned(state), attention: true, trail: false, boxes: false, zoom: true }) },
  { id: "reference", page: "explore", target: ".mat", set: (state) => ({ ...pinned(state), trail: true, zoom: true, layer: 0 }) },
  { id: "layers", page: "explore", target: "#atlas-layers", set: (state) => ({ ...pinned(state), layer: 0, trail: true }), act: walk },
  { id: "heads", page: "explore", target: ".heads", set: (state) => ({ ...pinned(state), head: 0, layer: null }) },
  { id: "scores", page: "explore", target: ".by-layer", set: (state) => ({ ...pinned(state), layer: null }) },
  { id: "model", page: "explore", target: "#atlas-model", set: pinned },
  { id: "inside", page: "inside", target: "#atlas-inside-path .atlas-panel", set: pinned },
  { id: "others", page: "inside", target: "#atlas-inside-others .atlas-panel", set: pinned },
  { id: "matching", page: "matching", target: "#atlas-matching-weights .atlas-panel", set: () => ({}) },
  { id: "compare", page: "compare", target: "#atlas-compare-pictures .atlas-panel", set: () => ({}) },
  { id: "family", page: "family", target: "#atlas-family-page .atlas-panel", set: () => ({}) },
];
export const STEPS = ALL.filter(({ page }) => PAGES.includes(page));

let before = null;                                    // what the present step changed, as it was
let stop = null;

export async function enter(step) {
  leave();
  await turn(step.page);
  const patch = step.set(get());
  before = Object.fromEntries(Object.keys(patch).map((key) => [key, get()[key]]));
  set(patch);
  stop = step.act?.() ?? null;
}

export function leave() {
  stop?.();
  if (before) set(before);
  before = stop = null;
}

/** Once through the layers, then they rest on the last. */
function walk() {
  const timer = setInterval(() => {
    const { run } = get();
    if (!run || layer() >= run.layers - 1) return clearInterval(timer);
    set({ layer: layer() + 1 >= run.layers - 1 ? null : layer() + 1 });
  }, 900);
  return () => clearInterval(timer);
}
