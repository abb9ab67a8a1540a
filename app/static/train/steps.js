/* The four steps of a fine-tune as a bar: where one is, what is settled, and the way to any step that can be opened. */
import { el, write } from "../dom.js";
import { title } from "../text.js";
import { number, words } from "../words.js";
import { STEPS, get, on, set, waiting } from "./plan.js";

const say = await words("train");

export function mount(place) {
  const parts = STEPS.map((step, index) => part(step, index));
  place.append(el("header", { class: "page-head" }, el("h1", {}, say.title), el("p", {}, say.lead)),
    el("ol", { class: "steps", "aria-label": say.stepsLabel }, parts.map(({ node }) => node)));
  on(["step", "dataset", "plan", "problem", "variant", "estimate"], () => {
    if (get().dataset && waiting(get().step) === "data") set({ step: "data" });
    const shown = waiting(get().step) ?? get().step;
    const frame = document.getElementById("atlas-train");
    if (frame) frame.dataset.step = shown;
    for (const { step, show } of parts) show(step === shown, waiting(step) === null);
  });
}

function part(step, index) {
  const line = el("span", { class: "step-line" });
  const button = el("button", { type: "button", class: "step", onclick: () => go(step) },
    el("span", { class: "step-number", "aria-hidden": "true" }, String(index + 1)), el("span", { class: "step-words" }, el("b", {}, say.steps[step]), line));
  const show = (here, open) => {
    button.setAttribute("aria-current", here ? "step" : "false");
    button.disabled = !open;
    write(line, settled(step));
  };
  return { step, node: el("li", {}, button), show };
}

/** What a step has come to, in a few words. */
function settled(step) {
  const { dataset, variant, plan, estimate } = get();
  if (step === "data") return dataset ? dataset.name : say.noData;
  if (step === "recipe") return plan ? title(variant) : "";
  if (step === "review") return plan ? (estimate?.seconds ? say.about(estimate.seconds) : say.seen(number(plan.images))) : "";
  return "";
}

export function go(step) {
  if (waiting(step)) return;
  set({ step });
  document.getElementById("atlas-train-steps")?.scrollIntoView({ block: "nearest" });
}
