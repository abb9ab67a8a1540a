/* Where all queries are after every layer: however they begin, they end where the objects are (Efficient DETR, 2021). */
import { badge } from "../badge.js";
import { get, onFrame as onBusFrame } from "../bus.js";
import { chart, ink, series } from "../chart.js";
import { el, write } from "../dom.js";
import { exportButton, exportPng } from "../export.js";
import { context, layerColour, sheet } from "../paint.js";
import { percent } from "../words.js";
import { onFrame, slot, tally } from "./tally.js";
import { say } from "./text.js";

export function mount(place) {
  const row = el("div", { class: "path-row" });
  const curve = el("div", { class: "path-curve" });
  const note = el("p", { class: "section-note" });
  place.append(el("header", { class: "panel-head" }, el("h2", {}, say.paths, badge("reference")), exportButton(say.png, () => exportPng(curve, "movement", get().model))), note, row, el("h3", {}, say.movement), curve);
  const cells = [];
  const show = () => {
    const { data } = tally();
    place.classList.toggle("waiting", !data);
    if (!data) return;
    while (cells.length < data.steps) cells.push(cell());
    if (row.childElementCount !== data.steps) row.replaceChildren(...cells.slice(0, data.steps).map(({ node }) => node));
    row.style.setProperty("--steps", data.steps);
    write(note, data.starts ? say.pathsNote : say.pathsNoteNoStart);
    cells.slice(0, data.steps).forEach((each, step) => { write(each.name, title(data, step)); paint(each.canvas, data, step); });
  };
  onFrame(["data", "least", "hover"], show);
  onFrame(["data"], () => tally().data && draw(curve, tally().data));
  new ResizeObserver(onBusFrame(["query", "theme"], show)).observe(place);
}

function cell() {
  const [canvas, name] = [el("canvas", { role: "img" }), el("figcaption", {})];
  return { canvas, name, node: el("figure", {}, canvas, name) };
}

const title = (data, step) => (data.starts && step === 0 ? say.start : say.after(step + (data.starts ? 0 : 1)));

/** All centres as a cloud, the slot looked at on top. */
function paint(canvas, data, step) {
  const { ctx, width, height } = context(canvas);
  if (!width) return;
  const [side, colours, { least }, chosen] = [Math.min(width, height), ink(), tally(), slot()];
  sheet(canvas, ctx, [data, step, least, colours.faint, colours.soft], (own) => cloud(own, data, step, least, side, colours));
  if (chosen === null) return;
  const dot = dotter(ctx, data, step, side);
  ctx.fillStyle = colours.accent;
  ctx.strokeStyle = colours.sheet;
  for (let picture = 0; picture < data.pictures; picture++) { dot(picture, chosen, 3); ctx.stroke(); }
}

function dotter(ctx, data, step, side) {
  const pad = 4;
  const at = (picture, query) => data.centre(picture, step, query).map((value) => pad + value * (side - 2 * pad));
  return (picture, query, radius) => { const [x, y] = at(picture, query); ctx.beginPath(); ctx.arc(x, y, radius, 0, 7); ctx.fill(); };
}

/** All centres faintly; those of answers that count in the layer's colour. */
function cloud(ctx, data, step, least, side, colours) {
  const dot = dotter(ctx, data, step, side);
  ctx.fillStyle = colours.faint;
  ctx.beginPath(); ctx.roundRect(0, 0, side, side, 6); ctx.fill();
  const stride = Math.max(1, Math.ceil((data.pictures * data.queries) / 6000));
  ctx.fillStyle = colours.soft;
  ctx.globalAlpha = 0.2;
  for (let i = 0; i < data.pictures * data.queries; i += stride) dot(Math.floor(i / data.queries), i % data.queries, 0.9);
  ctx.fillStyle = layerColour(step, data.steps);
  ctx.globalAlpha = 0.85;
  for (let picture = 0; picture < data.pictures; picture++) for (let query = 0; query < data.queries; query++) if (data.score(picture, query) >= least) dot(picture, query, 1.7);
  ctx.globalAlpha = 1;
}

/** How far a layer moves the centres, and how far they still are from where they end. */
function draw(place, data) {
  const { moved, left } = data.movement();
  const names = Array.from({ length: data.steps }, (_, step) => title(data, step));
  const [first, second] = series();
  const trace = (values, name, colour, more) => ({ x: names, y: [...values], name, marker: { color: colour }, hovertemplate: "%{x}: %{y:.1%}<extra></extra>", ...more });
  chart(place, [trace(moved.slice(1), say.moved, first, { type: "bar", x: names.slice(1), width: 0.45 }), trace(left, say.left, second, { type: "scatter", mode: "lines+markers", line: { color: second, width: 2.5 } })],
    { height: 240, yaxis: { tickformat: Math.max(...left, ...moved) < 0.05 ? ".1%" : ".0%", rangemode: "tozero", title: { text: say.ofPicture } }, xaxis: { type: "category", categoryarray: names } }, { label: `${say.movement}: ${names.map((name, i) => `${name} ${percent(left[i])}`).join(", ")}` });
}
