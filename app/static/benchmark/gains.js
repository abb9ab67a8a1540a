/* What each detector gains on its parent: here, with the spread over seeds, and on COCO as the papers say. */
import * as bus from "../bus.js";
import { chart, ink } from "../chart.js";
import { el } from "../dom.js";
import { number, words } from "../words.js";
import { colour } from "./curves.js";
import { openWeights } from "./open.js";
import { gains as computed, get, inFamily, onFrame, set } from "./state.js";

const say = await words("benchmark");

export function gains(place) {
  const drawing = el("div", { class: "chart" });
  const part = el("div", {}, el("h2", {}, say.gains), el("p", { class: "lead" }, say.gainsText), drawing);
  place.append(part);
  const show = (state) => {
    const found = state.tables ? computed(state).filter(({ child }) => inFamily(state, child)).sort((a, b) => a.mean - b.mean) : [];
    part.hidden = !found.length;
    if (found.length) draw(drawing, found, state);
  };
  onFrame(["tables", "data", "budget", "family", "narrow"], show);
  bus.on(["theme"], () => get().tables && show(get()));
}

const brief = (name) => ([...name].length > 18 ? `${[...name].slice(0, 17).join("")}…` : name);
const sign = (value) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${number(Math.abs(value), 1)}`;

function draw(place, found, { data, narrow }) {
  const names = found.map(({ child, parent }) => say.pair(child.name, parent.name));
  const ticks = narrow ? found.map(({ child }) => brief(child.short)) : names;
  const common = { type: "scatter", mode: "markers", y: names.map((_, i) => i) };
  const spread = found.some(({ count }) => count > 1);
  const here = { ...common, name: say.here, x: found.map(({ mean }) => mean), meta: found.map(({ child }) => child.id),
    marker: { size: 11, color: found.map(({ child }) => colour(child.section)) }, customdata: found.map(({ mean, low, high, count }, i) => [names[i], sign(mean), count > 1 ? say.seeds(count, sign(low), sign(high)) : say.oneSeed]),
    error_x: spread ? { type: "data", symmetric: false, array: found.map(({ mean, high }) => high - mean), arrayminus: found.map(({ mean, low }) => mean - low), thickness: 1.4, width: 4, color: ink().soft } : undefined,
    hovertemplate: `<b>%{customdata[0]}</b><br>${say.here}: %{customdata[1]} AP<br>%{customdata[2]}<extra></extra>` };
  const theirs = { ...common, name: say.papers, x: found.map(({ claimed }) => claimed), marker: { size: 10, symbol: "diamond-open", color: ink().ink, line: { width: 1.6 } },
    customdata: found.map(({ claimed, child, parent }, i) => [names[i], claimed === null ? "" : sign(claimed), say.claim(number(child.ap ?? 0, 1), child.epochs, number(parent.ap ?? 0, 1), parent.epochs)]),
    hovertemplate: `<b>%{customdata[0]}</b><br>${say.papers}: %{customdata[1]} AP<br>%{customdata[2]}<extra></extra>` };
  const layout = { height: 84 + 30 * found.length, margin: { l: 12, r: 16, t: 34, b: 44 }, hovermode: "closest",
    xaxis: { title: { text: say.gainAxis }, zeroline: true, zerolinewidth: 1.5, zerolinecolor: ink().soft }, yaxis: { tickvals: names.map((_, i) => i), ticktext: ticks, range: [-0.7, found.length - 0.3], gridcolor: ink().faint } };
  const child = ({ points }) => found[points[0].pointIndex]?.child.id ?? null;
  chart(place, [theirs, here], layout, { label: say.gains, click: (what) => openWeights(child(what), data), hover: (what) => set({ marked: child(what) }), leave: () => set({ marked: null }) });
}
