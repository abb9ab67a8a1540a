/* What can be done to the chosen job, and the question before something is lost. */
import { el } from "../dom.js";
import { words } from "../words.js";
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
