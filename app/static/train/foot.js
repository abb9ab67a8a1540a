/* The way on and back at the foot of every step, and what still stands in the way. */
import { el, write } from "../dom.js";
import { words } from "../words.js";
import { STEPS, get, on, waiting } from "./plan.js";
import { go } from "./steps.js";

const say = await words("train");

export function mount(place) {
  const back = el("button", { type: "button", class: "quiet", onclick: () => go(STEPS[STEPS.indexOf(shown()) - 1]) }, say.back);
  const next = el("button", { type: "button", class: "solid", onclick: () => go(STEPS[STEPS.indexOf(shown()) + 1]) });
  const note = el("p", { class: "note", role: "status" });
  place.append(el("footer", { class: "step-foot" }, back, note, next));
  on(["step", "dataset", "plan", "problem"], () => {
    const step = shown();
    const follower = STEPS[STEPS.indexOf(step) + 1];
    back.hidden = step === "data";
    next.hidden = !follower;
    next.disabled = follower ? waiting(follower) !== null : true;
    write(next, say.next[follower] ?? "");
    write(note, follower && next.disabled ? say.missing[waiting(follower)] ?? "" : "");
  });
}

const shown = () => waiting(get().step) ?? get().step;
