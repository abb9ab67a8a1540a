/* The same queries under other rules of who answers for an object: one each, several each, groups, overlap. */
import { badge } from "../badge.js";
import { get, layer, onFrame as onBusFrame } from "../bus.js";
import { el, write } from "../dom.js";
import { box, context, frame, picture, shows } from "../paint.js";
import { number } from "../words.js";
import { lab, objectColour, onFrame, set, shownObject, solution } from "./lab.js";
import { byOverlap, grouped, oneToOne, repeated } from "./schemes.js";
import { say } from "./text.js";

/* Names are keys of `say.rules`; `start` is what the papers use where the detector's own scheme says nothing. */
const RULES = {
  oneToOne: { find: (now, objects, queries) => oneToOne(now.cost, objects, queries) },
  repeated: { find: (now, objects, queries, repeat) => repeated(now.cost, objects, queries, repeat), min: 2, max: 12, step: 1, start: (schemes) => schemes.find(({ kind }) => kind === "repeats")?.repeat ?? 6 },
  grouped: { find: (now, objects, queries, groups) => grouped(now.cost, objects, queries, groups), min: 2, max: 11, step: 1, start: () => 4 },
  byOverlap: { find: (now, objects, queries, threshold) => byOverlap(now.parts.iou, objects, queries, threshold), min: 0.3, max: 0.9, step: 0.05, digits: 2, start: () => 0.6 },
};

export function mount(place) {
  const note = el("p", { class: "section-note" });
  const figures = Object.entries(RULES).map(([name, rule]) => figure(name, rule));
  place.append(el("header", { class: "panel-head" }, el("h2", {}, say.manyTitle, badge("onetomany"))), note, el("div", { class: "rules" }, figures.map(({ node }) => node)));
  const draw = () => {
    const { run } = get();
    const further = run?.facts.matching?.schemes.find(({ kind }) => kind === "repeats");
    write(note, run ? say.manyNote + (further ? ` ${say.further(further.further, further.repeat)}` : "") : "");
    figures.forEach((each) => each.show());
  };
  const later = onFrame(null, draw);
  onBusFrame(["image", "run", "layer", "theme"], draw);
  new ResizeObserver(later).observe(place);
}

function figure(name, rule) {
  const canvas = el("canvas", { role: "img" });
  const line = el("p", { class: "rule-line" });
  const [input, value] = [rule.start && el("input", { type: "range", min: rule.min, max: rule.max, step: rule.step, id: `atlas-matching-${name}`, oninput: () => set({ [name]: Number(input.value) }) }), el("output", {})];
  const control = input ? el("label", { class: "slider" }, el("span", {}, say.rules[name].value), input, value) : el("p", { class: "slider note" }, say.rules[name].value);
  const node = el("figure", { class: "rule" }, el("figcaption", {}, el("h3", {}, say.rules[name].title), el("span", { class: "note" }, say.rules[name].who)), el("div", { class: "mat" }, canvas), control, line);
  const memory = { key: [], found: [] };

  const show = () => {
    const [{ run, image }, now, { objects }] = [get(), solution(), lab()];
    if (!run || !image) return;
    canvas.style.setProperty("--aspect", image.naturalWidth / image.naturalHeight);
    const parameter = lab()[name] ?? rule.start?.(run.facts.matching?.schemes ?? []);
    if (input) { input.value = parameter; write(value, number(parameter, rule.digits ?? 0)); input.style.setProperty("--share", `${((parameter - rule.min) / (rule.max - rule.min)) * 100}%`); }
    const key = [now, objects, parameter];
    if (key.some((each, i) => each !== memory.key[i])) Object.assign(memory, { key, found: now ? rule.find(now, objects.length, run.queries, parameter) : [] });
    paint(canvas, run, image, memory.found, objects);
    const text = say.counts(memory.found.length, run.queries, objects.length);
    write(line, text);
    canvas.setAttribute("aria-label", `${say.rules[name].title}: ${text}`);
  };
  return { node, show };
}

function paint(canvas, run, image, found, objects) {
  const only = shownObject();
  if (shows(canvas, run, layer(), image, found, objects, only)) return;
  const { ctx, width, height } = context(canvas);
  if (!width) return;
  const f = frame(width, height, image);
  picture(ctx, image, f, 0.35);
  const bright = (object) => only === null || object === only;
  for (const { object, query } of [...found].sort((a, b) => bright(a.object) - bright(b.object))) {
    box(ctx, f, run.box(layer(), query), objectColour(object), { width: 1.4, alpha: bright(object) ? 0.95 : 0.22, casing: bright(object) ? 1 : 0 });
  }
  objects.forEach((object, i) => bright(i) && box(ctx, f, object.box, "#ffffff", { width: 1.2, dash: [2, 3], casing: 1 }));
}
