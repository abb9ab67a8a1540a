/* The recipe: four choices, what they amount to, and everything else behind "advanced". */
import { el, write } from "../dom.js";
import { idea, title } from "../text.js";
import { number, words } from "../words.js";
import { form } from "./fields.js";
import { get, on, set } from "./plan.js";
import { connect, fitting } from "./planner.js";
import { summary } from "./summary.js";

const say = await words("train");

export function mount(place, server) {
  const trouble = el("p", { class: "plan-trouble", role: "alert" });
  const fields = el("div", { class: "recipe-fields" }, detector(), start(), budget(), image(), advanced());
  place.append(el("div", { class: "recipe" }, fields, el("aside", { class: "recipe-sum", "aria-label": say.sum }, el("h2", {}, say.sum), trouble, summary())));
  on(["problem"], ({ problem }) => { write(trouble, problem); trouble.hidden = !problem; });
  connect(server);
}

const block = (heading, help, ...children) => el("section", { class: "choice" }, el("h2", {}, heading), ...children, help);
const here = ({ offer, variant }) => offer?.variants.find(({ id }) => id === variant);

function detector() {
  const select = el("select", { id: "atlas-train-variant", "aria-label": say.detector, onchange: () => {
    const variant = get().offer.variants.find(({ id }) => id === select.value);
    set({ variant: variant.id, start: fitting(variant, get().start), changes: {} });
  } });
  const help = el("p", { class: "help" });
  on(["offer", "variant"], (state) => {
    const known = state.offer?.variants ?? [];
    if (select.childElementCount !== known.length) select.replaceChildren(...known.map(({ id }) => el("option", { value: id }, title(id))));
    select.value = state.variant ?? "";
    write(help, here(state) ? idea(here(state)) : "");
  });
  return block(say.detector, help, select);
}

function start() {
  const cards = el("div", { class: "cards", role: "radiogroup", "aria-label": say.start });
  on(["offer", "variant", "start"], (state) => {
    const starts = here(state)?.starts ?? [];
    const focus = cards.contains(document.activeElement) ? state.start : null;
    cards.replaceChildren(...starts.map((each) => card(each, each.id === state.start)));
    if (focus !== null) cards.querySelector("[aria-checked=true]")?.focus();
  });
  arrows(cards);
  return block(say.start, el("p", { class: "help" }, say.startHelp), cards);
}

function card(each, chosen) {
  const [name, line] = say.startOf[each.kind](each, number);
  return el("button", { type: "button", role: "radio", "aria-checked": String(chosen), tabindex: chosen ? 0 : -1, class: "card", "data-start": each.id, onclick: () => set({ start: each.id, changes: {} }) },
    el("b", {}, name), el("span", {}, line));
}

/** Arrow keys walk through a radio group. */
function arrows(group) {
  group.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...group.querySelectorAll("[role=radio]")];
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    next.focus();
    next.click();
  });
}

/** A row of choices of which one holds; `pick` gets its value. */
function segments(label, values, pick) {
  const buttons = values.map(([value, text]) => el("button", { type: "button", role: "radio", class: "segment", "data-value": value, onclick: () => pick(value) }, text));
  const group = el("div", { class: "segments", role: "radiogroup", "aria-label": label }, buttons);
  arrows(group);
  const show = (value) => buttons.forEach((button) => {
    const chosen = button.dataset.value === String(value);
    button.setAttribute("aria-checked", String(chosen));
    button.tabIndex = chosen ? 0 : -1;
  });
  return { group, show };
}

function budget() {
  const { group, show } = segments(say.budget, ["small", "balanced", "best", "epochs"].map((name) => [name, say.budgets[name]]), (name) => set({ budget: name, changes: without(get().changes, "images") }));
  const epochs = el("input", { type: "number", min: 0.1, max: 10000, step: "any", "aria-label": say.epochs, onchange: () => Number(epochs.value) > 0 && set({ epochs: Number(epochs.value), changes: without(get().changes, "images") }) });
  const own = el("label", { class: "own-number" }, epochs, say.epochs);
  const help = el("p", { class: "help" });
  on(["budget", "epochs"], (state) => {
    show(state.budget);
    own.hidden = state.budget !== "epochs";
    if (document.activeElement !== epochs) epochs.value = String(state.epochs);
    write(help, say.budgetHelp[state.budget]);
  });
  return block(say.budget, help, el("div", { class: "line" }, group, own));
}

function image() {
  const place = el("div", { class: "line" });
  const help = el("p", { class: "help" });
  let offered = "";
  let row = null;
  on(["offer", "image", "plan", "start", "variant"], (state) => {
    const sizes = here(state)?.starts.find(({ id }) => id === state.start)?.images ?? [];
    const key = sizes.join(" ");
    if (key !== offered || !row) {
      offered = key;
      row = segments(say.image, [[0, say.fitting], ...sizes.map((side) => [side, String(side)])], (side) => set({ image: Number(side) }));
      place.replaceChildren(row.group);
    }
    row.show(state.image);
    write(help, state.image || !state.plan ? say.imageHelp : say.imageChosen(state.plan.short));
  });
  return block(say.image, help, place);
}

function advanced() {
  const count = el("span", { class: "modified", hidden: true });
  const reset = el("button", { type: "button", class: "quiet reset", hidden: true, onclick: () => set({ changes: {} }) }, say.resetAll);
  const place = el("div", {});
  const details = el("details", { class: "advanced" }, el("summary", {}, say.advanced, count), el("p", { class: "help" }, say.advancedHelp), reset, place);
  let fields = null;
  on(["offer", "plan", "changes"], ({ offer, plan, changes }) => {
    if (offer && !fields) {
      fields = form(offer.fields, (name, value) => set({ changes: value === undefined ? without(get().changes, name) : { ...get().changes, [name]: value } }));
      place.append(fields.node);
    }
    const changed = Object.keys(changes).length;
    count.hidden = reset.hidden = !changed;
    write(count, say.changed(changed));
    if (fields && plan) fields.show(plan.preset, changes);
  });
  return details;
}

const without = (values, name) => Object.fromEntries(Object.entries(values).filter(([key]) => key !== name));
