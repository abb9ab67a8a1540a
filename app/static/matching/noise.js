/* Queries that only training sees: noisy copies of the objects, what they should become, and who may see whom. */
import { badge } from "../badge.js";
import { get, onFrame as onBusFrame } from "../bus.js";
import { el, write } from "../dom.js";
import { box, context, frame, picture, tag } from "../paint.js";
import { number } from "../words.js";
import { draw as drawNoise, groupCount, layout, noised } from "./denoise.js";
import { lab, objectColour, on, onFrame, set, shownObject } from "./lab.js";
import { mask } from "./mask.js";
import { say } from "./text.js";

const memory = { key: [], noise: null };

/** The detector's denoising scheme with the sliders' noise in it, or null. */
function scheme() {
  const own = get().run?.facts.matching?.schemes.find(({ kind }) => kind === "denoising");
  return own ? { ...own, box_noise: lab().boxNoise ?? own.box_noise, label_noise: lab().labelNoise ?? own.label_noise } : null;
}

export function mount(place) {
  const canvas = el("canvas", { role: "img", "aria-label": say.noiseTitle });
  const [none, note, line] = [el("p", { class: "section-note" }, say.noDenoising), el("p", { class: "section-note" }), el("p", { class: "rule-line" })];
  const who = mask();
  const bench = el("div", { class: "noise-bench" }, el("div", { class: "noise-picture" }, el("div", { class: "mat" }, canvas), controls(), line), who.node);
  place.append(el("header", { class: "panel-head" }, el("h2", {}, say.noiseTitle, badge("denoising"))), none, note, bench);
  const show = () => {
    const [{ run, image }, own, { objects }] = [get(), scheme(), lab()];
    const groups = run?.facts.matching ? layout(run.facts.matching.schemes, run.queries, objects.length) : [];
    none.hidden = !run || Boolean(own);
    bench.hidden = groups.length < 2;
    bench.classList.toggle("only-mask", !own);
    note.hidden = bench.hidden;
    if (bench.hidden || !image) return;
    write(note, own ? say.noiseNote[own.moves] : say.maskOnly);
    who.show(groups);
    if (!own) return;
    canvas.style.setProperty("--aspect", image.naturalWidth / image.naturalHeight);
    const queries = made(own, run);
    paint(canvas, run, image, objects, queries, own);
    write(line, say.noiseCounts(groupCount(own, objects.length), queries.filter(({ negative }) => !negative).length, queries.filter(({ negative }) => negative).length, queries.filter(({ flipped }) => flipped).length));
  };
  const later = onFrame(null, show);
  onBusFrame(["image", "run", "theme"], show);
  new ResizeObserver(later).observe(place);
}

/** The same numbers until another draw is asked for: the sliders scale what was drawn. */
function made(own, run) {
  const { objects, seed = 1 } = lab();
  const key = [run.id, objects.length, seed];
  if (key.some((each, i) => each !== memory.key[i])) Object.assign(memory, { key, noise: drawNoise(own, objects.length, run.names.length, seed) });
  return noised(own, memory.noise, objects);
}

function controls() {
  const slide = (key, field, most) => {
    const input = el("input", { type: "range", min: 0, max: most, step: 0.05, id: `atlas-matching-${key}`, oninput: () => set({ [key]: Number(input.value) }) });
    const value = el("output", {});
    const show = () => {
      const own = scheme();
      if (!own) return;
      input.value = own[field];
      write(value, number(own[field], 2));
      input.style.setProperty("--share", `${(own[field] / most) * 100}%`);
    };
    on([key, "official", "says"], show);
    return el("label", { class: "slider" }, el("span", {}, say[key]), input, value);
  };
  const pick = el("select", { id: "atlas-matching-group", onchange: () => set({ group: pick.value === "" ? null : Number(pick.value) }) });
  on(["says", "objects", "group"], ({ objects, group = 0 }) => {
    const count = scheme() ? groupCount(scheme(), objects.length) : 0;
    if (pick.childElementCount !== count + 1) pick.replaceChildren(el("option", { value: "" }, say.allGroups), ...[...Array(count).keys()].map((i) => el("option", { value: i }, say.group(i + 1))));
    pick.value = group === null ? "" : String(Math.min(group, Math.max(count - 1, 0)));
  });
  const again = el("button", { type: "button", onclick: () => set({ seed: (lab().seed ?? 1) + 1 }) }, say.again);
  const own = el("button", { type: "button", class: "quiet", onclick: () => set({ boxNoise: null, labelNoise: null }) }, say.official);
  return el("div", { class: "noise-controls" }, slide("boxNoise", "box_noise", 1.5), slide("labelNoise", "label_noise", 1), el("label", { class: "slider" }, el("span", {}, say.whichGroup), pick), again, own);
}

/** Positives in the colour of the object they restore, with a line to it; negatives red and dotted: they should say background. */
function paint(canvas, run, image, objects, queries, own) {
  const { ctx, width, height } = context(canvas);
  if (!width) return;
  const f = frame(width, height, image);
  const [group, only] = [lab().group === undefined ? 0 : lab().group, shownObject()];
  const count = groupCount(own, objects.length);
  const shown = queries.filter((each) => (group === null || each.group === Math.min(group, count - 1)) && (only === null || each.object === only));
  picture(ctx, image, f, 0.35);
  const bounds = { width, height, taken: [] };
  objects.forEach((object, i) => (only === null || only === i) && box(ctx, f, object.box, "#ffffff", { width: 1.4, dash: [2, 3] }));
  for (const { object, negative, flipped, label, box: found } of shown) {
    const colour = negative ? "#ff5d5d" : objectColour(object);
    const shape = box(ctx, f, found, colour, { width: negative ? 1.4 : 2, dash: negative ? [2, 4] : [], alpha: group === null && only === null ? 0.7 : 1 });
    arrow(ctx, f, found, objects[object].box, colour, negative);
    if (flipped) tag(ctx, say.pretends(run.names[label] ?? "?"), shape, colour, bounds);
  }
}

/** From a positive to the object it should restore; a negative gets a cross instead. */
function arrow(ctx, f, from, to, colour, negative) {
  const [x, y] = [f.px(from[0]), f.py(from[1])];
  ctx.save();
  ctx.strokeStyle = colour; ctx.lineWidth = 1.6; ctx.lineCap = "round";
  ctx.beginPath();
  if (negative) { ctx.moveTo(x - 4, y - 4); ctx.lineTo(x + 4, y + 4); ctx.moveTo(x + 4, y - 4); ctx.lineTo(x - 4, y + 4); } else { ctx.moveTo(x, y); ctx.lineTo(f.px(to[0]), f.py(to[1])); }
  ctx.stroke();
  ctx.restore();
}
