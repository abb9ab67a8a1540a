/* The formulas with this query's own numbers: how one place got its share, and how the layer moved the box. */
import { el } from "../dom.js";
import { number, percent, words } from "../words.js";
import { always, get, set } from "./state.js";

const say = await words("inside");
const POINTS = 5;

export function mount(place) {
  const body = el("div", { class: "formulas" });
  place.append(el("header", { class: "panel-head" }, el("h2", {}, say.formula)), body);
  let shown = "";
  always((now) => {
    if (!now?.kept) return;
    const key = [now.run.id, now.query, now.at, now.head, get().point].join(" ");
    if (key === shown) return;
    shown = key;
    body.replaceChildren(...[attention(now), update(now)].filter(Boolean));
  });
}

const three = (value) => number(value, 3);
const signed = (value, digits = 3) => `${value < 0 ? "−" : "+"} ${number(Math.abs(value), digits)}`;
const pair = (values, show = three) => `(${[...values].map(show).join(", ")})`;

/** One line: what is being found, the expression, the same with numbers. */
function line(name, symbols, numbers, strong = false) {
  return el("div", { class: `formula-line${strong ? " result" : ""}` }, el("span", { class: "formula-name" }, name), el("code", {}, symbols), el("code", { class: "with-numbers" }, numbers));
}

function card(title, lead, ...lines) {
  return el("section", { class: "formula-card" }, el("h3", {}, title), el("p", { class: "note" }, lead), lines);
}

function attention(now) {
  const view = now.run.view(now.at);
  return { points: sampling, map: softmax, factors: product }[view?.kind]?.(now, view) ?? null;
}

/** Deformable attention: reference and offset make the place, a softmax over all points makes the weight. */
function sampling({ run, query, kept, at, head }, view) {
  const all = kept.points(at, head).points;
  const list = [...all].reverse().slice(0, POINTS);
  const chosen = list[Math.min(get().point ?? 0, list.length - 1)];
  const anchor = run.anchor(at, query);
  const weight = head === null ? chosen.weight * view.heads : chosen.weight;
  const picks = el("div", { class: "formula-picks", role: "radiogroup", "aria-label": say.pickPoint }, list.map((point, i) => el("button", { type: "button", role: "radio", "aria-checked": String(point === chosen), onclick: () => set({ point: i }) },
    say.pointName(point.head, point.level, percent(head === null ? point.weight * view.heads : point.weight)))));
  const place = [chosen.x, chosen.y];
  const lines = [picks];
  if (anchor) {
    const [h, w] = run.facts.levels[chosen.level];
    const reach = run.facts.reach[chosen.level];
    const boxed = anchor.length === 4;
    const unit = boxed ? [anchor[2] / (2 * view.points), anchor[3] / (2 * view.points)] : [reach[0] / w, reach[1] / h];
    const offset = [0, 1].map((i) => (place[i] - anchor[i]) / unit[i]);
    lines.push(line(say.reference, boxed ? "r = (cx, cy, w, h)" : "r = (x, y)", pair(anchor)),
      line(say.offset, boxed ? "Δ, × (w, h) / 2P" : say.cells, `${pair(offset, (v) => number(v, 2))} × ${pair(unit)}`),
      line(say.location, "p = r + Δ · s", `${pair([anchor[0], anchor[1]])} + ${pair(offset.map((v, i) => v * unit[i]))} = ${pair(place)}`, true));
  } else lines.push(line(say.location, "p", pair(place)));
  lines.push(line(say.weight, `A = softmax ${say.over(view.levels * view.points)}`, `${three(weight)} ${say.sums}`, true));
  return card(say.samplingTitle, say.samplingLead, ...lines);
}

/** Dense attention: the score of the place read most, its summands, its softmax share. */
function softmax({ kept, at, head, run }, view) {
  const share = (each) => { const found = kept.peak(at, each); return found ? found.score - found.normaliser : -Infinity; };
  const m = head === null ? strongest(view.heads, share) : Math.min(head, view.heads - 1);
  const peak = kept.peak(at, m);
  if (!peak) return null;
  const [row, column] = placeOf(peak.token, view.shapes);
  const summands = Object.entries(peak.parts).filter(([name]) => sums(view.parts).includes(name));
  const lines = summands.map(([name, value]) => line(say.partScore[name] ?? name, `s(${name})`, number(value, 2)));
  lines.push(line(say.score, summands.length ? `s = ${summands.map(([name]) => `s(${name})`).join(" + ")}` : "s = q · k / √d", number(peak.score, 2), true));
  lines.push(line(say.share, "A = exp(s) / Σ exp(s)", `exp(${number(peak.score, 2)} − ${number(peak.normaliser, 2)}) = ${percent(Math.exp(peak.score - peak.normaliser), 1)}`, true));
  return card(say.softmaxTitle, say.softmaxLead(m, row, column), ...lines);
}

/** The names that add up to the score: point and corners are what "spatial" is made of, "unsized" is what it would be otherwise. */
const sums = (parts) => (parts ?? []).filter((name) => !["unsized", "point", "box"].includes(name));

function placeOf(token, shapes) {
  for (const [h, w] of shapes) {
    if (token < h * w) return [Math.floor(token / w) + 1, (token % w) + 1];
    token -= h * w;
  }
  return [0, 0];
}

/** Row-column attention: the share of a place is a product. */
function product({ kept, at, head }, view) {
  const m = head === null ? strongest(view.heads, (each) => Math.max(...kept.factors(at, each)[0].row) * Math.max(...kept.factors(at, each)[0].column)) : Math.min(head, view.heads - 1);
  const [{ row, column }] = kept.factors(at, m);
  const [x, y] = [row, column].map((values) => values.reduce((best, value, i) => (value > values[best] ? i : best), 0));
  return card(say.productTitle, say.productLead(m), line(say.alongX, `A_x[${x + 1}]`, three(row[x])), line(say.alongY, `A_y[${y + 1}]`, three(column[y])),
    line(say.share, "A = A_x · A_y", `${three(row[x])} × ${three(column[y])} = ${percent(row[x] * column[y], 1)}`, true));
}

const strongest = (heads, value) => [...Array(heads).keys()].reduce((best, head) => (value(head) > value(best) ? head : best), 0);

const logit = (value) => { const v = Math.max(1e-5, Math.min(1 - 1e-5, value)); return Math.log(v / (1 - v)); };

/** The box: offsets in logits from what the layer looked from; free where there is nothing to start from. */
function update({ run, query, kept, at }) {
  const [box, anchor] = [run.box(at, query), run.anchor(at, query)];
  const sides = kept.numbers("sides", at);
  if (sides.length) return card(say.boxTitle, say.sidesLead, line(say.pointWord, "(x, y)", pair(anchor)), line(say.sides, "(l, t, r, b)", pair(sides)), line(say.box, "(cx, cy, w, h)", pair(box), true));
  if (!anchor) return card(say.boxTitle, say.freeLead, line(say.box, "σ(MLP(q))", pair(box), true));
  const count = anchor.length;
  const delta = [...anchor].map((value, i) => logit(box[i]) - logit(value));
  const lines = ["cx", "cy", "w", "h"].map((name, i) => (i < count
    ? line(name, `σ(σ⁻¹(${number(anchor[i], 3)}) ${signed(delta[i], 2)})`, three(box[i])) : line(name, "σ(MLP(q))", three(box[i]))));
  return card(say.boxTitle, count === 4 ? say.boxLead : say.pointLead, ...lines);
}
