/* Which query is looked into, the way to the next one, and the walk through the layers. */
import * as bus from "../bus.js";
import { button, el, icon, write } from "../dom.js";
import { walkQuery } from "../keys.js";
import { turn } from "../nav.js";
import { classColour, layerColour } from "../paint.js";
import { title } from "../text.js";
import { number, words } from "../words.js";
import { get, on, set } from "./state.js";

const say = await words("inside");
const STEP = 700;                                     // milliseconds a layer

export function mount(place) {
  const [swatch, name, line] = [el("i", { class: "swatch large" }), el("h1", { class: "inside-name" }), el("p", { class: "inside-line" })];
  const [hint, start, status] = [el("p", {}), button(say.best, best, { class: "solid" }), el("p", { class: "inside-status", role: "status" })];
  const empty = el("div", { class: "inside-empty" }, hint, start);
  const steps = el("div", { class: "inside-steps", role: "radiogroup", "aria-label": say.layers });
  const head = el("div", { class: "inside-head" }, swatch, el("div", { class: "inside-title" }, name, line),
    el("div", { class: "inside-tools" },
      el("div", { class: "inside-walk" }, player(), steps),
      el("div", { class: "inside-next" }, step(say.before, "‹", -1), step(say.after, "›", 1), button(say.explore, () => turn("explore"), { class: "quiet" }))));
  place.append(head, empty, status);
  bus.on(["status", "run"], ({ status: now, run }) => {
    write(hint, run ? say.empty : now?.text ?? say.opening);
    write(status, run ? now?.text ?? "" : "");
    status.dataset.kind = now?.kind ?? "";
    start.hidden = !run;
  });
  bus.on(["run", "query", "layer", "model"], ({ run, query }) => {
    const here = Boolean(run) && query !== null;
    head.hidden = !here;
    empty.hidden = here;
    document.getElementById("atlas-inside")?.classList.toggle("nothing", !here);
    if (!here) return;
    const last = run.layers - 1;
    swatch.style.background = classColour(run.label(last, query));
    write(name, run.name(last, query));
    write(line, say.line(query, number(run.score(last, query), 2), (run.rank.get(query) ?? 0) + 1, run.queries, title(run.facts.variant)));
    layers(steps, run);
  });
}

const best = () => bus.set({ query: bus.get().run?.order[0] ?? null });
const step = (label, sign, by) => button(sign, () => walkQuery(by), { class: "quiet", title: label, "aria-label": label });

function layers(place, run) {
  if (place.childElementCount !== run.layers) {
    place.replaceChildren(...Array.from({ length: run.layers }, (_, at) => el("button", { type: "button", role: "radio", title: say.layer(at), "aria-label": say.layer(at), onclick: () => show(at) }, String(at + 1))));
  }
  [...place.children].forEach((face, at) => {
    face.setAttribute("aria-checked", String(at === bus.layer()));
    face.tabIndex = at === bus.layer() ? 0 : -1;
    face.style.setProperty("--colour", layerColour(at, run.layers));
  });
}

function show(at) {
  const { run } = bus.get();
  set({ stop: null });
  bus.set({ layer: at === run.layers - 1 ? null : at });
}

/** Walks from the start to the last layer, smoothly where motion is welcome, and stops there. */
function player() {
  let frame = 0;
  const face = button(icon("play"), () => (frame ? stop() : play()), { class: "quiet", title: say.play, "aria-label": say.play });
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  function show_() {
    face.replaceChildren(icon(frame ? "pause" : "play"));
    face.title = frame ? say.pause : say.play;
    face.setAttribute("aria-label", face.title);
  }
  function stop() {
    cancelAnimationFrame(frame);
    frame = 0;
    set({ stop: null });
    show_();
  }
  function play() {
    const { run } = bus.get();
    if (!run) return;
    const started = performance.now();
    const walk = (now) => {
      const at = Math.max(0, now - started) / STEP;
      if (bus.get().run !== run) return stop();
      if (at >= run.layers + 0.6) { bus.set({ layer: null }); return stop(); }       // frames may have been left out
      const stopAt = Math.min(run.layers, Math.floor(at) + (still.matches ? 0 : ease(at % 1)));
      set({ stop: stopAt });
      const layer = Math.max(0, Math.round(stopAt) - 1);
      bus.set({ layer: layer >= run.layers - 1 ? null : layer });
      frame = requestAnimationFrame(walk);
    };
    frame = requestAnimationFrame(walk);
    show_();
  }
  bus.on(["run", "query", "page"], () => frame && stop());
  on(["stop"], () => get().stop === null && frame && stop());
  return face;
}

/** Rest at each layer, move between them. */
const ease = (t) => (t < 0.35 ? 0 : 1 - (1 - (t - 0.35) / 0.65) ** 3);
