/* What a plan amounts to, in rows of numbers. */
import { el } from "../dom.js";
import { title } from "../text.js";
import { number, words } from "../words.js";
import { on } from "./plan.js";

const say = await words("train");

export function summary() {
  const list = el("dl", { class: "facts" });
  const none = el("p", { class: "empty" }, say.noPlan);
  on(["plan", "dataset", "variant"], ({ plan, dataset, variant }) => {
    none.hidden = Boolean(plan);
    list.hidden = !plan;
    if (plan) list.replaceChildren(...rows(plan, dataset, variant).map(([key, value, note]) => el("div", {}, el("dt", {}, key), el("dd", {}, value, note ? el("small", {}, note) : null))));
  });
  return el("div", {}, none, list);
}

const rows = (plan, dataset, variant) => [
  [say.row.data, dataset?.name ?? "", say.pictures(plan.pictures, plan.validation)],
  [say.row.detector, title(variant), say.size[plan.size] ?? plan.size],
  [say.row.start, plan.startName ? say.startShort(plan.startName) : say.scratch],
  [say.row.seen, number(plan.images), say.passes(plan.passes)],
  [say.row.steps, number(plan.steps), say.batchOf(plan.batch)],
  [say.row.image, say.pixels(plan.short, plan.long)],
  [say.row.evaluations, number(plan.evaluations)],
];
