/* Time and memory of the planned run, measured on the server by a few of its own steps. */
import { el, write } from "../dom.js";
import { number, words } from "../words.js";
import { get, on, set, wish } from "./plan.js";
import { ask } from "./planner.js";

const say = await words("train");
const PARTS = ["prepare", "train", "evaluate"];

export function estimate() {
  const [total, parts, facts, note] = [el("p", { class: "cost-total" }), el("div", { class: "cost-bar" }), el("dl", { class: "facts" }), el("p", { class: "help", role: "status" })];
  const again = el("button", { type: "button", class: "quiet", onclick: () => { set({ estimate: null }); measure(true); } }, say.again);
  on(["estimate", "step", "plan"], ({ estimate: found, step, plan }) => {
    if (plan && !found && ["review", "start"].includes(step)) return measure();
    const ready = Boolean(found?.seconds);
    for (const node of [total, parts, facts]) node.hidden = !ready;
    again.hidden = !found || found.state === "measuring";
    write(note, ready ? say.costHelp(found) : found?.error ?? (found ? say.measuring(found.ahead ?? 0) : ""));
    note.classList.toggle("measuring", found?.state === "measuring");
    if (ready) show(found, total, parts, facts);
  });
  return el("div", { class: "cost", "aria-live": "polite" }, total, parts, facts, note, again);
}

function show(found, total, parts, facts) {
  write(total, say.about(found.seconds));
  parts.replaceChildren(...PARTS.filter((name) => found[name] > 0).map((name) => el("i", { class: name, style: { "flex-grow": String(found[name]) }, title: `${say.part[name]}: ${say.duration(found[name])}` })));
  const short = found.available && found.memory > found.available;
  const rows = [...PARTS.filter((name) => found[name] > 0).map((name) => [say.part[name], say.duration(found[name]), say.partNote[name](found, number), name]),
    [say.memory, say.bytes(found.memory), found.available ? say.free(found.available) : "", short ? "short" : ""],
    ...(found.disk ? [[say.disk, say.bytes(found.disk), found.room ? say.free(found.room) : "", found.room && found.disk > found.room ? "short" : ""]] : [])];
  facts.replaceChildren(...rows.map(([key, value, aside, kind]) => el("div", { class: kind }, el("dt", {}, key), el("dd", {}, value, aside ? el("small", {}, aside) : null))));
}

let turn = 0;
async function measure(again = false) {
  const mine = ++turn;
  const wanted = { ...wish(), again };
  set({ estimate: { state: "measuring" } });
  while (mine === turn && get().plan) {
    let answer;
    try {
      answer = await ask("train_estimate", wanted);
    } catch (error) {
      answer = { state: "failed", error: error.message };
    }
    if (mine !== turn || get().estimate?.state !== "measuring") return;   // the plan has changed meanwhile
    if (answer.state !== "measuring") return set({ estimate: answer });
    wanted.again = false;
    await new Promise((resolve) => setTimeout(resolve, document.hidden ? 5000 : 1000));
  }
}
