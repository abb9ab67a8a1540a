/* The picture: boxes, one query's attention and path, and the switches that act here without asking the server. */
import { active, get, layer, on, onFrame, set } from "./bus.js";
import { el, write } from "./dom.js";
import { around, box, classColour, context, corners, frame, heat, levelColour, picture, points, tag, trail } from "./paint.js";
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
    el("div", { class: "stage-tools" }, slider("threshold", 0, 1, 0.01, (v) => number(v, 2)), slider("top", 1, 100, 1, String), legend),
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
  for (const [key, letter] of [["attention", "A"], ["trail", "P"], ["boxes", "B"], ["zoom", "Z"], ["proposals", null]]) {
    const button = el("button", { type: "button", class: "switch", onclick: () => set({ [key]: !get()[key] }), title: letter ? `${say[key]} (${letter})` : say[key] }, say[key]);
    on([key, "run"], (state) => {
      button.setAttribute("aria-pressed", String(state[key]));
      if (key === "proposals") button.hidden = !state.run?.hasProposals;
    });
    group.append(button);
  }
  return group;
}

/** The whole picture, or the surroundings of the pinned query. */
function place({ run, image, query, zoom }, width, height) {
  return frame(width, height, image, zoom && query !== null ? around(run, query, image, width / height, 2.6) : undefined);
}

/** Everything visible, back to front. */
function paint(canvas, state) {
  const { ctx, width, height } = context(canvas);
  const { image, run, preview } = state;
  if (preview) return picture(ctx, preview, frame(width, height, preview), 0.25);
  if (!image || !run) return;
  const f = place(state, width, height);
  const [query, at] = [active(), layer()];
  const kept = detail(query);
  const seen = state.attention && query !== null && kept;
  const map = seen && kept.map(at, state.head);
  const sampled = seen && kept.points(at, state.head);
  picture(ctx, image, f, map ? 0.35 : sampled ? 0.45 : query !== null ? 0.15 : 0);
  if (map) heat(ctx, f, map);
  if (state.proposals && run.hasProposals) proposals(ctx, f, run, query);
  if (state.boxes) others(ctx, f, state, at, query, { width, height, taken: [] });
  if (query === null) return;
  const colour = classColour(run.label(at, query));
  if (sampled) points(ctx, f, sampled, pointSize(f, run.box(at, query)));
  if (state.trail) trail(ctx, f, run, query, at);
  const shape = box(ctx, f, run.box(at, query), colour, { width: 3 });
  if (state.trail) reference(ctx, f, run.anchor(at, query));
  tag(ctx, `${run.name(at, query)} ${number(run.score(at, query), 2)}`, shape, colour, { width, height, taken: [] });
}

/** The boxes of the other shown queries, quiet while one is looked into; best on top, named where there is room. */
function others(ctx, f, { run, threshold, top }, at, query, bounds) {
  const shown = run.shown(at, threshold, top).filter((other) => other !== query);
  const shapes = new Map([...shown].reverse().map((other) => [other, box(ctx, f, run.box(at, other), classColour(run.label(at, other)), query === null ? {} : { width: 1.2, alpha: 0.55 })]));
  if (query === null) for (const other of shown) tag(ctx, `${run.name(at, other)} ${number(run.score(at, other), 2)}`, shapes.get(other), classColour(run.label(at, other)), bounds);
}

/** Radius of the heaviest point: small objects get small points, so that they stay visible. */
function pointSize(f, [, , w, h]) {
  return Math.max(3.5, Math.min(10, Math.sqrt(w * f.w * h * f.h) / 11));
}

/** A cross where the layer looked from. */
function reference(ctx, f, anchor) {
  if (!anchor) return;
  const [x, y] = [f.px(anchor[0]), f.py(anchor[1])];
  for (const [width, style] of [[4.5, "rgba(12,16,22,.85)"], [2, "#fff"]]) {
    ctx.lineWidth = width; ctx.strokeStyle = style; ctx.lineCap = "round";
    ctx.beginPath(); ctx.moveTo(x - 7, y); ctx.lineTo(x + 7, y); ctx.moveTo(x, y - 7); ctx.lineTo(x, y + 7); ctx.stroke();
  }
}

/** What the encoder proposed: how much each place looked like an object, a thin box a query, its own one thick. */
function proposals(ctx, f, run, query) {
  if (query === null) heat(ctx, f, run.proposalMap());
  for (const other of run.order.slice(0, get().top)) {
    const { box: proposed, score } = run.proposal(other);
    box(ctx, f, proposed, "#ffffff", other === query ? { width: 2, dash: [3, 3] } : { width: 1, alpha: 0.35 + 0.6 * score, casing: 0 });
  }
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
  const kept = detail();
  if (!state.run || active() === null) { write(caption, say.overviewHint); legend.replaceChildren(); return; }
  if (!view) { write(caption, say.noView); legend.replaceChildren(); return; }
  write(caption, (view.factors ? say.factored : "") + say[view.kind](layer(), state.run.layers, say.heads(state.head, view.heads)));
  const map = kept?.map(layer(), state.head);
  const sampled = kept?.points(layer(), state.head);
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
