/* Three measures of a data set: how large the objects are, how many a picture has, and where they lie. */
import { chart, ink, series } from "../chart.js";
import { on } from "../bus.js";
import { el } from "../dom.js";
import { context } from "../paint.js";
import { number, words } from "../words.js";

const say = await words("dataset");

export function measures() {
  const [sides, counts, map] = [el("div", {}), el("div", {}), el("canvas", { class: "centres", role: "img", "aria-label": say.centres })];
  const help = el("p", { class: "help" });
  const part = (name, place, note) => el("section", { class: "data-part measure" }, el("h2", {}, name), place, note);
  const node = el("div", { class: "measures" }, part(say.sides, sides, help), part(say.counts, counts, el("p", { class: "help" }, say.countsHelp)), part(say.centres, map, el("p", { class: "help" }, say.centresHelp)));
  let grid = [];
  const draw = () => map.clientWidth && paint(map, grid);
  new ResizeObserver(draw).observe(map);
  on(["theme"], draw);
  return { node, show(facts, fit) {
    drawSides(sides, facts.sides, fit?.fit);
    drawCounts(counts, facts.per_picture.counts, fit?.fit);
    help.textContent = fit ? say.sidesHelp(fit.name, fit.fit.short) : say.sidesBefore;
    grid = facts.centres;
    draw();
  } };
}

function drawSides(place, before, fit) {
  const { edges } = before;
  const filled = edges.map((_, i) => before.counts[i] + (fit?.sides.counts[i] ?? 0));
  const [first, last] = [Math.max(0, filled.findIndex(Boolean)), Math.max(0, filled.findLastIndex(Boolean))];
  const bins = edges.map((_, i) => i).slice(first, last + 1);
  const told = bins.map((i) => (i + 1 < edges.length ? `${number(edges[i])}–${number(edges[i + 1])}` : `${number(edges[i])}+`));
  const ticks = [...bins, last + 1].filter((i) => i < edges.length);
  const bars = (name, counts, color) => ({ type: "bar", name, x: bins.map((i) => i + 0.5), y: bins.map((i) => counts[i]), customdata: told, marker: { color }, hovertemplate: "%{customdata} px: %{y}<extra></extra>" });
  const [strong, other] = series();
  const traces = fit ? [bars(say.asBrought, before.counts, ink().rule), bars(say.afterResize, fit.sides.counts, strong)] : [bars(say.asBrought, before.counts, other)];
  const xaxis = { title: { text: say.sideAxis }, tickvals: ticks, ticktext: ticks.map((i) => number(edges[i])), range: [first, last + 1], showgrid: false };
  chart(place, traces, { height: 230, showlegend: traces.length > 1, bargap: 0.2, xaxis, yaxis: { title: { text: say.objects } } }, { label: say.sides });
}

function drawCounts(place, counts, fit) {
  const most = Math.max(1, ...counts.map(([n]) => n));
  const shapes = fit && fit.queries < most ? [{ type: "line", x0: fit.queries, x1: fit.queries, yref: "paper", y0: 0, y1: 1, line: { color: ink().danger, width: 2, dash: "dash" } }] : [];
  const annotations = shapes.map(() => ({ x: fit.queries, yref: "paper", y: 1, text: say.queryLine(fit.queries), showarrow: false, xanchor: "right", yanchor: "top", font: { color: ink().danger } }));
  const width = Math.max(1, Math.ceil(most / 40));
  const bins = new Map();
  for (const [n, pictures] of counts) bins.set(Math.floor(n / width) * width, (bins.get(Math.floor(n / width) * width) ?? 0) + pictures);
  const x = [...bins.keys()];
  const told = x.map((n) => (width > 1 ? `${n}–${n + width - 1}` : String(n)));
  const trace = { type: "bar", x: x.map((n) => n + (width - 1) / 2), y: [...bins.values()], width: width * 0.9, customdata: told, marker: { color: series()[1] }, hovertemplate: "%{customdata}: %{y}<extra></extra>" };
  chart(place, [trace], { height: 230, shapes, annotations, xaxis: { title: { text: say.countAxis }, ...(most < 9 ? { dtick: 1 } : {}), range: [-0.5, most + 0.5 + width / 2], showgrid: false }, yaxis: { title: { text: say.pictures } } }, { label: say.counts });
}

/** The picture's plane; the more boxes have their centre at a place, the darker it is. */
function paint(canvas, grid) {
  const { ctx, width, height } = context(canvas);
  const most = Math.max(1, ...grid.flat());
  const small = el("canvas", { width: grid[0]?.length || 1, height: grid.length || 1 });
  const pen = small.getContext("2d");
  pen.fillStyle = ink().accent;
  grid.forEach((row, y) => row.forEach((count, x) => {
    pen.globalAlpha = count / most;
    pen.fillRect(x, y, 1, 1);
  }));
  ctx.imageSmoothingQuality = "high";
  ctx.drawImage(small, 0, 0, width, height);
}
