/* The layer strip: one small picture a decoder layer, all cut to the same place, so that only the query moves. */
import { badge } from "./badge.js";
import { active, get, layer, on, onFrame, set } from "./bus.js";
import { el, icon, write } from "./dom.js";
import { dimming, look, seen } from "./looks.js";
import { around, box, classColour, context, frame, layerColour, picture, trail } from "./paint.js";
import { detail } from "./session.js";
import { say } from "./text.js";
import { number } from "./words.js";

export function mount(place) {
  const strip = el("div", { class: "layer-strip", role: "radiogroup", "aria-label": say.layers });
  const cells = [];
  place.append(el("header", { class: "strip-head" }, el("h2", {}, say.layers, badge("decoder")), player()), strip);
  on(["run"], ({ run }) => {
    while (cells.length < (run?.layers ?? 0)) cells.push(makeCell(cells.length));
    strip.replaceChildren(...cells.slice(0, run?.layers ?? 0).map(({ cell }) => cell));
    strip.style.setProperty("--layers", run?.layers ?? 6);
  });
  const draw = onFrame(null, (state) => state.run && cells.slice(0, state.run.layers).forEach((cell, at) => paint(cell, at, state)));
  new ResizeObserver(draw).observe(strip);
}

function makeCell(at) {
  const canvas = el("canvas", { "aria-hidden": "true" });
  const [name, kind, score] = [el("span", { class: "layer-name" }, el("span", { class: "layer-word" }, say.layer), String(at + 1)), el("span", { class: "layer-class" }), el("span", { class: "layer-score" })];
  const choose = () => set({ layer: at === get().run.layers - 1 ? null : at });
  const cell = el("button", { type: "button", class: "layer-cell", role: "radio", onclick: choose }, canvas, el("span", { class: "layer-line" }, name, kind, score));
  return { cell, canvas, kind, score };
}

function paint({ cell, canvas, kind, score }, at, state) {
  const { run, image, head, part } = state;
  const [query, here] = [active(), at === layer()];
  cell.setAttribute("aria-checked", String(here));
  cell.tabIndex = here ? 0 : -1;
  if (here && cell.parentElement.contains(document.activeElement)) cell.focus({ preventScroll: true });
  cell.style.setProperty("--colour", layerColour(at, run.layers));
  const { ctx, width, height } = context(canvas);
  if (!image || !width) return;
  if (query === null) {
    const f = frame(width, height, image);
    const shown = run.shown(at, state.threshold, state.top);
    picture(ctx, image, f, 0.2);
    for (const which of [...shown].reverse()) box(ctx, f, run.box(at, which), classColour(run.label(at, which)), { width: 1.2 });
    write(kind, say.found);
    write(score, String(shown.length));
    return;
  }
  const f = frame(width, height, image, around(run, query, image, width / height));
  const kept = state.attention && detail(query);
  picture(ctx, image, f, dimming(seen(kept, at, head), 0.1));
  if (kept) look(ctx, f, kept, at, { head, part, size: 4.5 });
  if (state.trail) trail(ctx, f, run, query, at, { ghosts: false, dot: 2.2 });
  box(ctx, f, run.box(at, query), classColour(run.label(at, query)), { width: 2 });
  write(kind, run.name(at, query));
  write(score, number(run.score(at, query), 2));
}

/** Walks from the first layer to the last, again and again, until it is stopped. */
function player() {
  let timer = 0;
  const button = el("button", { type: "button", class: "quiet", title: say.play, "aria-label": say.play }, icon("play"));
  const stop = () => { clearInterval(timer); timer = 0; face(); };
  const face = () => {
    button.replaceChildren(icon(timer ? "pause" : "play"));
    button.setAttribute("aria-label", timer ? say.pause : say.play);
    button.title = timer ? say.pause : say.play;
  };
  const step = () => {
    const { run } = get();
    if (!run) return stop();
    const next = (layer() + 1) % run.layers;
    set({ layer: next === run.layers - 1 ? null : next });
  };
  button.addEventListener("click", () => {
    if (timer) return stop();
    set({ layer: 0 });
    timer = setInterval(step, 800);
    face();
  });
  on(["run"], () => timer && stop());
  return button;
}
