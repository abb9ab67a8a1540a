/* Where every slot predicts: a square a slot, a dot a picture, coloured by the size and shape of the box. */
import { badge } from "../badge.js";
import { get, on as onBus, onFrame as onBusFrame } from "../bus.js";
import { ink } from "../chart.js";
import { el, write } from "../dom.js";
import { exportButton, exportPng } from "../export.js";
import { context, forget, sheet } from "../paint.js";
import { on, onFrame, pin, set, slot, tally } from "./tally.js";
import { shapeColour } from "./shapes.js";
import { say } from "./text.js";

const FEW = 40;
const HEAD = 16;

export function mount(place) {
  const canvas = el("canvas", { tabindex: 0, role: "application", "aria-label": say.slotsLabel });
  const [note, why, words] = [el("span", { class: "note" }), el("p", { class: "section-note" }), el("p", { class: "sr", "aria-live": "polite" })];
  const every = el("button", { type: "button", class: "switch", onclick: () => set({ every: !tally().every }) }, say.every);
  on(["every"], (state) => every.setAttribute("aria-pressed", String(state.every)));
  place.append(el("header", { class: "panel-head" }, el("h2", {}, say.slots, badge("query")), note, every, exportButton(say.png, () => exportPng(canvas, "slots", get().model))), why, canvas, legend(), words);
  const fit = () => {
    const { data } = tally();
    const grid = measure(canvas);
    write(note, data ? say.shown(grid.shown.length, data.queries) : "");
    write(why, data ? (data.proposed ? say.ranks : say.learned) : "");
    paint(canvas, grid);
  };
  onFrame(["data", "least", "every", "hover"], fit);
  new ResizeObserver(onBusFrame(["query", "theme"], fit)).observe(place);
  onBus(["query"], () => { if (slot() !== null) write(words, say.slot(slot())); });
  listen(canvas);
}

const legend = () => el("p", { class: "shape-legend note" }, [[[0, 0, 0.05, 0.05], say.small], [[0, 0, 0.6, 0.15], say.wide], [[0, 0, 0.5, 0.5], say.square], [[0, 0, 0.15, 0.6], say.tall]].map(([box, name]) =>
  el("span", {}, el("i", { style: { background: shapeColour(box) } }), name)), el("span", {}, el("i", { class: "quiet-dot" }), say.below));

const ordered = { key: [], counts: null, shown: [] };

/** Which slots are shown: the busiest, or all by number. */
function order(data, every, least) {
  const key = [data, every, least];
  if (key.every((each, i) => each === ordered.key[i])) return ordered;
  const counts = data.firing(least);
  const slots = [...counts.keys()];
  return Object.assign(ordered, { key, counts, shown: every ? slots : slots.sort((a, b) => counts[b] - counts[a] || a - b).slice(0, FEW) });
}

/** Where they stand. */
function measure(canvas) {
  const { data, every, least } = tally();
  if (!data) return { shown: [], across: 1, cell: 1 };
  const { counts, shown } = order(data, every, least);
  const wide = every && data.queries > 120 ? 62 : 84;
  const across = Math.max(3, Math.floor(canvas.parentElement.clientWidth / wide) - (canvas.parentElement.clientWidth < 500 ? 0 : 1));
  const cell = canvas.clientWidth / across;
  const height = `${Math.ceil(shown.length / across) * (cell + HEAD)}px`;
  if (canvas.style.height !== height) { canvas.style.height = height; forget(canvas); }
  return { shown, across, cell, counts };
}

function paint(canvas, { shown, across, cell, counts }) {
  const { ctx, width } = context(canvas);
  const { data, least } = tally();
  if (!data || !width) return;
  const colours = ink();
  const draw = (on, query, place, here) => {
    const [x, y] = [(place % across) * cell, Math.floor(place / across) * (cell + HEAD) + HEAD];
    if (here) on.clearRect(x, y - HEAD, cell, HEAD + cell);
    tile(on, [x, y, cell], say.slotShort(query, counts[query]), colours, here, counts[query]);
    dots(on, data, query, least, [x + 4, y + 3, cell - 8], Math.max(1.5, cell / 42), colours.soft);
  };
  sheet(canvas, ctx, [data, least, shown.length, across, colours.faint, colours.soft], (own) => shown.forEach((query, place) => draw(own, query, place, false)));
  const chosen = shown.indexOf(slot());
  if (chosen >= 0) draw(ctx, slot(), chosen, true);
}

function tile(ctx, [x, y, cell], name, colours, here, loud) {
  ctx.fillStyle = colours.faint;
  ctx.beginPath(); ctx.roundRect(x + 2, y + 1, cell - 4, cell - 4, 4); ctx.fill();
  if (here) { ctx.strokeStyle = colours.accent; ctx.lineWidth = 2; ctx.stroke(); }
  ctx.fillStyle = here ? colours.accent : colours.soft;
  ctx.globalAlpha = here || loud ? 1 : 0.6;
  ctx.font = `${here ? 700 : 500} 10.5px 'Atlas Sans', sans-serif`;
  ctx.fillText(name, x + 3, y - 4);
  ctx.globalAlpha = 1;
}

/** One slot's boxes in the square [x, y, side]; those below the score are faint and lie below. */
export function dots(ctx, data, query, least, [x, y, side], radius, quiet) {
  for (const loud of [false, true]) for (let picture = 0; picture < data.pictures; picture++) {
    if (data.score(picture, query) >= least !== loud) continue;
    const box = data.box(picture, query);
    ctx.globalAlpha = loud ? 0.9 : 0.28;
    ctx.fillStyle = loud ? shapeColour(box) : quiet;
    ctx.beginPath(); ctx.arc(x + box[0] * side, y + box[1] * side, loud ? radius : radius * 0.62, 0, 7); ctx.fill();
  }
  ctx.globalAlpha = 1;
}

function listen(canvas) {
  const under = (event) => {
    const { shown, across, cell } = measure(canvas);
    const bounds = canvas.getBoundingClientRect();
    const [column, row] = [Math.floor((event.clientX - bounds.left) / cell), Math.floor((event.clientY - bounds.top) / (cell + HEAD))];
    return column < across ? shown[row * across + column] ?? null : null;
  };
  canvas.addEventListener("pointermove", (event) => event.pointerType !== "touch" && set({ hover: under(event) }));
  canvas.addEventListener("pointerleave", () => set({ hover: null }));
  canvas.addEventListener("click", (event) => pin(under(event)));
  canvas.addEventListener("keydown", (event) => {
    const { shown, across } = measure(canvas);
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[event.key];
    if (!step || !shown.length) return;
    event.preventDefault();
    event.stopPropagation();
    pin(shown[Math.max(0, Math.min(shown.length - 1, Math.max(0, shown.indexOf(slot())) + step))]);
  });
}
