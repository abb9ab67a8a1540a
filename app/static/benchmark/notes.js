/* How to read it: what was equal, what was not, what it cannot say, and the command that repeats it. */
import { el } from "../dom.js";
import { number, words } from "../words.js";
import { on } from "./state.js";

const say = await words("benchmark");

export function notes(place) {
  const part = el("div", { class: "benchmark-notes" });
  place.append(part);
  on(["tables"], ({ tables }) => tables && part.replaceChildren(...told(tables)));
}

function told({ convergence, systems }) {
  const reading = [el("h2", {}, say.reading_), el("ul", {}, say.readingText.map((text) => el("li", {}, text)))];
  if (!convergence) return reading;
  const { policy = {}, variants = {}, machine = {}, command } = convergence;
  const equal = Object.entries(say.policy).filter(([key]) => policy[key] !== undefined).map(([key, name]) => el("div", {}, el("dt", {}, name), el("dd", {}, typeof policy[key] === "number" ? number(policy[key], decimals(policy[key])) : String(policy[key]))));
  const own = Object.entries(variants).map(([id, about]) => el("details", {}, el("summary", {}, systems[id]?.name ?? id),
    el("dl", { class: "facts" }, entries(about).map(([name, found]) => el("div", {}, el("dt", {}, name), el("dd", {}, el("code", {}, found)))))));
  return [...reading, el("h2", {}, say.equal), el("dl", { class: "facts" }, equal), el("h2", {}, say.own), el("p", { class: "lead" }, say.ownText), el("div", { class: "owns" }, own),
    el("h2", {}, say.repeat), el("p", { class: "lead" }, say.repeatText([machine.processor, say.threads(machine.cores), machine.torch && `PyTorch ${machine.torch}`, convergence.made].filter(Boolean).join(", "))),
    el("p", { class: "lead" }, convergence.timing ? say.timed(number(convergence.timing.rounds), say.threads(convergence.timing.threads)) : say.untimed),
    command ? el("pre", {}, el("code", {}, command)) : null].filter(Boolean);
}

const decimals = (found) => Math.min(8, (String(found).split(".")[1] ?? "").length);

function entries({ deviations = {}, slow_parameters: slow }) {
  const found = Object.entries(deviations).map(([name, text]) => [say.fields[name] ?? name, text]);
  if (slow) found.push([say.slow, number(slow)]);
  return found.length ? found : [[say.same, "–"]];
}
