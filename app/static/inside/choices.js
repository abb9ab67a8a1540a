/* How heads become one picture, what the brightest colour stands for, and which part of the scores is shown. */
import * as bus from "../bus.js";
import { el } from "../dom.js";
import { say as common } from "../text.js";
import { words } from "../words.js";
import { get, on, set } from "./state.js";

const say = await words("inside");

export function choices() {
  return el("div", { class: "inside-choices" }, parts(), chooser("reduce", ["mean", "max", "rollout"]), chooser("scope", ["map", "layer", "all"]));
}

function chooser(key, names) {
  const faces = names.map((name) => el("button", { type: "button", role: "radio", title: say[`${key}Meaning`][name], onclick: () => set({ [key]: name }) }, say[`${key}Names`][name]));
  const group = el("div", { class: "part-switch", role: "radiogroup", "aria-label": say[`${key}Label`] }, el("span", { class: "switch-name" }, say[`${key}Label`]), faces);
  on([key], (state) => faces.forEach((face, i) => face.setAttribute("aria-checked", String(state[key] === names[i]))));
  if (key === "reduce") bus.on(["run"], ({ run }) => {          // rollout needs attention over all tokens
    const dense = ["map", "factors"].includes(run?.view(0)?.kind);
    faces.at(-1).hidden = !dense;
    if (!dense && get().reduce === "rollout") set({ reduce: "mean" });
  });
  return group;
}

/** Whole attention or one summand, where a detector keeps them apart; shared with the picture of the first page. */
function parts() {
  const group = el("div", { class: "part-switch", role: "radiogroup", "aria-label": common.partsLabel });
  bus.on(["run", "part"], ({ run, part }) => {
    const names = run?.view(0)?.parts ?? [];
    group.hidden = !names.length;
    group.replaceChildren(...(names.length ? [null, ...names] : []).map((name) => el("button", { type: "button", role: "radio", title: common.partMeaning[name ?? "whole"], onclick: () => bus.set({ part: name }),
      "aria-checked": String(name === (names.includes(part) ? part : null)) }, common.part[name ?? "whole"] ?? name)));
  });
  return group;
}
