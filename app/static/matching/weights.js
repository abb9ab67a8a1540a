/* The weights of the cost as sliders, and the pair looked at, term by term beside the match. */
import { badge } from "../badge.js";
import { get, layer, on as onBus } from "../bus.js";
import { el, write } from "../dom.js";
import { number } from "../words.js";
import { ambiguous, lab, objectColour, on, pin, set, shownPair, solution } from "./lab.js";
import { say } from "./text.js";

export function mount(place) {
  const sliders = el("div", { class: "weight-sliders" });
  const reset = el("button", { type: "button", class: "quiet", onclick: () => set({ weights: lab().official }) }, say.official);
  const pair = el("div", { class: "pair" });
  const formula = el("p", { class: "formula" });
  const find = el("button", { type: "button", class: "quiet", onclick: () => pin(ambiguous()) }, say.findAmbiguous);
  place.append(
    el("header", { class: "panel-head" }, el("h2", {}, say.weights, badge("cost")), reset), sliders, formula,
    el("header", { class: "panel-head pair-head" }, el("h2", {}, say.pair), find), pair,
  );
  on(["official"], ({ official }) => sliders.replaceChildren(...Object.keys(official).map(slider)));
  on(["weights", "official"], ({ weights, official }) => {
    reset.disabled = Object.keys(official).every((term) => weights[term] === official[term]);
    const terms = get().run?.facts.matching?.cost;
    write(formula, terms ? say.formula(terms.class, terms.l1) : "");
  });
  const show = () => { find.hidden = !solution()?.pairs.length; compare(pair); };
  on(null, show);
  onBus(["run", "layer"], show);
}

/** A forbidding cost (such as SAP-DETR's for points outside) is on or off; the others slide to three times their own weight. */
function slider(term) {
  const { official } = lab();
  const change = (value) => set({ weights: { ...lab().weights, [term]: value } });
  if (official[term] > 100) {
    const box = el("input", { type: "checkbox", onchange: () => change(box.checked ? official[term] : 0) });
    on(["weights"], ({ weights }) => { box.checked = weights[term] > 0; });
    return el("label", { class: "slider check" }, el("span", {}, say.terms[term] ?? term), box, el("output", {}, say.forbids));
  }
  const most = Math.max(official[term] * 3, 3);
  const input = el("input", { type: "range", min: 0, max: most, step: 0.1, id: `atlas-matching-${term}`, oninput: () => change(Number(input.value)) });
  const value = el("output", { for: input.id });
  const mark = el("i", { class: "official-mark", style: { left: `${(official[term] / most) * 100}%` }, title: say.officialIs(official[term]) });
  on(["weights"], ({ weights }) => {
    if (weights[term] === undefined) return;
    input.value = weights[term];
    write(value, number(weights[term], 1));
    input.style.setProperty("--share", `${(weights[term] / most) * 100}%`);
  });
  return el("label", { class: "slider" }, el("span", {}, say.terms[term] ?? term), el("span", { class: "rail" }, mark, input), value);
}

/** Terms down, this pair and the object's own match across. */
function compare(place) {
  const [pair, now] = [shownPair(), solution()];
  const { objects } = lab();
  const object = pair && objects[pair.object];
  if (!now || !object) return place.replaceChildren(el("p", { class: "empty" }, say.noPair));
  const own = now.query[pair.object];
  const other = pair.query === null || pair.query === own ? runnerUp(now, pair.object, own) : pair.query;
  const columns = [own, other].filter((query) => query >= 0);
  place.replaceChildren(title(pair.object, object), table(now, pair.object, columns, own), verdict(now, pair.object, own, other));
}

/** The next best query of an object. */
function runnerUp({ cost }, object, own) {
  const { queries } = get().run;
  let best = -1;
  for (let query = 0; query < queries; query++) {
    if (query !== own && (best < 0 || cost[object * queries + query] < cost[object * queries + best])) best = query;
  }
  return best;
}

function title(place, object) {
  const { width, height } = get().run.facts.picture;
  return el("div", { class: "pair-title" }, el("i", { class: "swatch large", style: { background: objectColour(place) } }), el("div", {}, el("p", { class: "pair-name" }, object.name),
    el("p", { class: "note" }, say.size(place + 1, Math.round(object.box[2] * width), Math.round(object.box[3] * height)))));
}

function table(now, object, columns, own) {
  const { run } = get();
  const { weights } = lab();
  const at = (values, query) => values[object * run.queries + query];
  const names = Object.keys(weights);
  const shares = names.map((term) => columns.map((query) => weights[term] * at(now.parts[term], query)));
  const largest = Math.max(0.01, ...shares.flat().map(Math.abs).filter((value) => value < 100));
  const taker = new Map(now.pairs.map(({ object: which, query }) => [query, which]));
  const head = columns.map((query) => el("th", { scope: "col" }, say.query(query), el("small", {}, query === own ? say.matched : taker.has(query) ? say.takenBy(taker.get(query) + 1) : say.free)));
  const rows = names.map((term, i) => el("tr", {}, el("th", { scope: "row" }, say.terms[term] ?? term, el("small", {}, raw(term, object, columns.map((query) => at(now.parts[term], query)), columns))),
    columns.map((_, k) => el("td", {}, bar(shares[i][k], largest), el("b", {}, number(shares[i][k], 2))))));
  const sums = columns.map((query) => el("td", {}, el("b", {}, number(at(now.cost, query), 2))));
  return el("table", { class: "pair-table" }, el("thead", {}, el("tr", {}, el("td", {}), head)), el("tbody", {}, rows, el("tr", { class: "sum" }, el("th", { scope: "row" }, say.sum), sums)));
}

/** The number that a term comes from, for every column: probability, distance, overlap. */
function raw(term, object, values, columns) {
  const { run } = get();
  const { label } = lab().objects[object];
  const { says } = lab();
  if (term === "class") return label < 0 ? say.noSuchClass : say.probabilities(columns.map((query) => number(says.says.data[(layer() * run.queries + query) * says.says.shape[2] + label], 2)));
  if (term === "giou") return say.overlaps(values.map((value) => number(-value, 2)));
  if (term === "l1") return say.distances(values.map((value) => number(value, 2)));
  return "";
}

function bar(value, largest) {
  const share = Math.min(1, Math.abs(value) / largest) * 50;
  return el("span", { class: `term-bar ${value < 0 ? "good" : "bad"}` }, el("i", { style: { left: `${value < 0 ? 50 - share : 50}%`, width: `${share}%` } }));
}

function verdict(now, object, own, other) {
  if (own < 0) return el("p", { class: "pair-verdict" }, say.unmatched);
  if (other < 0) return el("p", { class: "pair-verdict" }, say.query(own));
  const { queries } = get().run;
  const gap = now.cost[object * queries + other] - now.cost[object * queries + own];
  const taken = now.pairs.find(({ query }) => query === other);
  return el("p", { class: "pair-verdict" }, gap >= 0 ? say.dearer(other, own, number(gap, 2)) : say.cheaper(other, own, number(-gap, 2), taken ? taken.object + 1 : null));
}
