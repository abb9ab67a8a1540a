/* Review and start: what it will cost by a short dry run, the exact command line, a name, and the button. */
import { turn } from "../nav.js";
import { el, write } from "../dom.js";
import { exportText } from "../export.js";
import { title } from "../text.js";
import { words } from "../words.js";
import { estimate } from "./cost.js";
import { spoken } from "./fields.js";
import { get, on, set, wish } from "./plan.js";
import { ask } from "./planner.js";
import { summary } from "./summary.js";

const say = await words("train");

export function mount(place) {
  place.append(
    el("div", { class: "review" },
      el("section", { class: "review-part" }, el("h2", {}, say.sum), summary(), changed()),
      el("section", { class: "review-part" }, el("h2", {}, say.cost), estimate()),
      el("section", { class: "review-part wide" }, el("h2", {}, say.command), command())),
    el("div", { class: "launch" }, launch()));
}

/** What differs from the preset. */
function changed() {
  const list = el("ul", { class: "changed-list" });
  const note = el("p", { class: "help" });
  on(["plan"], ({ plan, offer, changes }) => {
    const names = plan ? Object.keys(changes) : [];
    write(note, names.length ? say.changedFrom : say.asPreset);
    list.replaceChildren(...names.map((name) => {
      const field = offer.fields.find((each) => each.name === name);
      return el("li", {}, say.fields[name], el("span", {}, `${spoken(field, plan.preset[name])} → ${spoken(field, changes[name])}`));
    }));
  });
  return el("div", {}, note, list);
}

function command() {
  const text = el("code", {});
  const copied = el("span", { class: "note", role: "status" });
  const copy = el("button", { type: "button", class: "quiet", onclick: async () => {
    try { await navigator.clipboard.writeText(text.textContent); write(copied, say.copied); } catch { exportText(text.textContent, "txt", "train"); }
    setTimeout(() => write(copied, ""), 1600);
  } }, say.copy);
  on(["plan"], ({ plan }) => write(text, plan?.command ?? ""));
  return el("div", { class: "command" }, el("pre", { tabindex: 0 }, text), el("div", { class: "line" }, copy, copied, el("p", { class: "help" }, say.commandHelp)));
}

function launch() {
  const name = el("input", { type: "text", id: "atlas-train-name", maxlength: 80, oninput: () => set({ name: name.value }) });
  const trouble = el("p", { class: "plan-trouble", role: "alert", hidden: true });
  const button = el("button", { type: "button", class: "solid start", onclick: () => start(button, trouble) }, say.startButton);
  const queue = el("p", { class: "help" });
  on(["plan", "name", "offer"], ({ plan, name: chosen, offer }) => {
    name.placeholder = suggested();
    if (document.activeElement !== name) name.value = chosen;
    button.disabled = !plan;
    write(queue, offer ? say.queue(offer.waiting) : "");
  });
  return el("section", { class: "review-part" }, el("h2", {}, say.steps.start), el("p", {}, say.startWords),
    el("div", { class: "field" }, el("div", { class: "field-head" }, el("label", { for: "atlas-train-name" }, say.name)), name),
    queue, trouble, button);
}

/** A name for who gives none. */
const suggested = () => [get().dataset?.name, title(get().variant)].filter(Boolean).join(", ");

async function start(button, trouble) {
  button.disabled = true;
  trouble.hidden = true;
  write(button, say.starting);
  try {
    const { job } = await ask("train_start", { ...wish(), name: get().name.trim() || suggested() });
    set({ name: "", step: "recipe" });
    document.dispatchEvent(new CustomEvent("atlas-job", { detail: job }));
    const words = new URLSearchParams(location.search);
    words.set("job", job);
    history.replaceState(history.state, "", `${location.pathname}?${words}`);
    turn("jobs");
  } catch (error) {
    write(trouble, error.message);
    trouble.hidden = false;
  } finally {
    button.disabled = false;
    write(button, say.startButton);
  }
}
