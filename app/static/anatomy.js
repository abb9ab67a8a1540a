/* The parts of detectors as a diagram: the places along the picture's way, and in each the parts that differ.

   diagram(difference, labels, press)   of app/anatomy.py's `difference`; labels: what to call the two; press(slot) on a part that differs.
   code(difference, labels) -> Map slot -> a closed <details> with both parts' source.
   brief(changes)   the same of `changes` (only what differs), as a column that fits a card. */
import { el } from "./dom.js";
import { words } from "./words.js";

const say = await words("anatomy");

/** A name that may break between its words. */
const soft = (name) => name.replace(/([a-z0-9])([A-Z])/g, "$1\u200b$2").replace(/([_(,=])/g, "$1\u200b");

const letter = (label) => el("em", { class: "letter", "data-model": label }, label);

export const slotName = (slot) => say.slots[slot] ?? slot;
export const stageName = (stage) => say.stages[stage] ?? stage;
const plain = (name) => ({ True: say.yes, False: say.no, None: say.none })[name] ?? name;

const written = ({ name, options }) => (options ? `${plain(name)}(${options})` : plain(name));

export function diagram({ stages, sizes }, labels, press) {
  const differs = (slots) => String(slots.some(({ changed }) => changed));
  const boxes = stages.map(({ id, slots }) => el("section", { class: "stage-box", "data-stage": id, "data-changed": differs(slots) },
    el("h4", {}, stageName(id)), el("ul", {}, slots.map((slot) => item(slot, labels, press)))));
  const numbers = sizes.map(({ name, values }) => el("li", {}, el("span", {}, slotName(name)), el("b", {}, String(values[0])), " → ", el("b", {}, String(values[1]))));
  return el("div", { class: "anatomy" }, el("div", { class: "anatomy-flow", role: "group", "aria-label": say.flow }, boxes),
    numbers.length ? el("div", { class: "anatomy-sizes" }, el("h4", {}, say.sizes), el("ul", {}, numbers)) : null);
}

function item({ slot, parts, changed }, labels, press) {
  const about = (side) => side.map(({ summary }) => summary).filter(Boolean).join(" ");
  const name = (side) => soft(side.map(written).join(", ") || say.none);
  if (!changed) return el("li", { class: "shared", title: about(parts[0]) }, el("span", {}, slotName(slot)), el("i", {}, name(parts[0])));
  const side = (which) => el("span", { class: which ? "mine" : "theirs", title: about(parts[which]) }, letter(labels[which]), el("b", {}, name(parts[which])));
  return el("li", { class: "changed" }, el("button", { type: "button", class: "slot", onclick: () => press(slot) }, el("span", { class: "slot-name" }, slotName(slot)), side(0), side(1)));
}

export function code({ stages, code: sources }, labels) {
  const pieces = new Map();
  for (const { slot, parts, changed } of stages.flatMap(({ slots }) => slots)) {
    const known = parts.map((side) => side.filter(({ key }) => key && sources[key]));
    if (!changed || !known.flat().length) continue;
    const sides = known.map((side, which) => el("div", { class: "part-side" },
      side.length ? side.map((part) => source(sources[part.key], part, labels[which])) : el("p", { class: "empty" }, letter(labels[which]), ` ${say.nothing}`)));
    const names = parts.map((side) => side.map(written).join(", ") || say.none).join(" → ");
    pieces.set(slot, el("details", { class: "part-source" }, el("summary", {}, slotName(slot), el("span", { class: "note" }, names)), el("div", { class: "part-sides" }, sides)));
  }
  return pieces;
}

function source({ file, line, text }, { summary }, label) {
  return el("figure", {}, el("figcaption", {}, letter(label), el("code", {}, `${file}:${line}`)),
    summary ? el("p", { class: "note", lang: "en" }, summary) : null, el("pre", { tabindex: 0 }, el("code", {}, text)));
}

export function brief(changes) {
  const stages = [...new Set(changes.map(({ stage }) => stage))];
  const named = (parts) => soft(parts.map(plain).join(", ") || say.none);
  const row = ({ name, theirs, mine }) => el("li", {}, el("span", { class: "slot-name" }, slotName(name)), el("s", {}, named(theirs)), el("b", {}, named(mine)));
  return el("ol", { class: "anatomy-brief" }, stages.map((stage) => el("li", {}, el("h4", {}, stage === "sizes" ? say.sizes : stageName(stage)),
    el("ul", {}, changes.filter((change) => change.stage === stage).map(row)))));
}
