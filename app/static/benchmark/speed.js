/* How fast the detectors run on the machine that was measured: steps of a picture's way, memory, and the ratio to transformers. */
import { el } from "../dom.js";
import { number, words } from "../words.js";
import { get, on } from "./state.js";

const say = await words("benchmark");
const none = "–";
const ms = (found) => (Number.isFinite(found) ? number(found, found < 10 ? 1 : 0) : none);
const times = (found) => (Number.isFinite(found) ? `${number(found, 2)}×` : none);
const name = (id) => get().tables.systems[id]?.name ?? id;
const cells = (row) => row.map((cell, i) => el(i ? "td" : "th", i ? {} : { scope: "row" }, cell));
const grid = (head, rows) => el("div", { class: "table-scroll", tabindex: 0, role: "region" }, el("table", { class: "benchmark-table" },
  el("thead", {}, el("tr", {}, head.map((each) => el("th", { scope: "col" }, each)))), el("tbody", {}, rows.map((row) => el("tr", {}, cells(row))))));

export function speed(place) {
  const part = el("div", {});
  place.append(part);
  on(["tables"], ({ tables }) => {
    part.hidden = !tables?.speed && !tables?.counts;
    part.replaceChildren(...(tables?.speed ? running(tables.speed) : []), ...(tables?.counts ? sizes(tables.counts) : []));
  });
}

function running({ results = [], training = [], matcher = [], machine = {}, threads, clock, made }) {
  const row = (one) => [name(one.detector), one.size.join(" × "), one.precision, ms(one.milliseconds.ours.preprocess), ms(one.milliseconds.ours.network), ms(one.milliseconds.ours.postprocess),
    ms(one.extra_mib?.ours), times(one.ratio?.network), one.extra_mib?.transformers ? times(one.extra_mib.ours / one.extra_mib.transformers) : none];
  const parts = [el("h2", {}, say.speed), el("p", { class: "lead" }, say.speedText([machine.processor, say.cores(machine.cores), say.threads(threads), `PyTorch ${machine.torch ?? ""}`, made].filter(Boolean).join(", "))),
    el("p", { class: "note" }, conditions([...results, ...training, ...matcher], clock)), grid(say.speedHead, results.map(row))];
  if (training.length) parts.push(el("h3", {}, say.training), grid(say.trainingHead, training.map((one) => [name(one.detector), one.size.join(" × "), String(one.batch), ms(one.milliseconds.ours), ms(one.milliseconds.transformers), times(one.ratio)])));
  if (matcher.length) parts.push(el("h3", {}, say.matcher), el("p", { class: "note" }, say.matcherText), grid(say.matcherHead, matcher.map((one) => [`${one.queries} × ${one.objects}`, String(one.batch), ms(one.milliseconds.ours), ms(one.milliseconds.official), times(one.ratio)])));
  return parts;
}

/** What a reader must know of a timing: how often it was taken, by which clock, and how busy the machine was. */
function conditions(rows, clock) {
  const range = (found) => [...new Set(found.length ? [Math.min(...found), Math.max(...found)] : [])];
  const rounds = range(rows.map((row) => row.rounds).filter(Number.isFinite)), load = range(rows.map((row) => row.load?.[0]).filter(Number.isFinite));
  return [say.speedRounds(rounds.map((each) => number(each)).join("–")), clock === "processor" ? say.processorTime : "", load.length ? say.speedLoad(load.map((each) => number(each, 1)).join("–")) : ""].filter(Boolean).join(" ");
}

function sizes({ rows = [], size = [] }) {
  const row = (one) => [name(one.variant), number(one.parameters / 1e6, 2), one.printed?.parameters ? number(one.printed.parameters, one.printed.parameters % 1 ? 1 : 0) : none, number(one.gmacs, 1), one.printed?.gflops ? number(one.printed.gflops, one.printed.gflops % 1 ? 1 : 0) : none, one.note ?? ""];
  return [el("h2", {}, say.sizes), el("p", { class: "lead" }, say.sizesText(size.join(" × "))), grid(say.sizesHead, rows.map(row))];
}
