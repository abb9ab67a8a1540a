/* The picture: boxes, one query's attention and path, and the switches that act here without asking the server. */
import { active, get, layer, on, onFrame, set } from "./bus.js";
import { el, write } from "./dom.js";
import { seen } from "./looks.js";
import { corners, levelColour } from "./paint.js";
import { paint, place } from "./scene.js";
import { detail } from "./session.js";
import { say } from "./text.js";
import { number, percent } from "./words.js";

export function mount(place) {
  const canvas = el("canvas", { tabindex: 0, role: "img", "aria-label": say.stage });
  const status = el("div", { class: "stage-status", role: "status" });
  const words = el("p", { class: "stage-words", "aria-live": "polite" });
  const caption = el("p", { class: "stage-caption" });
  const legend = el("div", { class: "legend" });
  place.append(
    el("div", { class: "stage-head" }, words, switches()),
    el("div", { class: "mat" }, canvas, status),
    el("div", { class: "stage-tools" }, slider("threshold", 0, 1, 0.01, (v) => number(v, 2)), slider("top", 1, 100, 1, String), parts(), legend),
    el("div", { class: "stage-foot" }, caption),
  );
  const draw = onFrame(null, (state) => paint(canvas, state));
  new ResizeObserver(draw).observe(canvas);
  on(["image", "preview"], ({ image, preview }) => {
    const shown = preview ?? image;
    if (shown) canvas.style.setProperty("--aspect", shown.naturalWidth / shown.naturalHeight);
  });
  point(canvas);
  on(null, (state) => {
    describe(state, words);
    explain(state, caption, legend);
    write(status, state.status?.text ?? "");
    status.dataset.kind = state.status?.kind ?? "";
  });
}

function slider(key, min, max, step, shown) {
  const input = el("input", { type: "range", min, max, step, id: `atlas-${key}`, oninput: (event) => set({ [key]: Number(event.target.value) }) });
  const value = el("output", { for: `atlas-${key}` });
  on([key, "run"], (state) => {
    if (key === "top" && state.run) input.max = state.run.queries;
    input.value = state[key];
    write(value, shown(Math.min(state[key], Number(input.max))));
    input.style.setProperty("--share", `${((input.value - min) / (input.max - min)) * 100}%`);
  });
  return el("label", { class: "slider" }, el("span", {}, say[key]), input, value);
}

function switches() {
  const group = el("div", { class: "switches", role: "group" });
  for (const [key, letter] of [["attention", "A"], ["trail", "P"], ["boxes", "B"], ["zoom", "Z"], ["proposals", null], ["tokens", null]]) {
    const button = el("button", { type: "button", class: "switch", onclick: () => set({ [key]: !get()[key] }), title: letter ? `${say[key]} (${letter})` : say[key] }, say[key]);
    on([key, "run"], (state) => {
      button.setAttribute("aria-pressed", String(state[key]));
      if (key === "proposals") button.hidden = !state.run?.hasProposals;
      if (key === "tokens") button.hidden = !state.run?.hasTokens;
    });
    group.append(button);
  }
  return group;
}

/** Whole attention, or one summand of its scores alone, where a detector keeps them apart. */
function parts() {
  const group = el("div", { class: "part-switch", role: "radiogroup", "aria-label": say.partsLabel });
  on(["run", "layer", "part", "query", "hover"], (state) => {
    const names = (active() !== null && state.run?.view(layer())?.parts) || [];
    group.hidden = !names.length;
    const shown = [null, ...names].join(" ");
    if (group.dataset.parts !== shown) {
      group.dataset.parts = shown;
      group.replaceChildren(...[null, ...names].map((name) => el("button", { type: "button", role: "radio", title: say.partMeaning[name ?? "whole"], onclick: () => set({ part: name }) }, say.part[name ?? "whole"] ?? name)));
    }
    [null, ...names].forEach((name, i) => group.children[i].setAttribute("aria-checked", String(name === (names.includes(state.part) ? state.part : null))));
  });
  return group;
}

function describe(state, words) {
  const { run } = state;
  if (!run) return write(words, say.queries);
  const [query, at] = [active(), layer()];
  write(words, query === null ? say.counted(run.shown(at, state.threshold, state.top).length, state.threshold)
    : `${say.query(query)} · ${run.name(at, query)} ${number(run.score(at, query), 2)} · ${say.shortly(at)}`);
}

function explain(state, caption, legend) {
  const view = state.run?.view(layer());
  if (!state.run || active() === null) { write(caption, state.tokens && state.run?.hasTokens ? say.tokensCaption : say.overviewHint); legend.replaceChildren(); return; }
  if (!view) { write(caption, say.noView); legend.replaceChildren(); return; }
  const part = view.parts?.includes(state.part) ? state.part : null;
  const marks = detail()?.gaussians(layer(), state.head).length ? say.gaussians : "";
  write(caption, (part ? say.partAlone(say.part[part] ?? part) : "") + say[view.kind](layer(), state.run.layers, say.heads(state.head, view.heads)) + marks);
  const { map, sampled } = seen(detail(), layer(), state.head, state.part);
  if (map) legend.replaceChildren(el("span", { class: "ramp" }), el("span", {}, say.peak(map.peak)));
  else if (sampled) legend.replaceChildren(...sampled.share.map((share, level) => el("span", { class: "key", title: say.level(level, state.run.facts.levels[level]) },
    el("i", { style: { background: levelColour(level) } }), el("b", {}, String(level + 1)), ` ${percent(share)}`)));
  else legend.replaceChildren();
}

/** Pointer: the smallest visible box under it is previewed; click pins it, click on nothing steps back. */
function point(canvas) {
  const under = (event) => {
    const { run, image, threshold, top } = get();
    if (!run || !image || get().preview) return null;
    const f = place(get(), canvas.clientWidth, canvas.clientHeight);
    const bounds = canvas.getBoundingClientRect();
    const [x, y] = [(event.clientX - bounds.left - f.x) / f.w, (event.clientY - bounds.top - f.y) / f.h];
    const at = layer();
    const found = run.shown(at, threshold, top).filter((query) => {
      const [x0, y0, x1, y1] = corners(run.box(at, query));
      return x >= x0 && x <= x1 && y >= y0 && y <= y1;
    });
    const area = (query) => run.box(at, query)[2] * run.box(at, query)[3];
    return found.sort((a, b) => area(a) - area(b))[0] ?? null;
  };
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    const hover = under(event);
    canvas.style.cursor = hover === null ? "default" : "pointer";
    set({ hover });
  });
  canvas.addEventListener("pointerleave", () => set({ hover: null }));
  canvas.addEventListener("click", (event) => {
    const query = under(event);
    set({ query: query === get().query ? null : query, hover: null });
  });
}
