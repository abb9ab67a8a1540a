/* The charts of a job. New lines only update them: zoom, legend choices and elements stay until another job is chosen. */
import { on as listen } from "../bus.js";
import { chart } from "../chart.js";
import { el } from "../dom.js";
import { exportButton, exportPng } from "../export.js";
import { words } from "../words.js";
import { get, onFrame, records, set } from "./state.js";
import * as traces from "./traces.js";

const say = await words("jobs");
const X = { title: { text: say.seen }, rangemode: "tozero" };
let view = "parts";

const CHARTS = [
  { key: "loss", draw: (runs) => traces.losses(runs, view, say), layout: () => ({ yaxis: { rangemode: "tozero" }, uirevision: `${get().chosen} ${view}` }) },
  { key: "quality", draw: (runs) => traces.quality(runs, say), layout: () => ({ yaxis: { range: [0, top()], tickformat: ".2f" } }), click: pick },
  { key: "matching", draw: traces.matching, layout: () => ({ yaxis: { range: [0, 1.02], tickformat: ".0%" } }), click: pick },
  { key: "classes", draw: (runs) => (runs[0] ? traces.classes(runs[0].record, get().at, say) : []), layout: () => ({ xaxis: { range: [0, 1], title: { text: "AP" } }, yaxis: { automargin: true }, barmode: "overlay" }), tall: true },
  { key: "rate", draw: traces.rate, layout: () => ({ yaxis: { rangemode: "tozero", exponentformat: "e", showexponent: "all" } }) },
  { key: "norm", draw: traces.norm, layout: () => ({ yaxis: { type: "log", nticks: 5, tickformat: "~g" } }) },
  { key: "pace", draw: traces.pace, layout: () => ({ yaxis: { rangemode: "tozero" } }) },
  { key: "memory", draw: traces.memory, layout: () => ({ yaxis: { rangemode: "tozero", ticksuffix: say.gigabytes } }) },
];

/** The quality axis ends at 1, or above the best number while everything is small. */
function top() {
  const values = [get().chosen, ...get().overlay].flatMap((id) => records.get(id)?.evaluations ?? []).flatMap(({ AP, AP50, AP75 }) => [AP, AP50, AP75]);
  return Math.min(1, Math.max(0.1, ...values.map((value) => (value ?? 0) * 1.25)));
}

function pick({ points: [{ customdata }] }) {
  if (customdata !== undefined) set({ at: customdata });
}

export function curves() {
  const cards = CHARTS.map(card);
  const note = el("p", { class: "empty" }, say.noCurves);
  const node = el("section", { class: "curves", "aria-label": say.curves }, el("header", { class: "panel-head" }, el("h2", {}, say.curves), el("p", { class: "note" }, say.curvesNote)), note,
    el("div", { class: "chart-grid" }, cards.map((each) => each.node)));
  const redraw = onFrame(["grown", "chosen", "overlay", "at", "jobs"], () => {
    const runs = shown();
    note.hidden = Boolean(runs.length);
    for (const each of cards) each.show(runs);
  });
  listen(["theme"], redraw);
  return node;
}

/** The chosen run and the overlaid ones, as far as they have said something. */
function shown() {
  const name = (id) => get().jobs?.find((job) => job.id === id)?.name ?? id;
  return [get().chosen, ...get().overlay].filter((id) => records.get(id)?.version).map((id) => ({ record: records.get(id), name: name(id) }));
}

function card(definition) {
  const { key, draw, layout, click, tall } = definition;
  const place = el("div", { class: "chart" });
  const controls = key === "loss" ? lossViews(() => node.update()) : null;
  const node = el("figure", { class: "chart-card", "data-chart": key }, el("figcaption", {}, el("h3", {}, say.charts[key]), el("p", { class: "note" }, say.chartNotes[key]),
    exportButton(say.savePicture, () => exportPng(place, get().job?.name ?? "job", key))), controls?.node ?? null, place);
  let [drawn, runs] = ["", []];
  const update = () => {
    const lines = draw(runs);
    node.hidden = !lines.length || lines.every(({ x }) => !x.length);
    if (node.hidden) return;
    const own = layout();
    const several = new Set(lines.filter((each) => each.showlegend !== false).map(({ name }) => name)).size > 1;
    const height = tall ? Math.max(220, 70 + 20 * lines[0].y.length) : undefined;
    chart(place, lines, { uirevision: get().chosen, xaxis: X, showlegend: several, hovermode: "closest", margin: { l: 50, r: 10, t: 8, b: 38 }, ...(height ? { height } : {}), ...own }, { label: say.charts[key], click });
  };
  node.update = update;
  const show = (wanted) => {
    const version = wanted.map(({ record, name }) => `${record.id} ${record.version} ${name}`).join() + (key === "classes" ? get().at : "") + get().chosen + document.documentElement.dataset.theme;
    if (version === drawn) return;
    [drawn, runs] = [version, wanted];
    controls?.show(wanted[0]?.record);
    update();
  };
  return { node, show };
}

/** Which losses: in total, the parts of the last layer, one part layer by layer, or the queries that only training sees. */
function lossViews(redraw) {
  const node = el("div", { class: "segments small", role: "radiogroup", "aria-label": say.lossViews });
  let offered = "";
  const paint = () => node.querySelectorAll("button").forEach((button) => button.setAttribute("aria-checked", String(button.dataset.view === view)));
  const show = (record) => {
    const groups = [...new Set((record?.parts ?? []).map(({ group }) => group))].filter((group) => group !== "queries");
    const views = [["parts", say.parts], ["total", say.total], ...["class", "l1", "giou"].map((term) => [`layers.${term}`, say.byLayer(say.terms[term])]), ...groups.map((group) => [group, say.lossGroups[group] ?? group])];
    if (views.join() !== offered) {
      offered = views.join();
      if (!views.some(([name]) => name === view)) view = "parts";
      node.replaceChildren(...views.map(([name, text]) => el("button", { type: "button", role: "radio", class: "segment", "data-view": name, onclick: () => { view = name; paint(); redraw(); } }, text)));
    }
    paint();
  };
  return { node, show };
}
