/* The guide: a card over the page with the tour and the glossary.

   guideButton()          for the header.   invitation()   the line of a first visit.
   openTour(step?)        at the step where it was closed, or at that one.
   openGlossary(term?)    at that entry.   Elsewhere use badge(term) of badge.js. */
import { el, icon, write } from "./dom.js";
import { entries } from "./glossary.js";
import { place, point, rest } from "./spot.js";
import { STEPS, enter, leave } from "./tour.js";
import { words } from "./words.js";

const say = await words("guide");
const KEY = "atlas-guide";
const kept = read();
let card = null;
let opener = null;                                    // gets the focus back

function read() {
  try { return JSON.parse(localStorage.getItem(KEY)) ?? {}; } catch { return {}; }
}

function keep(patch) {
  Object.assign(kept, patch);
  try { localStorage.setItem(KEY, JSON.stringify(kept)); } catch { /* then only for this visit */ }
}

export const guideButton = () => el("button", { type: "button", class: "quiet tool", title: say.guide, "aria-label": say.guide, onclick: () => (card ? close() : openTour()) }, icon("guide"), el("span", {}, say.guide));

/** One line, once: gone for good when it is answered. */
export function invitation() {
  const line = el("div", { class: "invitation", hidden: Boolean(kept.met) }, el("p", {}, say.invitation));
  const answer = (then) => () => { keep({ met: true }); line.hidden = true; then?.(); };
  line.append(el("button", { type: "button", class: "begin", onclick: answer(() => openTour(0)) }, say.start),
    el("button", { type: "button", class: "quiet", title: say.later, "aria-label": say.later, onclick: answer() }, icon("close")));
  return line;
}

export function openTour(step = Math.min(kept.step ?? 0, STEPS.length - 1)) {
  keep({ met: true });
  document.querySelector(".invitation")?.setAttribute("hidden", "");
  show("tour", step);
}

export const openGlossary = (term) => show("glossary", term);

function build() {
  const parts = { count: el("span", { class: "note" }), body: el("div", { class: "guide-body" }), foot: el("footer", {}) };
  const tab = (name) => el("button", { type: "button", role: "tab", class: "guide-tab", "data-tab": name, onclick: () => (name === "tour" ? openTour() : openGlossary()) }, say[name]);
  parts.tabs = [tab("tour"), tab("glossary")];
  parts.root = el("aside", { class: "guide", role: "dialog", "aria-label": say.guide, onkeydown: keys }, el("section", { class: "atlas-panel" },
    el("header", {}, el("div", { role: "tablist" }, parts.tabs), parts.count,
      el("button", { type: "button", class: "quiet", title: say.close, "aria-label": say.close, onclick: close }, icon("close"))), parts.body, parts.foot));
  document.body.append(parts.root);
  return parts;
}

function show(tab, at) {
  if (!card) {
    opener = document.activeElement;
    card = build();
  }
  for (const each of card.tabs) each.setAttribute("aria-selected", String(each.dataset.tab === tab));
  card.root.dataset.tab = tab;
  if (tab === "tour") tour(at);
  else { leave(); rest(); write(card.count, ""); card.foot.replaceChildren(); entries(card.body, at); place(card.root, null); }
}

async function tour(at) {
  const step = STEPS[at];
  keep({ step: at });
  const [title, text] = say.steps[step.id];
  write(card.count, say.step(at + 1, STEPS.length));
  card.body.replaceChildren(el("div", { "aria-live": "polite" }, el("h2", { class: "guide-title" }, title), el("p", { class: "guide-text" }, text)),
    el("div", { class: "guide-track", "aria-hidden": "true" }, STEPS.map((_, i) => el("i", { class: i <= at ? "done" : "" }))));
  const last = at === STEPS.length - 1;
  const next = el("button", { type: "button", class: "solid", onclick: () => (last ? finish() : tour(at + 1)) }, last ? say.finish : say.next);
  card.foot.replaceChildren(el("button", { type: "button", disabled: at === 0, onclick: () => tour(at - 1) }, say.back), next);
  next.focus({ preventScroll: true });
  card.root.dataset.step = step.id;
  await enter(step);
  if (card && kept.step === at) point(card.root, step.target);
}

function finish() {
  keep({ step: 0 });
  close();
}

function close() {
  leave();
  rest();
  card?.root.remove();
  card = null;
  opener?.focus({ preventScroll: true });
}

function keys(event) {
  event.stopPropagation();
  if (event.key === "Escape") return close();
  if (card.root.dataset.tab !== "tour") return;
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step && STEPS[kept.step + step]) { event.preventDefault(); tour(kept.step + step); }
}
