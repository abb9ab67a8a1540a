/* The card with nothing chosen: what was found, which detector said so, and how to go on. */
import { layer } from "./bus.js";
import { el } from "./dom.js";
import { classColour } from "./paint.js";
import { idea, say, title } from "./text.js";
import { number } from "./words.js";

export function overview(place, { run, threshold, top, variants, status }) {
  if (!run) return place.replaceChildren(el("p", { class: "empty" }, status?.kind === "empty" ? say.empty : ""));
  const variant = variants.find(({ id }) => id === run.facts.variant);
  place.replaceChildren(
    el("h2", {}, say.overview), found(run, threshold, top), el("p", { class: "card-note" }, say.overviewHint),
    el("h3", {}, say.about), ...about(run, variant), ...weights(run.facts), el("h3", {}, say.keys),
    el("dl", { class: "keys" }, say.keyList.map(([key, what]) => el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, what)))),
  );
}

/** How many of each class reach the threshold at the present layer. */
function found(run, threshold, top) {
  const at = layer();
  const counts = new Map();
  for (const query of run.shown(at, threshold, top)) counts.set(run.label(at, query), (counts.get(run.label(at, query)) ?? 0) + 1);
  if (!counts.size) return el("p", { class: "empty" }, say.noObjects);
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  return el("ul", { class: "found" }, sorted.map(([label, count]) => el("li", {}, el("i", { class: "swatch", style: { background: classColour(label) } }), run.names[label] ?? "?", el("b", {}, String(count)))));
}

function about(run, variant) {
  const parts = [el("p", { class: "detector-name" }, title(run.facts.variant))];
  if (!variant) return parts;
  const { paper } = variant;
  parts.push(el("p", {}, idea(variant)), el("p", { class: "cite" }, `${paper.authors}, `, el("cite", {}, paper.title), `, ${paper.venue} ${paper.year}`));
  const link = (href, words) => el("a", { href, target: "_blank", rel: "noopener noreferrer" }, words);
  const links = [paper.url && link(paper.url, say.paper), paper.code && link(/^https?:/.test(paper.code) ? paper.code : `https://github.com/${paper.code}`, say.code)];
  parts.push(el("p", { class: "links" }, links.filter(Boolean)));
  return parts;
}

/** What the weights say of themselves. */
function weights(facts) {
  const { card, weights: name, names } = facts;
  const told = [[say.trained, name], [say.classes, String(names.length)], ...["AP", "AP50"].filter((key) => card[key] !== undefined).map((key) => [key, number(Number(card[key]), 3)]),
    ...(card.data ? [[say.data, String(card.data)]] : []),
    [say.input, say.inputSize(facts.input)], [say.time, say.took(facts)]];
  return [el("dl", { class: "facts" }, told.map(([key, value]) => el("div", {}, el("dt", {}, key), el("dd", {}, value))))];
}
