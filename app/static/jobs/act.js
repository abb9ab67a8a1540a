/* What can be done to the chosen job, and the question before something is lost. */
import { el } from "../dom.js";
import { told, words } from "../words.js";
import { cloneDialog } from "./clone.js";
import { ask, tick } from "./poll.js";
import { choose, get, records, set } from "./state.js";

const say = await words("jobs");

/** Run an action; the page shows at once that it was heard, and says what went wrong. */
export async function act(action, more = {}) {
  const id = get().chosen;
  try {
    const { job } = await ask("job_act", { job: id, action, ...more });
    set({ problem: "" });
    if (action === "delete") { records.delete(id); choose(null); } else if (job && job !== id) choose(job);
  } catch (error) {
    set({ problem: error.message });
  }
  await tick();
}

/** Ask before something is lost. */
export function confirmed(question, yes) {
  return new Promise((resolve) => {
    const done = (answer) => { dialog.close(); dialog.remove(); resolve(answer); };
    const dialog = el("dialog", { class: "atlas-panel ask", "aria-label": question }, el("p", {}, question),
      el("div", { class: "line" }, el("button", { type: "button", class: "solid", onclick: () => done(true) }, yes), el("button", { type: "button", onclick: () => done(false) }, say.cancel)));
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); done(false); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Why a job is in its state, in the visitor's language. */
export function because(reason) {
  for (const [pattern, words] of say.reasons) {
    const found = pattern.exec(reason);
    if (found) return words(...found.slice(1));
  }
  return told(reason);
}

/** Ask for changes and start the same again. */
export async function cloned(job) {
  try {
    const form = await ask("job_form", { job: job.id });
    await cloneDialog({ ...job, ...form }, (changes, name) => act("clone", { changes, name }));
  } catch (error) {
    set({ problem: error.message });
  }
}
