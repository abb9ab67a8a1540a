/* What is wrong with a job, as cards: the cause, what it means, and the next step as a button. One says why it ended badly, the others what
   looks wrong while it goes. */
import { el, write } from "../dom.js";
import { words } from "../words.js";
import { act, cloned } from "./act.js";
import { get, isActive } from "./state.js";

const say = await words("jobs");
const PRESS = { smaller: () => act("smaller"), resume: () => act("resume"), stop: () => act("stop"), clone: () => cloned(get().job) };

export function alertCard() {
  const [cause, meaning, detail] = [el("h2", {}), el("p", {}), el("pre", {})];
  const more = el("details", {}, el("summary", {}, say.detail), detail);
  const next = el("button", { type: "button", class: "solid" });
  let press = null;
  next.addEventListener("click", () => press?.());
  const node = el("section", { class: "job-alert", role: "alert", hidden: true }, cause, meaning, el("div", { class: "line" }, next), more);
  const show = ({ alert, trace }) => {
    node.hidden = !alert;
    if (!alert) return;
    write(cause, say.alerts[alert.kind] ?? say.alerts.error);
    write(meaning, say.meanings[`${alert.kind}.${alert.action}`] ?? say.meanings[alert.kind] ?? alert.sentence);
    write(detail, [alert.sentence, trace].filter(Boolean).join("\n\n"));
    press = alert.action === "slower" ? () => act("clone", { changes: alert.changes }) : PRESS[alert.action];
    next.hidden = !press;
    write(next, say.next[alert.action] ?? "");
  };
  return { node, show };
}

/** Warnings of a run: each stays as long as it holds. */
export function warningCards() {
  const node = el("div", { class: "job-warnings", role: "status" });
  let drawn = "";
  const show = (job) => {
    const known = JSON.stringify([job.warnings, isActive(job)]);
    if (known === drawn) return;
    drawn = known;
    node.replaceChildren(...job.warnings.map((sign) => card(sign, isActive(job))));
    node.hidden = !job.warnings.length;
  };
  return { node, show };
}

function card({ kind, sentence, action, facts }, active) {
  const [cause, meaning] = say.warnings[kind]?.(facts) ?? [say.alerts.error, sentence];
  const usable = PRESS[action] && (action !== "stop" || active);
  return el("section", { class: "job-alert mild", "data-kind": kind }, el("h2", {}, cause), el("p", {}, meaning),
    usable ? el("div", { class: "line" }, el("button", { type: "button", onclick: PRESS[action] }, say.next[action])) : null);
}
