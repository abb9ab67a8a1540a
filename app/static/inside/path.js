/* The query's way: what it looked from and its box after every layer, over the picture. */
import { badge } from "../badge.js";
import * as bus from "../bus.js";
import { el, write } from "../dom.js";
import { exportButton, exportPng } from "../export.js";
import { look, rays } from "../looks.js";
import { around, box, classColour, context, corners, frame, layerColour, pathOf, picture, tag } from "../paint.js";
import { pointSize } from "../scene.js";
import { number, words } from "../words.js";
import { always, get, headOf } from "./state.js";

const say = await words("inside");
const INK = "rgba(12, 16, 22, .82)";

export function mount(place) {
  const canvas = el("canvas", { role: "img", tabindex: 0, "aria-label": say.pathLabel });
  const caption = el("p", { class: "inside-caption" });
  const attention = el("button", { type: "button", class: "switch", onclick: () => bus.set({ attention: !bus.get().attention }) }, say.attention);
  bus.on(["attention"], (state) => attention.setAttribute("aria-pressed", String(state.attention)));
  place.append(el("header", { class: "panel-head" }, el("h2", {}, say.path, badge("reference")), attention, exportButton(say.savePicture, () => exportPng(canvas, "atlas", "path"))),
    el("div", { class: "inside-mat" }, canvas), caption);
  const draw = always((now) => now && paint(canvas, caption, now));
  bus.on(["attention"], draw);
  new ResizeObserver(draw).observe(canvas);
}

function paint(canvas, caption, { run, image, query, kept, at, head, part }) {
  const { ctx, width, height } = context(canvas);
  if (!width) return;
  const f = frame(width, height, image, around(run, query, image, width / height, 1.9, 0.2));
  const stops = pathOf(run, query);
  const offset = stops[0].layer < 0 ? 0 : 1;                       // without a start the first stop is layer 1
  const now = Math.max(0, (get().stop ?? at + 1) - offset);
  const here = between(stops, now);
  picture(ctx, image, f, 0.1);
  dim(ctx, f, here.box);
  if (bus.get().attention && kept) look(ctx, f, kept, at, { head: headOf(head), part, size: pointSize(f, run.box(at, query)), marks: true });
  ghosts(ctx, f, stops, now, run.layers);
  line(ctx, f, stops, now, run.layers);
  const colour = classColour(run.label(at, query));
  const shape = here.box && box(ctx, f, here.box, colour, { width: 3 });
  const sides = kept?.numbers("sides", at) ?? [];
  if (sides.length && run.anchor(at, query) && get().stop === null) rays(ctx, f, run.anchor(at, query), sides);
  if (shape) tag(ctx, `${run.name(at, query)} ${number(run.score(at, query), 2)}`, shape, colour, { width, height, taken: [] });
  write(caption, offset ? say.pathFree : say.pathFrom(run.anchor(0, query)?.length === 4 || Boolean(run.proposal(query))));
}

/** The place between two stops. */
function between(stops, now) {
  const [low, high] = [stops[Math.min(Math.floor(now), stops.length - 1)], stops[Math.min(Math.ceil(now), stops.length - 1)]];
  const t = now - Math.floor(now);
  const mix = (a, b) => a + (b - a) * t;
  const both = low.box && high.box;
  return { x: mix(low.x, high.x), y: mix(low.y, high.y), box: both ? [...low.box].map((value, i) => mix(value, high.box[i])) : high.box ?? low.box };
}

/** Everything outside the present box is darker: the eye stays with the query. */
function dim(ctx, f, cxcywh) {
  if (!cxcywh) return;
  const [x0, y0, x1, y1] = corners(cxcywh);
  ctx.save();
  ctx.beginPath(); ctx.rect(...f.clip); ctx.rect(f.px(x0), f.py(y0), (x1 - x0) * f.w, (y1 - y0) * f.h);
  ctx.clip("evenodd");
  ctx.fillStyle = "rgba(8, 11, 16, .42)";
  ctx.fillRect(...f.clip);
  ctx.restore();
}

/** Boxes already left behind, paler the longer ago; those still to come are not drawn while it plays. */
function ghosts(ctx, f, stops, now, layers) {
  stops.forEach(({ box: ghost, layer }, place) => {
    if (!ghost || Math.abs(place - now) < 0.02 || (get().stop !== null && place > now)) return;
    const age = Math.abs(now - place);
    box(ctx, f, ghost, layer < 0 ? "#ffffff" : layerColour(layer, layers), { width: 1.3, alpha: Math.max(0.22, 0.75 - age * 0.1), dash: layer < 0 ? [2, 3] : [5, 4], casing: 0.8 });
  });
}

function line(ctx, f, stops, now, layers) {
  const last = get().stop === null ? stops.length - 1 : now;
  const passed = stops.slice(0, Math.floor(last) + 1);
  const tip = between(stops, last);
  ctx.save();
  ctx.lineCap = ctx.lineJoin = "round";
  for (const [width, style] of [[4.5, INK], [2, "#fff"]]) {
    ctx.lineWidth = width; ctx.strokeStyle = style;
    ctx.beginPath();
    [...passed, tip].forEach(({ x, y }, i) => ctx[i ? "lineTo" : "moveTo"](f.px(x), f.py(y)));
    ctx.stroke();
  }
  passed.forEach(({ x, y, layer }, place) => stop(ctx, f.px(x), f.py(y), layer, layers, Math.abs(place - now) < 0.5));
  ctx.restore();
}

/** A square is the start; circles carry their layer's number where it is now. */
function stop(ctx, x, y, layer, layers, here) {
  const size = here ? 9 : 4.5;
  ctx.lineWidth = 1.6; ctx.strokeStyle = INK;
  ctx.fillStyle = layer < 0 ? "#fff" : layerColour(layer, layers);
  ctx.beginPath();
  if (layer < 0) ctx.rect(x - size * 0.8, y - size * 0.8, size * 1.6, size * 1.6); else ctx.arc(x, y, size, 0, 7);
  ctx.fill(); ctx.stroke();
  if (!here || layer < 0) return;
  ctx.font = "700 11px 'Atlas Sans', system-ui, sans-serif";
  ctx.textAlign = "center"; ctx.textBaseline = "middle"; ctx.fillStyle = "#10151c";
  ctx.fillText(String(layer + 1), x, y + 0.5);
}
