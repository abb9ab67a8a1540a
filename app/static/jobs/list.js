/* The visitor's jobs: state, since when, why, place in the queue; a mark draws a run into the curves of the chosen one. */
import { turn } from "../nav.js";
import { el, write } from "../dom.js";
import { title } from "../text.js";
import { words } from "../words.js";
import { runColour } from "./traces.js";
import { choose, get, isActive, on, set } from "./state.js";

const say = await words("jobs");

export function list() {
  const rows = el("div", { class: "job-rows", role: "listbox", "aria-label": say.jobs, tabindex: 0, onkeydown: walk });
  const empty = el("p", { class: "empty" }, say.loading);
  const start = el("button", { type: "button", class: "solid", onclick: () => turn("train") }, say.newRun);
  const node = el("nav", { class: "job-list", "aria-label": say.jobs }, el("header", { class: "panel-head" }, el("h2", {}, say.jobs), start), empty, rows);
  const made = new Map();
  on(["jobs", "chosen", "overlay"], ({ jobs, chosen, overlay }) => {
    empty.hidden = Boolean(jobs?.length);
    if (!jobs) return;
    write(empty, say.noJobs);
    for (const job of jobs) {
      if (!made.has(job.id)) made.set(job.id, row(job.id));
      made.get(job.id).show(job, job.id === chosen, overlay);
    }
    const wanted = jobs.map(({ id }) => made.get(id).node);
    if (wanted.length !== rows.childElementCount || wanted.some((each, at) => rows.children[at] !== each)) rows.replaceChildren(...wanted);
    rows.setAttribute("aria-activedescendant", chosen ? `atlas-job-${chosen}` : "");
  });
  return node;
}

function row(id) {
  const [name, line, when, bar] = [el("b", { class: "job-name" }), el("span", { class: "job-line" }), el("span", { class: "job-when" }), el("i", {})];
  const [state, track] = [chip(), el("span", { class: "track" }, bar)];
  const mark = el("input", { type: "checkbox", onclick: (event) => event.stopPropagation(),
    onchange: () => set({ overlay: mark.checked ? [...get().overlay, id].slice(-4) : get().overlay.filter((each) => each !== id) }) });
  const label = el("label", { class: "overlay", title: say.overlay, onclick: (event) => event.stopPropagation() }, mark, el("span", { class: "sr" }, say.overlay));
  const node = el("div", { class: "job-row", role: "option", id: `atlas-job-${id}`, onclick: () => choose(id) }, name, label, state.node, when, line, track);
  const show = (job, chosen, overlay) => {
    write(name, job.demo ? say.demoName : job.name);
    name.title = name.textContent;
    write(line, `${title(job.variant)} · ${job.data}`);
    write(when, job.demo ? say.demo : say.ago(job.ago));
    state.show(job);
    state.node.classList.toggle("warned", job.warned > 0);
    state.node.title = job.warned ? say.warned(job.warned) : "";
    node.setAttribute("aria-selected", String(chosen));
    const { step = 0, steps = 0 } = job.progress;
    track.hidden = !isActive(job) || !steps;
    bar.style.width = `${(100 * step) / Math.max(1, steps)}%`;
    mark.checked = overlay.includes(id);
    label.classList.toggle("on", mark.checked || chosen);
    label.style.setProperty("--colour", chosen ? runColour(0) : mark.checked ? runColour(1 + overlay.indexOf(id)) : "transparent");
    mark.disabled = chosen;
  };
  return { node, show };
}

/** The state in a word with its colour. */
export function chip() {
  const [word, place] = [el("span", {}), el("small", {})];
  const node = el("span", { class: "chip" }, el("i", { "aria-hidden": "true" }), word, place);
  const show = (job) => {
    node.dataset.state = job.state;
    write(word, say.states[job.state] ?? job.state);
    write(place, job.position ? say.position(job.position) : "");
  };
  return { node, show };
}

function walk(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const ids = (get().jobs ?? []).map(({ id }) => id);
  if (!step || !ids.length || event.target.tagName === "INPUT") return;
  event.preventDefault();
  event.stopPropagation();
  choose(ids[(ids.indexOf(get().chosen) + step + ids.length) % ids.length]);
}
