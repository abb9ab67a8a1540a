/* The table of all learners: any column sorts it; a row marks its line and opens its weights. */
import * as bus from "../bus.js";
import { button, el } from "../dom.js";
import { number, percent, words } from "../words.js";
import { openWeights, weightsOf } from "./open.js";
import { gains, get, inFamily, lastOf, learners, memory, onFrame, pace, set } from "./state.js";

const say = await words("benchmark");
const points = (measure) => ({ of: (learner) => lastOf(learner, measure).mean, told: (found) => number(found, 1) });

/** Columns: `of` gives the number that is sorted by, `told` writes it. */
export const COLUMNS = {
  name: { of: (learner) => learner.name, told: String, text: true },
  images: { of: ({ last }) => last[0].images, told: (found) => number(found) },
  AP: points("AP"), AP50: points("AP50"), AP75: points("AP75"), APs: points("APs"), APm: points("APm"), APl: points("APl"), loose1: points("loose1"),
  gain: { of: (learner, extra) => extra.gains.get(learner.id)?.mean, told: (found, learner, extra) => gain(extra.gains.get(learner.id)) },
  coco: { of: ({ ap }) => ap, told: (found, { epochs }) => [number(found, 1), epochs ? el("small", {}, say.epochs(epochs)) : null] },
  instability: { of: (learner) => lastOf(learner, "instability").mean, told: (found) => percent(found / 100) },
  pace: { of: pace, told: (found) => number(found, 1) },
  memory: { of: memory, told: (found) => number(found / 1e6) },
  parameters: { of: ({ about }) => about.counts?.trainable, told: (found) => number(found / 1e6, 2) },
  computation: { of: ({ about }) => about.counts?.gmacs, told: (found) => number(found, 2) },
};

const signed = (found) => `${found > 0 ? "+" : found < 0 ? "−" : "±"}${number(Math.abs(found), 1)}`;
export const gain = (found) => [signed(found.mean), found.count > 1 ? el("small", {}, `${signed(found.low)} … ${signed(found.high)}`) : null];

export function table(place) {
  const frame = el("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": say.table });
  place.append(frame);
  let shown = "";
  onFrame(["tables", "data", "budget", "family", "sort", "up"], (state) => { fill(frame, state); shown = ""; });
  onFrame(["marked"], ({ marked }) => {
    if (marked === shown) return;
    shown = marked;
    for (const row of frame.querySelectorAll("tbody tr")) row.classList.toggle("marked", row.dataset.variant === marked);
  });
  bus.on(["variants"], () => fill(frame, get()));
}

function fill(frame, state) {
  if (!state.tables) return frame.replaceChildren();
  const extra = { gains: new Map(gains(state).map((each) => [each.child.id, each])) };
  const rows = learners(state).filter((learner) => inFamily(state, learner)).sort(by(state, extra));
  if (!rows.length) return frame.replaceChildren();
  const focused = frame.contains(document.activeElement) ? document.activeElement.dataset.column : null;
  const best = Object.fromEntries(["AP", "AP50", "AP75", "APs", "APm", "APl", "loose1"].map((name) => [name, Math.max(...rows.map((row) => COLUMNS[name].of(row, extra) ?? -1))]));
  frame.replaceChildren(el("table", { class: "benchmark-table" }, el("thead", {}, el("tr", {}, Object.keys(COLUMNS).map((name) => head(name, state)))), el("tbody", {}, rows.map((row) => line(row, extra, best, state)))));
  if (focused) frame.querySelector(`[data-column="${focused}"]`)?.focus();
}

function by({ sort, up }, extra) {
  const { of, text } = COLUMNS[sort];
  const sign = up ? 1 : -1;
  return (a, b) => {
    const [first, second] = [of(a, extra), of(b, extra)];
    if (text) return sign * first.localeCompare(second);
    return (Number.isFinite(second) - Number.isFinite(first)) || sign * (first - second);      // what has no number comes last
  };
}

function head(name, { sort, up }) {
  const here = sort === name;
  const turn = () => set({ sort: name, up: here ? !up : COLUMNS[name].text ?? false });
  const face = button([say.columns[name], el("i", { class: "arrow", "aria-hidden": "true" }, here ? (up ? "↑" : "↓") : "")], turn, { class: "sorter", "data-column": name, title: say.meaning[name] });
  return el("th", { scope: "col", "aria-sort": here ? (up ? "ascending" : "descending") : "none" }, face);
}

function line(learner, extra, best, { data }) {
  const own = weightsOf(learner.id, data);
  const name = [el("i", { class: `benchmark-dot section-${learner.section}` }), own ? button(learner.name, () => openWeights(learner.id, data), { class: "link", title: say.opens(own) }) : learner.name];
  const cells = Object.entries(COLUMNS).filter(([key]) => key !== "name").map(([key, { of, told }]) => {
    const found = of(learner, extra);
    const known = Number.isFinite(found);
    return el("td", { class: known && found === best[key] ? "best" : null }, known ? told(found, learner, extra) : "–");
  });
  return el("tr", { "data-variant": learner.id, onpointerenter: () => set({ marked: learner.id }), onpointerleave: () => set({ marked: null }) }, el("th", { scope: "row" }, el("span", { class: "row-name" }, name)), cells);
}
