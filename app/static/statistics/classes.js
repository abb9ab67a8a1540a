/* Which classes a slot prefers: for every slot that answers at all, the share of each class. */
import { get } from "../bus.js";
import { chart, ink } from "../chart.js";
import { el, write } from "../dom.js";
import { exportButton, exportPng } from "../export.js";
import { onFrame, pin, tally } from "./tally.js";
import { say } from "./text.js";

const MOST = 60;

export function mount(place) {
  const [curve, note] = [el("div", { class: "chart-place" }), el("p", { class: "section-note" })];
  place.append(el("header", { class: "panel-head" }, el("h2", {}, say.classes), exportButton(say.png, () => exportPng(curve, "classes", get().model))), note, curve);
  onFrame(["data", "least"], () => {
    const { data, least } = tally();
    if (!data) return;
    const { slots, labels, shares, counts, purity } = preferences(data, least);
    curve.hidden = !slots.length;
    write(note, slots.length ? say.classesNote(slots.length, purity) : say.silentAll);
    if (!slots.length) return;
    const colours = ink();
    chart(curve, [{ type: "heatmap", z: shares, x: slots.map((query) => `#${query}`), y: labels.map((label) => data.names[label] ?? "?"), customdata: counts, xgap: 1, ygap: 1, zmin: 0, zmax: 1,
      colorscale: [[0, colours.faint], [0.15, "#7fa8c9"], [0.5, "#3f73a8"], [1, "#d9663a"]], colorbar: { thickness: 10, tickformat: ".0%", outlinewidth: 0 }, hovertemplate: say.classHover }],
    { height: Math.min(760, 90 + 19 * labels.length), xaxis: { type: "category", tickangle: -60, showgrid: false }, yaxis: { type: "category", showgrid: false, autorange: "reversed" } },
    { label: say.classes, click: ({ points }) => pin(slots[points[0].pointIndex?.[1] ?? points[0].pointNumber[1]]) });
  });
}

/** Slots by how often they answer, classes by how often they are said; [classes][slots]. */
function preferences(data, least) {
  const firing = data.firing(least);
  const slots = [...firing.keys()].filter((query) => firing[query] > 0).sort((a, b) => firing[b] - firing[a]).slice(0, MOST);
  const table = new Map();
  for (const [place, query] of slots.entries()) for (let picture = 0; picture < data.pictures; picture++) {
    if (data.score(picture, query) < least) continue;
    const label = data.label(picture, query);
    if (!table.has(label)) table.set(label, new Float64Array(slots.length));
    table.get(label)[place]++;
  }
  const labels = [...table.keys()].sort((a, b) => sum(table.get(b)) - sum(table.get(a)));
  const counts = labels.map((label) => [...table.get(label)]);
  const shares = counts.map((row) => row.map((count, place) => count / firing[slots[place]]));
  const often = slots.map((_, place) => place).filter((place) => firing[slots[place]] >= 3);
  const purity = often.length ? often.reduce((total, place) => total + Math.max(...shares.map((row) => row[place])), 0) / often.length : null;
  return { slots, labels, counts, shares, purity };
}

const sum = (values) => values.reduce((total, value) => total + value, 0);
