/* The three verdicts as marks that differ in shape and in colour. */
import { el } from "../dom.js";
import { words } from "../words.js";

const say = await words("dataset");
const SHAPES = {
  blocking: ["M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2l-3.7-3.7V5.2z", "M8 4.6v4.2M8 11.2v.1"],
  warning: ["M8 1.8 15 14H1z", "M8 6.2v3.6M8 11.9v.1"],
  fine: ["M8 1.3a6.7 6.7 0 1 0 0 13.4A6.7 6.7 0 1 0 8 1.3", "M5 8.2l2.1 2.1L11 6"],
};

export function mark(verdict, large = false) {
  const [shape, sign] = SHAPES[verdict] ?? SHAPES.warning;
  return el("span", { class: `verdict ${verdict}${large ? " large" : ""}` },
    el("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, el("path", { class: "shape", d: shape }), el("path", { class: "sign", d: sign })),
    el("span", { class: "sr" }, say.verdicts[verdict]));
}
