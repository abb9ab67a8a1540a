/* Two charts: the measure against pictures seen and against seconds. A click on a line opens that detector's weights. */
import * as bus from "../bus.js";
import { chart, ink } from "../chart.js";
import { el, write } from "../dom.js";
import { number, words } from "../words.js";
import { openWeights } from "./open.js";
import { get, inFamily, learners, MEASURES, onFrame, set } from "./state.js";

const say = await words("benchmark");
const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "5px 2px", "2px 3px"];

export const colour = (section) => getComputedStyle(document.documentElement).getPropertyValue(`--s-${section}`).trim() || ink().soft;

export function curves(place) {
  const figures = ["images", "seconds"].map((axis) => {
    const head = el("h3", {});
    const drawing = el("div", { class: "chart benchmark-curve" });
    return { axis, head, drawing, figure: el("figure", {}, head, drawing) };
  });
  const empty = el("p", { class: "empty" });
  place.append(empty, el("div", { class: "benchmark-curves" }, figures.map(({ figure }) => figure)));
  const show = (state) => {
    const shown = state.tables ? learners(state).filter((learner) => inFamily(state, learner)) : [];
    write(empty, !state.tables ? say.reading : shown.length ? "" : say.noRuns);
    empty.hidden = shown.length > 0;
    const told = figures.map(({ axis }) => shown.filter(({ points }) => points.some((point) => Number.isFinite(point[axis]))));
    figures.forEach(({ figure }, i) => { figure.hidden = !told[i].length; });      // first, because a chart is as wide as its place
    figures.forEach(({ axis, head, drawing }, i) => told[i].length && draw(drawing, head, axis, told[i], state));
  };
  onFrame(["tables", "data", "budget", "measure", "family", "marked", "narrow"], show);
  bus.on(["theme"], () => get().tables && show(get()));
}

function draw(place, head, axis, shown, state) {
  write(head, say.against[axis](say.measures[state.measure]));
  const beside = !state.narrow;
  const order = new Map();
  const lines = shown.map((learner) => {
    const turn = order.get(learner.section) ?? 0;
    order.set(learner.section, turn + 1);
    return line(learner, axis, state, DASHES[turn % DASHES.length]);
  });
  const layout = {
    height: 380, margin: { l: 44, r: beside ? 150 : 12, t: 8, b: 44 }, showlegend: false, hovermode: "closest", uirevision: `${state.data}${state.budget}${state.measure}`,
    xaxis: { title: { text: say.axes[axis] }, rangemode: "tozero", zeroline: false }, yaxis: { title: { text: MEASURES[state.measure].share ? say.points(say.measures[state.measure]) : say.measures[state.measure] }, rangemode: "tozero", zeroline: false },
    annotations: beside ? labels(shown, axis, state, 380 - 52) : [],
  };
  const of = ({ points }) => points[0]?.data?.meta ?? null;
  chart(place, lines.flat(), layout, { label: say.curveLabel(say.measures[state.measure], say.axes[axis]), click: (what) => openWeights(of(what), state.data), hover: (what) => set({ marked: of(what) }), leave: () => set({ marked: null }) });
}

function line(learner, axis, { measure, marked }, dash) {
  const points = learner.points.filter((point) => point.mean !== null && Number.isFinite(point[axis]));
  const paint = colour(learner.section);
  const faded = marked && marked !== learner.id;
  const many = points.some(({ count }) => count > 1);
  return {
    type: "scatter", mode: "lines+markers", name: learner.name, meta: learner.id, x: points.map((point) => point[axis]), y: points.map((point) => point.mean), opacity: faded ? 0.18 : 1,
    line: { color: paint, width: marked === learner.id ? 3.4 : 1.9, dash }, marker: { size: marked === learner.id ? 8 : 5, color: paint },
    error_y: many ? { type: "data", symmetric: false, array: points.map(({ mean, high }) => high - mean), arrayminus: points.map(({ mean, low }) => mean - low), thickness: 1, width: 3, color: paint } : undefined,
    customdata: points.map((point) => [learner.name, say.measures[measure], number(point.mean, MEASURES[measure].share ? 1 : 2), say.after(number(point.images), Number.isFinite(point.seconds) ? number(point.seconds) : null), many ? say.seeds(point.count, number(point.low, 1), number(point.high, 1)) : said(learner.runs[0])]),
    hovertemplate: "<b>%{customdata[0]}</b><br>%{customdata[1]} %{customdata[2]}<br>%{customdata[3]}<br>%{customdata[4]}<extra></extra>",
  };
}

const said = ({ budget, start }) => (budget !== "bundled" ? say.oneSeed : start ? say.began(start) : say.fresh);

const brief = (name) => ([...name].length > 23 ? `${[...name].slice(0, 22).join("")}…` : name);

/** Names at the ends of the lines, pushed apart where they would lie on each other. */
function labels(shown, axis, { marked }, height) {
  const ends = shown.map((learner) => ({ learner, end: learner.points.findLast((point) => point.mean !== null && Number.isFinite(point[axis])) })).filter(({ end }) => end);
  const top = Math.max(...shown.flatMap(({ points }) => points.map(({ mean, high }) => high ?? mean ?? 0)), 1e-9) * 1.05;
  const gap = (15 / height) * top;
  ends.sort((a, b) => a.end.mean - b.end.mean);
  let floor = -Infinity;
  const places = ends.map(({ end }) => { floor = Math.max(end.mean, floor + gap); return floor; });
  const over = Math.max(0, places.at(-1) - top);
  for (let i = places.length - 1, roof = top; i >= 0 && over; i--) { places[i] = Math.min(places[i], roof); roof = places[i] - gap; }
  return ends.map(({ learner }, i) => ({
    x: 1, xref: "paper", xanchor: "left", xshift: 8, y: places[i], yanchor: "middle", showarrow: false, text: brief(learner.short), opacity: marked && marked !== learner.id ? 0.3 : 1,
    font: { size: 11.5, color: colour(learner.section), weight: marked === learner.id ? 700 : 500 },
  }));
}
