/* Every head of every layer at once; the one pointed at is shown large beside them. */
import { badge } from "../badge.js";
import * as bus from "../bus.js";
import { el, write } from "../dom.js";
import { exportButton, exportPng } from "../export.js";
import { look } from "../looks.js";
import { around, box, classColour, context, forget, frame, headColour, layerColour, levelColour, picture, trail } from "../paint.js";
import { pointSize } from "../scene.js";
import { number, percent, words } from "../words.js";
import { choices } from "./choices.js";
import { follow } from "./follow.js";
import { always, followed, get, headOf, on, set } from "./state.js";

const say = await words("inside");
const [LABEL, HEAD, GAP] = [24, 18, 3];

export function mount(place, server) {
  const grid = el("canvas", { class: "mosaic", tabindex: 0, role: "img", onkeydown: walk });
  const large = el("canvas", { role: "img", "aria-label": say.largeLabel });
  const [title, caption, legend] = [el("h3", { class: "large-name" }), el("p", { class: "inside-caption" }), el("div", { class: "legend" })];
  place.append(el("header", { class: "panel-head mosaic-head" }, el("h2", {}, say.mosaic, badge("crossattention")), choices(), exportButton(say.saveMosaic, () => exportPng(grid, "atlas", "attention"))),
    el("div", { class: "mosaic-row" }, el("div", { class: "mosaic-side" }, grid, el("p", { class: "note" }, say.mosaicHint)),
      el("figure", { class: "mosaic-large" }, title, el("div", { class: "inside-mat" }, large), legend, caption)));
  pointer(grid);
  follow(server);
  const draw = always((now) => {
    if (!now) return;
    mosaic(grid, now);
    enlarge({ large, title, caption, legend }, now);
  }, "cell");
  new ResizeObserver(draw).observe(place);
}

/** What a cell holds: rollout stands where the heads are taken together. */
function cellOf({ run, query, kept, part }, layer, head) {
  const map = head === null && get().reduce === "rollout" ? followed(run, query, layer) : null;
  const found = map ?? kept.map(layer, headOf(head), part) ?? kept.points(layer, headOf(head));
  return { found, rolled: Boolean(map) };
}

const peakOf = (cell) => cell.found?.peak ?? 0;

/** What the brightest colour of a cell stands for, as the scope asks: its own brightest place, its layer's, or that of all. */
function peakFor(cells, layer, column) {
  const { scope } = get();
  if (scope === "map") return peakOf(cells[layer][column]);
  const rows = scope === "layer" ? [cells[layer]] : cells;
  return Math.max(...rows.map((row) => Math.max(...row.map(peakOf))));
}

function cells(now) {
  const heads = now.run.view(0)?.heads ?? 0;
  return Array.from({ length: now.run.layers }, (_, layer) => [null, ...Array(heads).keys()].map((head) => cellOf(now, layer, head)));
}

let drawn = { key: "", sheet: null, cells: [] };       // the mosaic without its marks: pointing must not draw it anew

function mosaic(canvas, now) {
  const heads = now.run.view(0)?.heads ?? 0;
  const { ctx, width: whole, height: high } = fitted(canvas, now.run.layers, heads);
  if (!whole) return;
  const width = (whole - LABEL) / (heads + 1);
  const height = Math.max(26, width * 0.8);
  const key = [now.run.id, now.query, now.part, get().reduce, get().scope, get().rollout?.query, bus.get().theme, canvas.width, canvas.height, Boolean(now.kept)].join(" ");
  if (key !== drawn.key) drawn = { key, ...sheet(canvas, now, width, height, heads) };
  ctx.drawImage(drawn.sheet, 0, 0, whole, high);
  mark(ctx, { layer: now.at, head: now.head }, width, height, 2.5);
  if (get().cell) mark(ctx, get().cell, width, height, 1.5);
  canvas.setAttribute("aria-label", say.mosaicLabel(now.at, now.head));
}

/** The canvas's context, with its height set to hold all layers. */
function fitted(canvas, layers, heads) {
  const found = context(canvas);
  const height = `${HEAD + layers * Math.max(26, ((found.width - LABEL) / (heads + 1)) * 0.8)}px`;
  if (canvas.style.height === height) return found;
  canvas.style.height = height;
  forget(canvas);
  return context(canvas);
}

function mark(ctx, { layer, head }, width, height, line) {
  const accent = getComputedStyle(document.documentElement).getPropertyValue("--accent");
  ctx.strokeStyle = accent; ctx.lineWidth = line;
  ctx.strokeRect(LABEL + (head === null ? 0 : head + 1) * width + 1, HEAD + layer * height + 1, width - GAP + 0.5, height - GAP + 0.5);
}

function sheet(canvas, now, width, height, heads) {
  const made = document.createElement("canvas");
  Object.assign(made, { width: canvas.width, height: canvas.height });
  const ctx = made.getContext("2d");
  const ratio = canvas.width / canvas.clientWidth;
  ctx.scale(ratio, ratio);
  const all = now.kept ? cells(now) : [];
  labels(ctx, now.run.layers, heads, width, height);
  const points = now.run.view(0)?.kind === "points";
  const part = around(now.run, now.query, now.image, width / height, ...(points ? [2.2] : [4, 0.4]));
  for (let layer = 0; layer < now.run.layers; layer++) for (let column = 0; column <= heads; column++) {
    ctx.save();
    ctx.translate(LABEL + column * width, HEAD + layer * height);
    const [w, h] = [width - GAP, height - GAP];
    ctx.beginPath(); ctx.rect(0, 0, w + 1, h + 1); ctx.clip();
    const f = frame(w, h, now.image, part);
    picture(ctx, now.image, f, 0.5);
    if (all.length) drawCell(ctx, f, now, all, layer, column, Math.max(2, width / 17), false);
    box(ctx, f, now.run.box(layer, now.query), "#fff", { width: 1, alpha: 0.8, casing: 0.8 });
    ctx.restore();
  }
  return { sheet: made, cells: all };
}

function drawCell(ctx, f, { kept, run, query, part }, all, layer, column, size, marks) {
  const head = column ? column - 1 : null;
  const peak = peakFor(all, layer, column);
  const { rolled } = all[layer][column];
  look(ctx, f, rolled ? { ...empty, map: () => followed(run, query, layer) } : kept, layer, { head: headOf(head), part, peak, size, marks: marks && !rolled });
}

const empty = { map: () => null, points: () => null, factors: () => null, gaussians: () => [] };

function labels(ctx, layers, heads, width, height) {
  const soft = getComputedStyle(document.documentElement).getPropertyValue("--soft");
  ctx.font = "600 11px 'Atlas Sans', system-ui, sans-serif";
  ctx.textAlign = "center"; ctx.textBaseline = "middle"; ctx.fillStyle = soft;
  for (let column = 0; column <= heads; column++) {
    const x = LABEL + column * width + (width - GAP) / 2;
    ctx.fillText(column ? String(column) : width > 52 ? say.reduceShort[get().reduce] : "Σ", x, HEAD / 2 - 1);
    if (column) { ctx.fillStyle = headColour(column - 1); ctx.fillRect(x - 8, HEAD - 5, 16, 2.5); ctx.fillStyle = soft; }
  }
  for (let layer = 0; layer < layers; layer++) {
    const y = HEAD + layer * height + (height - GAP) / 2;
    ctx.fillStyle = layerColour(layer, layers);
    ctx.fillRect(LABEL - 5, y - 8, 2.5, 16);
    ctx.fillStyle = soft;
    ctx.fillText(String(layer + 1), (LABEL - 6) / 2, y);
  }
}

/** The cell pointed at, else the chosen one, as large as its place. */
function enlarge({ large, title, caption, legend }, now) {
  const { layer, head } = get().cell ?? { layer: now.at, head: now.head };
  const view = now.run.view(layer);
  write(title, say.cell(layer, head === null ? say.reduced[get().reduce] : say.head(head)));
  const { ctx, width, height } = context(large);
  if (!width || !drawn.cells.length || !view) { write(caption, view ? "" : say.noView); return; }
  const points = view.kind === "points";
  const f = frame(width, height, now.image, around(now.run, now.query, now.image, width / height, ...(points ? [2.2] : [4, 0.4])));
  const column = head === null ? 0 : head + 1;
  picture(ctx, now.image, f, points ? 0.4 : 0.3);
  drawCell(ctx, f, now, drawn.cells, layer, column, pointSize(f, now.run.box(layer, now.query)) * 1.1, true);
  trail(ctx, f, now.run, now.query, layer, { ghosts: false, dot: 3 });
  box(ctx, f, now.run.box(layer, now.query), classColour(now.run.label(layer, now.query)), { width: 2.5 });
  const cell = drawn.cells[layer][column];
  const part = view.parts?.includes(now.part) && !cell.rolled ? now.part : null;
  write(caption, [part ? say.partAlone(part) : "", cell.rolled ? say.rolloutCaption : say.caption[view.kind](layer, now.run.layers), say.scopeCaption[get().scope]].filter(Boolean).join(" "));
  const peak = peakFor(drawn.cells, layer, column);
  if (points) legend.replaceChildren(...cell.found.share.map((share, level) => el("span", { class: "key" }, el("i", { style: { background: levelColour(level) } }), say.level(level, now.run.facts.levels[level]), ` ${percent(share)}`)));
  else legend.replaceChildren(el("span", { class: "ramp" }), el("span", {}, say.peak(percent(peak, peak >= 0.1 ? 0 : 1))));
}

function under(canvas, event) {
  const { run } = bus.get();
  const heads = run?.view(0)?.heads ?? 0;
  const bounds = canvas.getBoundingClientRect();
  const column = Math.floor((event.clientX - bounds.left - LABEL) / ((canvas.clientWidth - LABEL) / (heads + 1)));
  const layer = Math.floor((event.clientY - bounds.top - HEAD) / ((canvas.clientHeight - HEAD) / (run?.layers ?? 1)));
  return run && column >= 0 && column <= heads && layer >= 0 && layer < run.layers ? { layer, head: column ? column - 1 : null } : null;
}

const choose = ({ layer, head }) => bus.set({ layer: layer === bus.get().run.layers - 1 ? null : layer, head });

function pointer(canvas) {
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    const [cell, before] = [under(canvas, event), get().cell];
    if (cell?.layer !== before?.layer || cell?.head !== before?.head || !cell !== !before) set({ cell });
  });
  canvas.addEventListener("pointerleave", () => set({ cell: null }));
  canvas.addEventListener("click", (event) => { const cell = under(canvas, event); if (cell) choose(cell); });
  on(["reduce"], () => set({ cell: null }));
}

/** Arrows move over the cells while the mosaic has the focus. */
function walk(event) {
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  const { run, head } = bus.get();
  if (!step || !run) return;
  event.preventDefault();
  event.stopPropagation();
  const heads = run.view(0)?.heads ?? 0;
  const limit = (value, most) => Math.max(0, Math.min(most, value));
  const column = limit((head === null ? 0 : head + 1) + step[1], heads);
  choose({ layer: limit(bus.layer() + step[0], run.layers - 1), head: column ? column - 1 : null });
}
