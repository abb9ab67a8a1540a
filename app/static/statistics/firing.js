/* How often every slot finds something: a few do most of the work, some never answer. */
import { badge } from "../badge.js";
import { get, onFrame as onBusFrame } from "../bus.js";
import { chart, ink, series } from "../chart.js";
import { el, write } from "../dom.js";
import { exportButton, exportPng } from "../export.js";
import { onFrame, pin, slot, tally } from "./tally.js";
import { say } from "./text.js";

export function mount(place) {
  const [curve, note] = [el("div", { class: "chart-place" }), el("p", { class: "section-note" })];
  place.append(el("header", { class: "panel-head" }, el("h2", {}, say.firing, badge("dead")), exportButton(say.png, () => exportPng(curve, "firing", get().model))), note, curve);
  const show = () => {
    const { data, least } = tally();
    if (!data) return;
    const counts = data.firing(least);
    const order = [...counts.keys()].sort((a, b) => counts[b] - counts[a] || a - b);
    const dead = order.filter((query) => !counts[query]).length;
    const half = counts.reduce((sum, count) => sum + count, 0) / 2;
    let [sum, few] = [0, 0];
    while (sum < half) sum += counts[order[few++]];
    write(note, say.deadNote(dead, data.queries, few, data.pictures));
    const colours = order.map((query) => (query === slot() ? ink().accent : series()[0]));
    chart(curve, [{ type: "bar", x: order.map((_, place) => place), y: order.map((query) => counts[query]), customdata: order, marker: { color: colours }, hovertemplate: `${say.slotHover}<extra></extra>` }],
      { height: 230, bargap: 0.12, xaxis: { title: { text: say.slotsBy }, showticklabels: false }, yaxis: { title: { text: say.timesFound }, rangemode: "tozero" } },
      { label: say.deadNote(dead, data.queries, few, data.pictures), click: ({ points }) => pin(points[0].customdata) });
  };
  onFrame(["data", "least"], show);
  onBusFrame(["query"], show);
}
