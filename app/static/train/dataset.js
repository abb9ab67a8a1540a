/* The data step: which data set to learn from, how one comes in, and, beside it, what the check says. */
import { el, icon, write } from "../dom.js";
import { words } from "../words.js";
import { arrivals } from "./arrivals.js";
import { asker } from "./asker.js";
import { get, on, set } from "./plan.js";
import { report } from "./report.js";
import { mark } from "./verdict.js";

const say = await words("dataset");
const FIRST = "trees";                                // what a visitor without a choice sees

export function mount(place, server) {
  const ask = asker(server);
  const cards = el("div", { class: "data-cards", role: "radiogroup", "aria-label": say.sets });
  const trouble = el("p", { class: "plan-trouble", role: "alert", hidden: true });
  const checked = report(ask, remove);
  let sets = [];

  const incoming = arrivals(ask, async (id) => { await refresh(); choose(id); });
  place.append(el("div", { class: "data-step" },
    el("div", { class: "data-side" }, el("h2", {}, say.own), incoming.node, el("h2", {}, say.sets), trouble, cards), checked.node));
  walk(cards);
  refresh().then(() => sets.length && choose((sets.find(({ id }) => id === get().datasetId) ?? sets.find(({ own }) => own) ?? sets.find(({ id }) => id === FIRST) ?? sets[0]).id));
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
  on(["dataset"], ({ dataset }) => press(cards, dataset?.id));

  async function refresh() {
    try {
      take(await ask("data_list"));
    } catch (error) {
      say_(error.message);
    }
  }

  function take(list) {
    ({ sets } = list);
    incoming.offer(list);
    say_("");
    const names = JSON.stringify(sets);
    if (cards.dataset.shown === names) return;
    cards.dataset.shown = names;
    cards.replaceChildren(...sets.map((each) => card(each, () => choose(each.id))));
    press(cards, get().dataset?.id);
  }

  function choose(id) {
    const chosen = sets.find((each) => each.id === id);
    if (!chosen) return;
    set({ dataset: { id, name: nameOf(chosen), verdict: chosen.verdict } });
    checked.show({ ...chosen, title: nameOf(chosen) });
  }

  async function remove(id) {
    try {
      take(await ask("data_delete", { id }));
      choose(FIRST);
    } catch (error) {
      say_(error.message);
    }
  }

  function say_(text) {
    write(trouble, text);
    trouble.hidden = !text;
  }
}

const nameOf = ({ id, name, own }) => (own ? name : say.bundled[id]?.[0] ?? name);

function card(each, press) {
  const line = say.size(each.pictures, each.boxes, each.classes);
  return el("button", { type: "button", role: "radio", class: "data-card", "data-id": each.id, onclick: press },
    mark(each.verdict), el("span", { class: "data-words" }, el("b", {}, nameOf(each)), el("span", {}, line)), each.own ? null : el("span", { class: "data-kind" }, icon("done"), say.came));
}

function press(cards, id) {
  for (const each of cards.children) {
    const chosen = each.dataset.id === id;
    each.setAttribute("aria-checked", String(chosen));
    each.tabIndex = chosen || (!id && each === cards.firstElementChild) ? 0 : -1;
  }
}

/** Arrow keys walk through the cards. */
function walk(cards) {
  cards.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...cards.children];
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    next.focus();
    next.click();
  });
}
