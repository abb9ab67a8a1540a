/* badge(term): a small "?" to stand after a term; opens the glossary at it. Terms: the keys of `terms` in words/guide.en.js
   (query, reference, anchor, memory, token, level, head, selfattention, crossattention, deformable, sampling, proposal, score,
   threshold, iou, giou, matching, cost, hungarian, onetomany, denoising, dead, gaussian, rowcolumn, sparse, ap, flops, ...). */
import { el } from "./dom.js";
import { nameOf } from "./glossary.js";
import { words } from "./words.js";

const say = await words("guide");

export function badge(term) {
  const label = say.what(nameOf(term));
  return el("button", { type: "button", class: "badge", title: label, "aria-label": label, onclick: async (event) => {
    event.preventDefault();                           // a badge may stand in a label
    event.stopPropagation();
    (await import("./guide.js")).openGlossary(term);
  } }, "?");
}
