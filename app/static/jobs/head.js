/* A job's state in full: since when, why, how far, how long still, and what can be done about it. */
import { el, write } from "../dom.js";
import { title } from "../text.js";
import { number, words } from "../words.js";
import { act, because, cloned, confirmed } from "./act.js";
import { alertCard, warningCards } from "./alert.js";
import { chip } from "./list.js";
import { RESUMABLE, get, isActive, on } from "./state.js";

const say = await words("jobs");

export function head() {
  const [name, state, why, facts] = [el("h1", { class: "job-title" }), chip(), el("p", { class: "job-why" }), el("p", { class: "job-facts" })];
  const trouble = el("p", { class: "plan-trouble", role: "alert" });
  const tools = actions();
  const [bar, alert, warnings] = [progress(), alertCard(), warningCards()];
  const node = el("header", { class: "job-head" }, el("div", { class: "job-top" }, name, tools.node), facts, el("div", { class: "job-state", role: "status" }, state.node, why), trouble, alert.node, bar.node, warnings.node);
  on(["job", "problem"], ({ job, problem }) => {
    write(trouble, problem);
    trouble.hidden = !problem;
    node.classList.toggle("pending", !job);
    if (!job) return;
    write(name, job.demo ? say.demoName : job.name);
    write(facts, [title(job.variant), say.on(job.data), job.start ? say.from(job.start) : say.fromNothing, job.device ? say.device(job.device) : ""].filter(Boolean).join(" · "));
    state.show(job);
    write(why, [job.demo ? say.demoWords : say.since(job.ago), job.position > 1 ? say.ahead(job.position - 1) : "", job.alert ? "" : because(job.reason)].filter(Boolean).join(" · "));
    tools.show(job);
    bar.show(job);
    alert.show(job);
    warnings.show(job);
  });
  return node;
}

function actions() {
  const make = (key, press, more = {}) => el("button", { type: "button", onclick: async (event) => { const { currentTarget } = event; currentTarget.disabled = true; try { await press(); } finally { currentTarget.disabled = false; } }, ...more }, say.actions[key]);
  const all = {
    stop: make("stop", () => act("stop")),
    kill: make("kill", () => act("stop", { at_once: true })),
    resume: make("resume", () => act("resume"), { class: "solid" }),
    clone: make("clone", () => cloned(get().job)),
    delete: make("delete", () => confirmed(say.deleteSure(get().job.name), say.actions.delete).then((sure) => sure && act("delete")), { class: "quiet danger" }),
  };
  const node = el("div", { class: "job-tools" }, Object.values(all));
  for (const button of Object.values(all)) button.hidden = true;
  const show = (job) => {
    all.stop.hidden = job.demo || !["queued", "preparing", "running"].includes(job.state);
    all.kill.hidden = job.demo || job.state !== "stopping";
    all.resume.hidden = job.demo || !RESUMABLE.includes(job.state) || Boolean(job.alert?.action);
    all.delete.hidden = job.demo;
    all.clone.hidden = false;
  };
  return { node, show };
}

/** How far a run is, in the phase it is in; the time in the queue is not counted as work. */
function progress() {
  const bar = el("i", {});
  const [track, line] = [el("div", { class: "progress", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100 }, bar), el("dl", { class: "live" })];
  const show = (job) => {
    const { step = 0, steps = 0 } = job.progress;
    const share = steps ? step / steps : 0;
    track.hidden = !steps && !isActive(job);
    track.dataset.state = job.state;
    track.classList.toggle("unknown", isActive(job) && !steps);
    bar.style.width = steps ? `${100 * share}%` : "";
    track.setAttribute("aria-valuenow", String(Math.round(100 * share)));
    line.replaceChildren(...numbers(job).map(([key, value]) => el("div", {}, el("dt", {}, key), el("dd", {}, value))));
  };
  return { node: el("div", { class: "job-progress" }, track, line), show };
}

function numbers({ progress, state, images, pictures, created_ago: created, demo }) {
  const live = ["running", "stopping"].includes(state);
  const rows = [];
  if (progress.steps) rows.push([say.step, say.of(number(progress.step ?? 0), number(progress.steps))]);
  if (pictures && images && progress.images) rows.push([say.passes, say.of(number(progress.images / pictures, progress.images / pictures < 10 ? 1 : 0), number(images / pictures))]);
  if (live && progress.seconds_left !== undefined) rows.push([say.left, say.duration(progress.seconds_left)]);
  if (live && progress.images_per_second) rows.push([say.speed, say.perSecond(number(progress.images_per_second, 1))]);
  if (progress.seconds) rows.push([say.spent, say.duration(progress.seconds)]);
  if (live && progress.patience_left !== undefined) rows.push([say.patience, say.evaluationsMore(progress.patience_left)]);
  if (progress.memory) rows.push([say.memory, say.bytes(progress.memory)]);
  if (progress.best?.AP50 !== undefined) rows.push([say.best, `AP50 ${number(progress.best.AP50 * 100, 1)}`]);
  if (!demo && created !== undefined) rows.push([say.created, say.ago(created)]);
  return rows;
}
