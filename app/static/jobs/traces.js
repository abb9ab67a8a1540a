/* Records -> lines of the charts. Several runs are told apart by colour, parts of one run by colour too and, once runs are overlaid, by dash. */
import { series } from "../chart.js";
import { layerColour } from "../paint.js";
import { smooth } from "./record.js";

const DASHES = ["solid", "dash", "dot", "dashdot", "longdash"];
const colour = (place) => series()[place % series().length];
export { colour as runColour };

/** How a line looks: alone, parts have colours; overlaid, runs do. */
const line = (runs, run, part, width = 1.8) => (runs > 1 ? { color: colour(run), dash: DASHES[part % DASHES.length], width } : { color: colour(part), width });
const label = (runs, name, part) => (runs > 1 ? (part ? `${name}, ${part}` : name) : part);
const trace = (x, y, name, look, more = {}) => ({ type: "scatter", mode: "lines", x, y, name, line: look, connectgaps: false, ...more });

/** `runs`: [{record, name}], the chosen one first. `view`: "total", "parts", "layers.<term>" or a group of queries. */
export function losses(runs, view, say) {
  if (view === "total") return runs.flatMap(({ record, name }, at) => total(record, label(runs.length, name, say.loss), colour(at)));
  const [kind, term] = view.split(/\.(.*)/);
  return runs.flatMap(({ record, name }, at) => chosen(record, kind, term).map((part, place) => {
    const shown = kind === "layers" ? say.layer(part.layer) : say.terms[part.term] ?? part.term;
    const look = kind === "layers" && runs.length === 1 ? { color: stack(Number(part.layer), record.layers.length), width: 1.8 } : line(runs.length, at, place);
    return trace(record.train.images, smooth(record.train.terms[part.name], share(record)), label(runs.length, name, shown), look, { legendgroup: part.name });
  }));
}

/** The layers' own colours, darker on paper. */
const stack = (layer, layers) => layerColour(layer, layers).replace(/\d+/g, (part) => (document.documentElement.dataset.theme === "dark" ? part : Math.round(part * 0.72)));

function chosen(record, kind, term) {
  const last = record.layers.at(-1);
  if (kind === "layers") return record.parts.filter((part) => part.term === term && part.group === "queries" && record.layers.includes(part.layer));
  if (kind === "parts") return record.parts.filter(({ layer, group }) => group === "queries" && layer === last);
  return record.parts.filter(({ layer, group }) => group === kind && (layer === last || !record.layers.includes(layer)));
}

const share = (record) => Math.min(0.97, record.train.step.length / (record.train.step.length + 12));

function total(record, name, ink) {
  const { images, loss } = record.train;
  return [trace(images, loss, name, { color: ink, width: 1 }, { opacity: 0.28, hoverinfo: "skip", showlegend: false }),
    trace(images, smooth(loss, share(record)), name, { color: ink, width: 2 })];
}

const NUMBERS = ["AP", "AP50", "AP75", "APs", "APm", "APl"];

/** COCO's numbers at every evaluation; the best AP of the chosen run is marked. */
export function quality(runs, say) {
  const traces = runs.flatMap(({ record, name }, at) => NUMBERS.filter((key) => record.evaluations.some((each) => each[key] !== null && each[key] !== undefined)).map((key, place) =>
    trace(record.evaluations.map(({ images }) => images), record.evaluations.map((each) => each[key] ?? null), label(runs.length, name, key), line(runs.length, at, NUMBERS.indexOf(key)),
      { mode: "lines+markers", marker: { size: 5 }, visible: NUMBERS.indexOf(key) < (runs.length > 1 ? 2 : 3) ? true : "legendonly", customdata: record.evaluations.map(({ step }) => step), legendrank: 10 * place + at })));
  const best = runs[0]?.record.best;
  if (best?.AP) traces.push({ type: "scatter", mode: "markers", x: [best.images], y: [best.AP], name: say.best, marker: { symbol: "star", size: 13, color: colour(runs.length > 1 ? 0 : 0), line: { width: 1, color: "#fff8" } }, customdata: [best.step], legendrank: 999 });
  return traces;
}

export const rate = (runs) => runs.map(({ record, name }, at) => trace(record.train.images, record.train.rate, name, { color: colour(at), width: 1.8, shape: "linear" }));

export const norm = (runs) => runs.flatMap(({ record, name }, at) => [
  trace(record.train.images, record.train.norm, name, { color: colour(at), width: 1 }, { opacity: 0.3, hoverinfo: "skip", showlegend: false }),
  trace(record.train.images, smooth(record.train.norm, share(record)), name, { color: colour(at), width: 1.8 })]);

export const pace = (runs) => runs.map(({ record, name }, at) => trace(record.pace.map(({ images }) => images), record.pace.map(({ value }) => value), name,
  { color: colour(at), width: 1.8 }, { mode: "lines+markers", marker: { size: 5 } }));

export const memory = (runs) => runs.map(({ record, name }, at) => trace(record.evaluations.map(({ images }) => images), record.evaluations.map((each) => (each.memory ? each.memory / 1e9 : null)), name,
  { color: colour(at), width: 1.8 }, { mode: "lines+markers", marker: { size: 5 } }));

/** How much of the assignment changed since the evaluation before. */
export const matching = (runs) => runs.map(({ record, name }, at) => trace(record.matching.map(({ step }) => step * record.batch), record.matching.map(({ instability }) => instability), name,
  { color: colour(at), width: 1.8 }, { mode: "lines+markers", marker: { size: 6 }, customdata: record.matching.map(({ step }) => step) }));

/** AP of every class at one evaluation, best first; behind it the first evaluation. */
export function classes(record, step, say, most = 24) {
  const now = record.evaluations.find((each) => each.step === step) ?? record.evaluations.at(-1);
  if (!now?.classes) return [];
  if (Object.keys(now.classes).length < 2) return [];
  const names = Object.keys(now.classes).sort((a, b) => (now.classes[b] ?? -1) - (now.classes[a] ?? -1)).slice(0, most).reverse();
  const first = record.evaluations[0];
  const bars = (values, name, ink, width) => ({ type: "bar", orientation: "h", y: names, x: names.map((each) => values[each] ?? 0), name, marker: { color: ink }, width });
  const traces = [bars(now.classes, say.evaluationAt(now.step), colour(0), 0.62)];
  if (first !== now && first.classes) traces.push({ type: "scatter", mode: "markers", y: names, x: names.map((each) => first.classes[each] ?? 0), name: say.evaluationAt(first.step), marker: { symbol: "line-ns-open", size: 12, color: colour(1), line: { width: 2 } } });
  return traces;
}
