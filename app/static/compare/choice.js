/* Which picture and which detectors: two to four, each with its weights. */
import * as bus from "../bus.js";
import { badge } from "../badge.js";
import { gallery, uploader } from "../choose.js";
import { button, el, icon, write } from "../dom.js";
import { title } from "../text.js";
import { number, words } from "../words.js";
import { start } from "./address.js";
import { called, choose, get, LETTERS, MOST, on, same } from "./state.js";

const say = await words("compare");

export function mount(place) {
  const rows = el("div", { class: "compare-models" });
  const add = button([icon("plus"), say.add], addOne, { class: "compare-add" });
  place.append(
    el("div", { class: "compare-source" }, el("div", { class: "source-part grow" }, el("h2", {}, say.pictures), gallery()),
      el("div", { class: "source-part own" }, el("h2", {}, say.own), el("div", { class: "own-buttons" }, uploader())), threshold()),
    el("div", { class: "compare-choice" }, rows, add));
  const rebuild = () => {
    const { models } = get();
    const { variants } = bus.get();
    rows.replaceChildren(...models.map((one, at) => row(one, at, models, variants)));
    add.hidden = models.length >= MOST || !next(models, variants);
  };
  on(["models"], rebuild);
  bus.on(["variants"], rebuild);
  start();
}

/** A detector that is not chosen yet, with the weights of the first where it has them. */
function next(models, variants) {
  const able = variants.flatMap(({ id, weights }) => weights.map((name) => ({ model: id, weights: name })));
  const free = able.filter((one) => !models.some((other) => same(one, other)));
  return free.find((one) => one.weights === models[0]?.weights && !models.some(({ model }) => model === one.model)) ?? free[0] ?? null;
}

function addOne() {
  const one = next(get().models, bus.get().variants);
  if (one) choose([...get().models, one]);
}

function row(one, at, models, variants) {
  const able = variants.filter(({ weights }) => weights.length);
  const weights = variants.find(({ id }) => id === one.model)?.weights ?? [one.weights];
  const replace = (with_) => choose(models.map((other, i) => (i === at ? with_ : other)));
  const pick = (model) => {
    const theirs = variants.find(({ id }) => id === model).weights;
    replace({ model, weights: theirs.includes(one.weights) ? one.weights : theirs[0] });
  };
  const detectors = able.length ? able.map(({ id }) => id) : [one.model];
  return el("div", { class: "compare-row" }, el("span", { class: "letter", "data-model": LETTERS[at] }, LETTERS[at]),
    select(say.detector(LETTERS[at]), detectors, one.model, title, pick), select(say.weights(LETTERS[at]), weights, one.weights, (name) => called(one.model, name), (name) => replace({ ...one, weights: name })),
    button(icon("close"), () => choose(models.filter((_, i) => i !== at)), { class: "quiet", title: say.remove, "aria-label": `${say.remove}: ${LETTERS[at]}`, disabled: models.length < 3 }));
}

function select(label, names, chosen, shown, change) {
  const known = names.includes(chosen) ? names : [chosen, ...names];
  return el("select", { "aria-label": label, onchange: (event) => change(event.target.value) }, known.map((name) => el("option", { value: name, selected: name === chosen }, shown(name))));
}

function threshold() {
  const value = el("output", {});
  const input = el("input", { type: "range", min: 0.05, max: 0.95, step: 0.01, id: "atlas-compare-threshold", oninput: () => bus.set({ threshold: Number(input.value) }) });
  bus.on(["threshold"], (state) => {
    input.value = state.threshold;
    write(value, number(state.threshold, 2));
    input.style.setProperty("--share", `${((input.value - input.min) / (input.max - input.min)) * 100}%`);
  });
  return el("div", { class: "source-part" }, el("label", { class: "slider", for: input.id }, el("span", {}, say.threshold), input, value, badge("threshold")));
}
