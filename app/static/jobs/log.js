/* The run's log: its tail, the lines that hold a word, and the file. */
import { el, write } from "../dom.js";
import { exportText } from "../export.js";
import { words } from "../words.js";
import { because } from "./act.js";
import { ask } from "./poll.js";
import { get, isActive, on } from "./state.js";

const say = await words("jobs");
const [EVERY, LINES] = [4000, 400];

export function log() {
  const text = el("pre", { class: "log", tabindex: 0, "aria-label": say.log });
  const note = el("span", { class: "note", role: "status" });
  const search = el("input", { type: "search", placeholder: say.search, "aria-label": say.search, oninput: () => { clearTimeout(timer); timer = setTimeout(load, 250); } });
  const save = el("button", { type: "button", class: "quiet", onclick: async () => {
    const { lines } = await ask("job_log", { job: get().chosen, lines: 1_000_000 }).catch(() => ({ lines: [] }));
    exportText(`${lines.join("\n")}\n`, "txt", get().job?.name ?? "job", "log");
  } }, say.saveLog);
  const events = el("ol", { class: "job-events" });
  const details = el("details", { class: "job-log", ontoggle: () => load() }, el("summary", {}, say.log), el("div", { class: "line" }, search, save, note), text);
  let timer = 0;
  async function load() {
    clearTimeout(timer);
    const id = get().chosen;
    if (!details.open || !id) return;
    try {
      const { lines } = await ask("job_log", { job: id, search: search.value, lines: LINES });
      if (id !== get().chosen) return;
      const end = text.scrollTop + text.clientHeight >= text.scrollHeight - 8;
      write(text, lines.join("\n") || say.noLog);
      write(note, search.value ? say.matches(lines.length, LINES) : lines.length >= LINES ? say.tail(LINES) : "");
      if (end) text.scrollTop = text.scrollHeight;
    } catch (error) {
      write(note, error.message);
    }
    if (isActive(get().job) && !document.hidden) timer = setTimeout(load, EVERY);
  }
  on(["chosen"], () => { write(text, ""); load(); });
  on(["job"], ({ job }) => {
    if (job) events.replaceChildren(...job.events.map((event) => el("li", { "data-state": event.state }, el("b", {}, say.states[event.state] ?? event.state), el("span", {}, because(event.reason)), el("time", {}, job.demo ? "" : say.ago(event.ago)))));
  });
  return el("section", { class: "job-record", "aria-label": say.history }, el("div", {}, el("h2", {}, say.history), events), details);
}
