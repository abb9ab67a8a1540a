/* The card of a system: its idea, what it changes, what is claimed, what was measured, and the ways on. */
import { brief, code } from "../anatomy.js";
import * as bus from "../bus.js";
import { button, el, write } from "../dom.js";
import { turn } from "../nav.js";
import { open } from "../session.js";
import { language, number, told, words } from "../words.js";
import { choose, LETTERS } from "../compare/state.js";
import { set } from "./state.js";

const say = await words("family");
const local = (text) => text?.[language] ?? text?.en ?? "";
const link = (href, label) => el("a", { href, target: "_blank", rel: "noopener noreferrer" }, label);

export function card(place, { systems, sections, kinds, survey, selected }, server) {
  const system = systems.find(({ id }) => id === selected);
  if (!system) return place.replaceChildren(el("p", { class: "empty" }, say.choose));
  const find = (id) => systems.find((other) => other.id === id);
  const parent = find(system.parent);
  const section = sections.find(({ id }) => id === system.section);
  const kind = kinds.find(({ id }) => id === system.kind);
  place.scrollTop = 0;
  place.replaceChildren(
    el("p", { class: "card-kind" }, section ? el("i", { class: `section-dot section-${section.id}` }) : null,
      [section && local(section.name), kind && local(kind.name), system.training_only && say.trainingOnly].filter(Boolean).join(" · ")),
    el("h2", { class: "card-name" }, system.name),
    el("p", { class: "cite" }, el("cite", { lang: "en" }, system.title), `, ${[system.authors, system.venue].filter(Boolean).join(", ")}`),
    el("p", { class: "links" }, [system.paper && link(system.paper, say.paper), system.code && link(system.code, say.code)].filter(Boolean)),
    el("p", { class: "idea" }, local(system.idea)), ...relatives(system, parent, (system.borrows ?? []).map(find).filter(Boolean)), ...ways(system, parent),
    el("h3", {}, parent ? say.changes(parent.name) : say.root), ...difference(system, parent, server),
    ...claims(system, survey), ...facts(system), ...measured(system));
}

function relatives(system, parent, others) {
  const go = (other) => button(other.name, () => set({ selected: other.id }), { class: "link" });
  return parent ? [el("p", { class: "relatives" }, say.from, go(parent), others.length ? [say.andFrom, ...others.flatMap((other, i) => [i ? ", " : null, go(other)])] : null)] : [];
}

/** Weights for the present picture where there are some. */
function weightsOf(system) {
  const { variants, weights } = bus.get();
  const names = variants.find(({ id }) => id === system?.id)?.weights ?? (system?.weights ?? []).map(({ name }) => name);
  return names.includes(weights) ? weights : names[0];
}

function ways(system, parent) {
  if (system.built === undefined) return [];              // the registry is still being read
  if (!system.built) return [el("p", { class: "not-built" }, say.notBuiltYet)];
  const own = weightsOf(system);
  if (!own) return [el("p", { class: "not-built" }, say.noWeights)];
  const show = async () => { await open({ model: system.id, weights: own }, { query: "best" }); turn("explore"); };
  const theirs = parent?.built && weightsOf(parent);
  const compare = () => { choose([{ model: parent.id, weights: theirs }, { model: system.id, weights: own }]); turn("compare"); };
  return [el("p", { class: "ways" }, button(say.explore, show, { class: "solid" }), theirs ? button(say.compare, compare) : null)];
}

function difference(system, parent, server) {
  if (!parent) return [el("p", {}, say.rootText)];
  if (system.built === undefined) return [el("p", { class: "note" }, say.reading)];
  if (!system.built) return [el("p", { class: "note" }, say.noParts)];
  if (!parent.built) return [el("p", { class: "note" }, say.parentNotBuilt)];
  const place = el("div", { class: "card-code" });
  const reveal = button(say.showCode, async () => {
    reveal.disabled = true;
    const found = await server.compare_recipes({ first: parent.id, second: system.id }).catch(() => null);
    reveal.disabled = false;
    if (!found || found.error) return write(reveal, found?.error ? told(found.error) : say.again);
    reveal.remove();
    const letters = [LETTERS[0], LETTERS[1]];
    const names = letters.flatMap((letter, i) => [el("em", { class: "letter", "data-model": letter }, letter), ` ${[parent, system][i].name} `]);
    place.replaceChildren(el("p", { class: "note" }, names), ...code(found, letters).values());
  }, { class: "link" });
  return [brief(system.changes), reveal, place];
}

function claims(system, survey) {
  const rows = [[say.paperSays, local(system.claim), system.paper ? link(system.paper, system.venue) : system.venue],
    [say.surveySays, local(system.survey), survey ? link(survey.url, `${local(survey.author)}, ${survey.title}, ${survey.year}`) : null],
    [say.codeSays, local(system.code_says), system.code ? link(system.code, say.repository) : null]].filter(([, text]) => text);
  const row = ([name, text, source]) => el("div", {}, el("dt", {}, name), el("dd", {}, text, source ? el("span", { class: "source-line" }, source) : null));
  return rows.length ? [el("h3", {}, say.claims), el("dl", { class: "claims" }, rows.map(row))] : [];
}

const figure = (value, digits) => number(value, value % 1 ? 1 : digits);
const UNITS = { parameters: (value) => `${figure(value, 0)} M`, flops: (value) => `${figure(value, 0)} GFLOPs`, ap: (value) => figure(value, 1), queries: String };

/** Every figure with where it stands; those that no source confirms are not told. */
function facts(system) {
  if (!system.facts?.length) return system.built ? [] : [el("h3", {}, say.facts), el("p", { class: "note" }, say.noFacts)];
  const places = { repository: system.code, abstract: system.paper };
  const from = (source) => (places[source] ? link(places[source], say.sources[source]) : say.sources[source]);
  const row = ({ what, value, epochs, source }) => el("tr", {}, el("th", { scope: "row" }, say.what[what]),
    el("td", {}, UNITS[what](value), epochs ? el("small", {}, say.epochs(epochs)) : null), el("td", { class: "from" }, from(source)));
  const note = system.note ? [el("p", { class: "note" }, local(system.note))] : [];
  return [el("h3", {}, say.facts), el("table", { class: "fact-table" }, el("tbody", {}, system.facts.map(row))), ...note];
}

/** What the cards of the bundled weights say: small detectors on the project's own data, not COCO. */
function measured(system) {
  if (!system.weights?.length) return [];
  const score = (value) => (value === undefined ? "–" : number(Number(value), 3));
  const head = [say.data, "AP", "AP50", say.seen].map((name) => el("th", { scope: "col" }, name));
  const row = (one) => el("tr", {}, el("th", { scope: "row" }, one.data ?? one.name), el("td", {}, score(one.AP)), el("td", {}, score(one.AP50)),
    el("td", { class: "from" }, one.images ? number(one.images) : "–"));
  const table = el("table", { class: "fact-table" }, el("thead", {}, el("tr", {}, head)), el("tbody", {}, system.weights.map(row)));
  return [el("h3", {}, say.measured), table, el("p", { class: "note" }, say.measuredNote)];
}
