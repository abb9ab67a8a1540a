/* The picture: objects as drawn, the query that each is matched to at this layer, and the pair looked at. */
import { layer, onFrame as onSelection, get, on as onBus } from "../bus.js";
import { el, write } from "../dom.js";
import { exportButton, exportPng } from "../export.js";
import { box, context, frame, picture, tag } from "../paint.js";
import { number } from "../words.js";
import { editing } from "./edit.js";
import { change, connect, flips, lab, objectColour, on, onFrame, restore, shownPair, solution } from "./lab.js";
import { layers } from "./layers.js";
import { say } from "./text.js";

export function mount(place, server) {
  const canvas = el("canvas", { tabindex: 0, role: "application", "aria-label": say.stage });
  const words = el("p", { class: "stage-words", "aria-live": "polite" });
  const status = el("div", { class: "stage-status", role: "status" });
  const caption = el("p", { class: "stage-caption" });
  place.append(
    el("div", { class: "stage-head" }, words, exportButton(say.png, () => exportPng(canvas, "matching", get().picture))),
    el("div", { class: "mat" }, canvas, status),
    el("div", { class: "stage-tools" }, layers(), actions()),
    el("div", { class: "stage-foot" }, caption),
  );
  const draft = { box: null };                        // the box being drawn
  const draw = () => paint(canvas, draft);
  onFrame(null, draw);
  new ResizeObserver(onSelection(["image", "run", "layer", "preview", "theme"], draw)).observe(canvas);
  editing(canvas, draft, draw);
  const tell = () => describe(words, caption, status);
  on(null, tell);
  onBus(["run", "layer", "status", "image"], ({ image }) => {
    if (image) canvas.style.setProperty("--aspect", image.naturalWidth / image.naturalHeight);
    tell();
  });
  connect(server);
}

function actions() {
  const back = el("button", { type: "button", class: "quiet", onclick: restore }, say.restore);
  const none = el("button", { type: "button", class: "quiet", onclick: () => change([], { chosen: null, pair: null }) }, say.removeAll);
  on(["source", "objects"], ({ source, objects }) => { back.hidden = source !== "drawn"; none.disabled = !objects.length; });
  return el("div", { class: "object-actions" }, back, none);
}

function describe(words, caption, status) {
  const { run, status: waiting } = get();
  const { objects, source, trouble, says } = lab();
  if (run) {
    const changed = flips(layer()).length;
    write(words, [say.count(objects.length, run.queries), say.layer(layer(), run.layers), layer() && says ? say.flips(changed) : ""].filter(Boolean).join(" · "));
    write(caption, [say.from[source] ?? "", objects.length ? say.caption : say.none].join(" "));
  }
  const text = waiting?.text || trouble || (run && !says ? say.fetching : "");
  write(status, text);
  status.dataset.kind = waiting?.kind ?? (trouble ? "error" : "wait");
}

const focus = (objects, object, chosen, pair) => (pair ? object === pair.object : chosen === null || object === chosen || !objects[chosen]);

function paint(canvas, draft) {
  const { ctx, width, height } = context(canvas);
  const { image, run, preview } = get();
  if (preview) return picture(ctx, preview, frame(width, height, preview), 0.25);
  if (!image || !run || !width) return;
  const f = frame(width, height, image);
  const { objects, chosen } = lab();
  const [pair, now, changed] = [shownPair(), solution(), new Set(flips(layer()))];
  picture(ctx, image, f, pair ? 0.32 : 0.14);
  const shapes = objects.map((object, i) => {
    const bright = focus(objects, i, chosen, pair);
    if (now?.query[i] >= 0) match(ctx, f, run, object, now.query[i], objectColour(i), bright);
    return box(ctx, f, object.box, objectColour(i), { width: bright ? 2.6 : 1.6, alpha: bright ? 1 : 0.55 });
  });
  const bounds = { width, height, taken: [] };
  if (pair && objects[pair.object] && pair.query !== null) candidate(ctx, f, run, objects[pair.object], pair, now, bounds);
  objects.forEach((object, i) => {
    if (!focus(objects, i, chosen, pair)) return;
    const query = now?.query[i] ?? -1;
    tag(ctx, `${object.name}${query >= 0 ? ` → ${query}` : ""}${changed.has(i) ? " ⇄" : ""}`, shapes[i], objectColour(i), bounds);
  });
  if (objects[chosen]) handles(ctx, shapes[chosen]);
  if (draft.box) box(ctx, f, draft.box, "#ffffff", { width: 2, dash: [5, 4] });
}

/** The matched query's box, dashed in the object's colour, and a line between the centres. */
function match(ctx, f, run, object, query, colour, bright) {
  const said = run.box(layer(), query);
  box(ctx, f, said, colour, { width: bright ? 1.8 : 1.2, dash: [6, 4], alpha: bright ? 0.95 : 0.4, casing: bright ? 1.4 : 0 });
  line(ctx, f, object.box, said, colour, bright ? 0.95 : 0.4);
}

function line(ctx, f, from, to, colour, alpha) {
  ctx.save();
  ctx.globalAlpha = alpha;
  ctx.lineCap = "round";
  for (const [width, style] of [[4, "rgba(12,16,22,.8)"], [2, colour]]) {
    ctx.lineWidth = width; ctx.strokeStyle = style;
    ctx.beginPath(); ctx.moveTo(f.px(from[0]), f.py(from[1])); ctx.lineTo(f.px(to[0]), f.py(to[1])); ctx.stroke();
  }
  ctx.fillStyle = colour;
  ctx.beginPath(); ctx.arc(f.px(to[0]), f.py(to[1]), 3.5, 0, 7); ctx.fill();
  ctx.restore();
}

/** The query of the pair looked at, where it is not the object's own. */
function candidate(ctx, f, run, object, { object: place, query }, now, bounds) {
  const said = run.box(layer(), query);
  const own = now?.query[place] === query;
  const shape = box(ctx, f, said, own ? objectColour(place) : "#ffffff", { width: 2.4, dash: own ? [6, 4] : [2, 4] });
  if (!own) line(ctx, f, object.box, said, "#ffffff", 0.9);
  tag(ctx, `${say.query(query)}${now ? ` · ${number(now.cost[place * run.queries + query], 2)}` : ""}`, shape, own ? objectColour(place) : "#ffffff", bounds);
}

function handles(ctx, [x, y, w, h]) {
  ctx.save();
  for (const across of [0, 0.5, 1]) for (const down of [0, 0.5, 1]) {
    if (across === 0.5 && down === 0.5) continue;
    ctx.fillStyle = "#fff"; ctx.strokeStyle = "rgba(12,16,22,.9)"; ctx.lineWidth = 1.4;
    ctx.beginPath(); ctx.rect(x + w * across - 4, y + h * down - 4, 8, 8); ctx.fill(); ctx.stroke();
  }
  ctx.restore();
}
