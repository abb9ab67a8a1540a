/* The mark of the Atlas: the way of a query to its object. */
import { el } from "./dom.js";

export const mark = () => el("svg", { viewBox: "0 0 24 24", class: "mark", "aria-hidden": "true" },
  el("rect", { x: 3, y: 3, width: 18, height: 18, rx: 3 }), el("path", { d: "M5.5 17.5 9 12l4 2.5 5-8" }), el("circle", { cx: 18, cy: 6.5, r: 2.4 }));
