/* The objects of all detectors as one list, the largest score gap first, and the card of the object in hand. */
import { badge } from "../badge.js";
import { el } from "../dom.js";
import { exportButton, exportJson } from "../export.js";
import * as bus from "../bus.js";
import { number, words } from "../words.js";
import { lockedAt } from "./align.js";
import { nameColour } from "./drawing.js";
import { object } from "./object.js";
import { active, get, LETTERS, on, onFrame, pin, ready, set } from "./state.js";

const say = await words("compare");
const KINDS = ["one", "some", "class", "all"];
let shown = null;                                     // the kind that the list is narrowed to, or null

export function mount(place) {
  const filters = el("div", { class: "difference-kinds", role: "group", "aria-label": say.kindsLabel });
  const list = el("div", { class: "difference-list", role: "listbox", tabindex: 0, "aria-label": say.differences });
  const card = el("div", { class: "object-card" });
  const head = el("div", { class: "difference-head", "aria-hidden": "true" });
  place.append(el("div", { class: "difference-side" }, el("header", { class: "panel-head" }, el("h2", {}, say.differences, badge("iou")), exportButton(say.saveList, save)), filters, head, list), card);
  const rebuild = (state) => { chips(filters, state, () => rebuild(get())); header(head, state); rows(list, state); mark(list); };
  on(["groups", "models"], rebuild);
  onFrame(["hover", "pinned"], () => mark(list));
  onFrame(["hover", "pinned", "groups", "runs"], () => object(card, active(), get()));
  bus.on(["image"], () => object(card, active(), get()));
  keys(list);
}

function chips(place, { groups }, again) {
  const count = (kind) => groups.filter((group) => group.kind === kind).length;
  const chip = (kind, label, found) => el("button", { type: "button", class: "switch", "aria-pressed": String(shown === kind), disabled: kind !== null && !found,
    onclick: () => { shown = shown === kind ? null : kind; again(); } }, `${label} ${found}`);
  place.replaceChildren(chip(null, say.every, groups.length), ...KINDS.filter((kind) => kind !== "some" || get().models.length > 2).map((kind) => chip(kind, say.kinds[kind], count(kind))));
}

const narrowed = ({ groups }) => groups.filter(({ kind }) => !shown || kind === shown);

function header(place, { models }) {
  place.style.setProperty("--columns", String(models.length));
  place.replaceChildren(el("span", {}, say.object), ...models.map((_, at) => el("span", { class: "letter", "data-model": LETTERS[at] }, LETTERS[at])), el("span", {}, say.gap));
}

function rows(list, state) {
  const groups = narrowed(state);
  list.style.setProperty("--columns", String(state.models.length));
  if (!groups.length) return list.replaceChildren(el("p", { class: "empty" }, ready() && state.runs.length > 1 ? say.nothing : say.waiting));
  list.replaceChildren(...groups.map((group) => row(group, state)));
}

function row(group, { runs }) {
  const names = [...new Set(group.names.filter((name) => name !== null))];
  const cells = group.members.map((query, at) => {
    if (query !== null) return el("span", { class: "hit", title: say.settled(lockedAt(runs[at], query) + 1, runs[at].layers) }, el("b", {}, number(group.scores[at], 2)), el("i", {}, say.layerShort(lockedAt(runs[at], query) + 1)));
    return el("span", { class: "missed", title: group.near[at] ? say.weak : say.absent }, group.near[at] ? number(group.near[at].score, 2) : "–");
  });
  return el("div", { class: "difference-row", role: "option", id: `atlas-object-${group.key}`, "data-key": group.key, "data-kind": group.kind },
    el("span", { class: "names" }, names.flatMap((name, i) => [i ? el("em", {}, " / ") : null, el("i", { class: "swatch", style: { background: nameColour(name) } }), name]),
      group.kind === "all" ? null : el("small", {}, label(group))),
    cells, el("span", { class: "gap" }, number(group.gap, 2)));
}

/** Who found it, in two words. */
function label({ kind, leader, members }) {
  if (kind === "one") return say.only(LETTERS[leader]);
  return kind === "some" ? say.without(members.flatMap((query, at) => (query === null ? [LETTERS[at]] : [])).join(", ")) : say.kinds[kind];
}

/** Which row is in hand; the list follows it, the page does not. */
function mark(list) {
  const { hover, pinned } = get();
  for (const row of list.querySelectorAll("[data-key]")) {
    row.classList.toggle("active", row.dataset.key === (hover ?? pinned));
    row.setAttribute("aria-selected", String(row.dataset.key === pinned));
  }
  const row = list.querySelector("[aria-selected=true]");
  const moved = row?.id !== list.dataset.shown;
  list.dataset.shown = row?.id ?? "";
  if (!row) return list.removeAttribute("aria-activedescendant");
  list.setAttribute("aria-activedescendant", row.id);
  const top = row.offsetTop - list.offsetTop;
  if (!moved) return;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + row.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = top + row.offsetHeight - list.clientHeight;
}

function keys(list) {
  const at = (event) => event.target.closest("[data-key]")?.dataset.key ?? null;
  list.addEventListener("pointerover", (event) => event.pointerType !== "touch" && set({ hover: at(event) }));
  list.addEventListener("pointerleave", () => set({ hover: null }));
  list.addEventListener("click", (event) => at(event) !== null && pin(at(event), true));
  list.addEventListener("keydown", (event) => {
    const groups = narrowed(get());
    const here = groups.findIndex(({ key }) => key === get().pinned);
    const to = { ArrowDown: here + 1, ArrowUp: here < 0 ? groups.length - 1 : here - 1, Home: 0, End: groups.length - 1, Enter: here }[event.key];
    if (event.key === "Escape") pin(null);
    else if (to === undefined || !groups.length) return;
    else pin(groups[Math.max(0, Math.min(groups.length - 1, to))].key, true);
    event.preventDefault();
  });
}

function save() {
  const { models, groups, runs } = get();
  exportJson({ picture: bus.get().picture, threshold: bus.get().threshold, detectors: models,
    objects: groups.map((group) => ({ kind: group.kind, names: group.names, queries: group.members, scores: group.scores, gap: group.gap, overlap: group.least,
      locked_on_at_layer: group.members.map((query, at) => (query === null ? null : lockedAt(runs[at], query) + 1)), box: [...group.box] })) }, "compare", ...models.map(({ model }) => model));
}
