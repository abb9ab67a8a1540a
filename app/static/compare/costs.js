/* What each detector costs: parameters, computation, time here; and what its weights reach. */
import * as bus from "../bus.js";
import { badge } from "../badge.js";
import { button, el, write } from "../dom.js";
import { title } from "../text.js";
import { number, told, words } from "../words.js";
import { called, get, LETTERS, on } from "./state.js";

const say = await words("compare");
const known = new Map();                              // what was measured, by picture size and detector
let server = null;
let asked = 0;

export function mount(place, functions) {
  server = functions;
  const table = el("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": say.costs });
  const status = el("span", { class: "note", role: "status" });
  const again = button(say.again, () => measure(table, status, true), { class: "quiet" });
  place.append(el("header", { class: "panel-head" }, el("h2", {}, say.costs, badge("flops")), el("span", { class: "costs-tools" }, status, again)), table, el("p", { class: "note" }, say.costsNote));
  const draw = () => fill(table);
  on(["models", "runs"], draw);
  const near = new IntersectionObserver((entries) => entries.some(({ isIntersecting }) => isIntersecting) && measure(table, status));
  near.observe(place);
  on(["runs"], () => { near.unobserve(place); near.observe(place); });          // told again whether it can be seen
}

const name = ({ model, weights }) => `${bus.get().image?.naturalWidth}x${bus.get().image?.naturalHeight}|${model}|${weights}`;

/** One detector after the other; those known for this size of picture are not asked for. */
async function measure(table, status, again = false) {
  const { models, runs } = get();
  if (!runs.length || !runs.every(Boolean)) return;
  const turn = ++asked;
  for (const one of models) {
    if (turn !== asked) return;
    if (known.has(name(one)) && !again) continue;
    write(status, say.measuring(title(one.model)));
    const answer = await server.measure_detector({ picture: bus.get().picture, ...one, again }).catch(() => null);
    if (answer && !answer.error) known.set(name(one), answer);
    fill(table);
    if (!answer || answer.error) { write(status, answer?.error ? told(answer.error) : say.notMeasured); return; }
  }
  if (turn === asked) write(status, "");
}

const ROWS = [
  ["parameters", (cost) => cost && `${number(cost.parameters / 1e6, 2)} M`, -1, (cost) => cost?.parameters],
  ["computation", (cost) => cost && `${number(cost.flops / 2e9, 2)} G`, -1, (cost) => cost?.flops],
  ["prepare", (cost) => cost && say.ms(cost.milliseconds.prepare), -1, (cost) => cost?.milliseconds.prepare],
  ["network", (cost) => cost && say.ms(cost.milliseconds.network), -1, (cost) => cost?.milliseconds.network],
  ["read", (cost) => cost && say.ms(cost.milliseconds.read), -1, (cost) => cost?.milliseconds.read],
  ["input", (cost, run) => say.pixels(cost?.input ?? run.facts.input)],
  ["precision", (cost) => cost?.precision],
  ["device", (cost, run) => cost?.device ?? run.facts.device],
  ["queries", (_, run) => String(run.queries)],
  ["layers", (_, run) => String(run.layers)],
  ["ap", (_, run) => score(run.facts.card.AP), 1, (_, run) => run.facts.card.AP],
  ["ap50", (_, run) => score(run.facts.card.AP50), 1, (_, run) => run.facts.card.AP50],
  ["trained", (_, run) => trained(run.facts)],
];

const score = (value) => (value === undefined ? null : number(Number(value), 3));
const trained = ({ card, weights }) => [card.data ?? weights, card.images ? say.images(number(card.images)) : null].filter(Boolean).join(", ");

/** Qualities measured on different data are not a contest. */
const fair = (key, runs) => !key.startsWith("ap") || new Set(runs.filter(Boolean).map(({ facts }) => facts.card.data)).size < 2;

function fill(place) {
  const { models, runs } = get();
  const head = el("tr", {}, el("th", {}), ...models.map((one, at) => el("th", { scope: "col" }, el("span", { class: "letter", "data-model": LETTERS[at] }, LETTERS[at]), " ", title(one.model), el("small", {}, called(one.model, one.weights)))));
  const rows = ROWS.map(([key, show, better, value]) => {
    const costs = models.map((one) => known.get(name(one)));
    const values = models.map((_, at) => (value && runs[at] ? Number(value(costs[at], runs[at])) : NaN));
    const shown = models.map((_, at) => (runs[at] && show(costs[at], runs[at])) || "…");
    const best = better && new Set(shown).size > 1 && fair(key, runs) ? Math[better > 0 ? "max" : "min"](...values.filter((v) => !Number.isNaN(v))) : null;
    return el("tr", {}, el("th", { scope: "row", title: say.meaning[key] ?? "" }, say.rows[key], key === "ap" ? [" ", badge("ap")] : null),
      ...models.map((_, at) => el("td", { class: values[at] === best ? "best" : "" }, shown[at])));
  });
  place.replaceChildren(el("table", { class: "costs" }, el("thead", {}, head), el("tbody", {}, rows)));
}
