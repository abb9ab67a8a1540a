/* What each layer changed: class scores, and the box. */
import { badge } from "../badge.js";
import * as bus from "../bus.js";
import { chart } from "../chart.js";
import { el } from "../dom.js";
import { classColour, overlap } from "../paint.js";
import { number, words } from "../words.js";
import { always, set } from "./state.js";

const say = await words("inside");
const CLASSES = 4;

export function mount(place) {
  const [scores, moves] = [el("div", { class: "chart inside-chart" }), el("div", { class: "chart inside-chart" })];
  const note = el("p", { class: "inside-caption" });
  place.append(el("header", { class: "panel-head" }, el("h2", {}, say.scores, badge("score"))), scores, el("header", { class: "panel-head" }, el("h2", {}, say.moves)), moves, note);
  note.textContent = say.movesCaption;
  let drawn = "";
  always((now) => {
    if (!now?.kept || !place.offsetParent) return;
    const key = [now.run.id, now.query, now.at, bus.get().theme].join(" ");
    if (key === drawn) return;
    drawn = key;
    scoreChart(scores, now);
    moveChart(moves, now);
  });
}

function click({ points: [point] }) {
  const { run } = bus.get();
  const at = Number(point.x) - 1;
  if (at < 0) return;
  set({ stop: null });
  bus.set({ layer: at >= run.layers - 1 ? null : at });
}

const marker = (at, layers) => [{ type: "rect", xref: "x", yref: "paper", x0: at + 0.6, x1: at + 1.4, y0: 0, y1: 1, fillcolor: "rgba(128, 138, 148, .16)", line: { width: 0 }, layer: "below" }].slice(0, layers ? 1 : 0);
const axis = (layers, from = 0.5) => ({ tickmode: "linear", dtick: 1, range: [from, layers + 0.5], fixedrange: true, title: { text: say.layerAxis }, showgrid: false });
const small = { height: 214, margin: { l: 40, r: 40, t: 24, b: 36 }, legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { size: 11 } } };

function scoreChart(place, { run, kept, at }) {
  const layers = [...Array(run.layers).keys()];
  const last = kept.scores(run.layers - 1);
  const best = (scores) => scores.reduce((top, score, label) => (score > scores[top] ? label : top), 0);
  const leaders = layers.map((layer) => best(kept.scores(layer)));
  const order = [...last.keys()].sort((a, b) => last[b] - last[a]);
  const shown = [...new Set([order[0], ...leaders, ...order])].slice(0, CLASSES);
  const traces = shown.map((label) => ({
    x: layers.map((layer) => layer + 1), y: layers.map((layer) => kept.scores(layer)[label]), name: short(run.names[label] ?? "?"), mode: "lines+markers", customdata: layers.map(() => run.names[label] ?? "?"),
    line: { color: classColour(label), width: label === order[0] ? 3 : 1.8 }, marker: { size: label === order[0] ? 7 : 5 }, hovertemplate: `%{customdata} %{y:.3f}<extra></extra>`,
  }));
  const twoColumns = { margin: { ...small.margin, t: 46 }, legend: { ...small.legend, entrywidth: 0.48, entrywidthmode: "fraction" } };
  chart(place, traces, { ...small, ...twoColumns, xaxis: axis(run.layers), yaxis: { range: [0, 1.03], fixedrange: true, tickformat: ".1f" }, shapes: marker(at, run.layers) },
    { label: say.scoresLabel(run.name(run.layers - 1, kept.query), number(last[order[0]], 2)), click });
}

const short = (name) => (name.length > 18 ? `${name.slice(0, 17)}…` : name);

function moveChart(place, { run, query, at }) {
  const { width, height } = run.facts.picture;
  const layers = [...Array(run.layers).keys()];
  const boxes = layers.map((layer) => run.box(layer, query));
  const start = run.anchor(0, query) ?? run.proposal(query)?.box ?? null;
  const moved = boxes.map((box, i) => {
    const before = i ? boxes[i - 1] : start;
    return before ? Math.hypot((box[0] - before[0]) * width, (box[1] - before[1]) * height) : null;
  });
  const x = layers.map((layer) => layer + 1);
  const traces = [
    { x, y: moved, type: "bar", name: say.moved, width: 0.5, hovertemplate: `%{y:.1f} ${say.pixels}<extra></extra>` },
    { x, y: boxes.map((box) => overlap(box, boxes.at(-1))), name: say.overlapFinal, yaxis: "y2", mode: "lines+markers", line: { width: 2.2 }, hovertemplate: `IoU %{y:.2f}<extra></extra>` },
  ];
  chart(place, traces, { ...small, xaxis: axis(run.layers), yaxis: { fixedrange: true, rangemode: "tozero", title: { text: say.pixels, font: { size: 11 } } },
    yaxis2: { overlaying: "y", side: "right", range: [0, 1.05], tickmode: "array", tickvals: [0, 0.5, 1], fixedrange: true, showgrid: false, title: { text: "IoU", font: { size: 11 } } }, shapes: marker(at, run.layers) },
  { label: say.movesLabel, click });
}
