/* Which feature levels the layers read: the mean over all queries, heads and pictures. */
import { badge } from "../badge.js";
import { get } from "../bus.js";
import { chart } from "../chart.js";
import { el, write } from "../dom.js";
import { exportButton, exportPng } from "../export.js";
import { levelColour } from "../paint.js";
import { on, tally } from "./tally.js";
import { say } from "./text.js";

export function mount(place) {
  const [curve, note] = [el("div", { class: "chart-place" }), el("p", { class: "section-note" })];
  place.append(el("header", { class: "panel-head" }, el("h2", {}, say.levels, badge("level")), exportButton(say.png, () => exportPng(curve, "levels", get().model))), note, curve);
  on(["data"], ({ data }) => {
    const shares = data?.levelShares();
    curve.hidden = !shares;
    write(note, !data ? "" : shares ? say.levelsNote : say.oneLevel);
    if (!shares) return;
    const traces = shares[0].map((_, level) => ({ type: "bar", orientation: "h", name: say.level(level, data.levels[level]), y: shares.map((_, layer) => say.after(layer + 1)), x: shares.map((row) => row[level]),
      marker: { color: levelColour(level) }, text: shares.map((row) => row[level]), texttemplate: "%{x:.0%}", textposition: "inside", insidetextanchor: "middle", textangle: 0, textfont: { color: "#10151c" }, hovertemplate: "%{y}: %{x:.1%}<extra></extra>" }));
    chart(curve, traces, { height: Math.max(200, 70 + 42 * shares.length), barmode: "stack", bargap: 0.3, xaxis: { tickformat: ".0%", range: [0, 1] }, yaxis: { autorange: "reversed", type: "category" } }, { label: say.levels });
  });
}
