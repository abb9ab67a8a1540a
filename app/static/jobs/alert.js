/* Why a job ended badly, as a card: the cause, what it means, and the next step as a button. */
import { el, write } from "../dom.js";
import { words } from "../words.js";
import { act, cloned } from "./act.js";
import { get } from "./state.js";

const say = await words("jobs");
const PRESS = { smaller: () => act("smaller"), resume: () => act("resume"), clone: () => cloned(get().job) };

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
