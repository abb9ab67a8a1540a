/* What it costs that a query answers for an object: the terms of the detector's own objective, from its own numbers.
   Mirrors `Objective.costs` of detr_core/training/objective.py; which terms there are comes as data from the server. */
import { corners } from "../paint.js";

const TINY = 1e-8;

const CLASS = {
  probability: (p) => -p,
  focal: (p, { alpha, gamma }) => alpha * (1 - p) ** gamma * -Math.log(p + TINY) - (1 - alpha) * p ** gamma * -Math.log(1 - p + TINY),
};

/** Class cost of a probability, as the objective has it. */
export const classCost = (p, term) => CLASS[term.kind](p, term);

export function l1(box, object, { corners: sides }) {
  const [a, b] = sides ? [corners(box), corners(object)] : [box, object];
  return Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]) + Math.abs(a[2] - b[2]) + Math.abs(a[3] - b[3]);
}

/** {iou, giou} of two boxes (Rezatofighi et al. 2019). */
export function overlap(left, right) {
  const [a, b] = [corners(left), corners(right)];
  const inner = Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0])) * Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  const outer = (Math.max(a[2], b[2]) - Math.min(a[0], b[0])) * (Math.max(a[3], b[3]) - Math.min(a[1], b[1]));
  const union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inner;
  return { iou: inner / union, giou: inner / union - (outer - union) / outer };
}

const outside = ([x, y], [cx, cy, w, h]) => Number(!(Math.abs(x - cx) < w / 2 && Math.abs(y - cy) < h / 2));

/** One pair: {term: unweighted cost}. A label that the detector does not know costs no class. */
export function pair({ box, share, point }, object, terms) {
  const found = {};
  for (const [name, term] of Object.entries(terms)) {
    if (name === "class") found[name] = share === null ? 0 : classCost(share, term);
    else if (name === "l1") found[name] = l1(box, object.box, term);
    else if (name === "giou") found[name] = -overlap(box, object.box).giou;
    else if (name === "outside") found[name] = outside(point, object.box);
  }
  return found;
}

/** {term: Float64Array [objects x queries]} and `iou`, of one layer. `says` is [layers, queries, classes], `points` [layers, queries, 2] or none. */
export function matrices(run, { says, points }, layer, objects, terms) {
  const [count, classes] = [run.queries, says.shape[2]];
  const found = Object.fromEntries([...Object.keys(terms), "iou"].map((name) => [name, new Float64Array(objects.length * count)]));
  for (let query = 0; query < count; query++) {
    const at = layer * count + query;
    const box = run.box(layer, query);
    const point = points && points.data.subarray(at * 2, at * 2 + 2);
    objects.forEach((object, row) => {
      const share = object.label < 0 ? null : says.data[at * classes + object.label];
      const costs = pair({ box, share, point }, object, terms);
      for (const name of Object.keys(costs)) found[name][row * count + query] = costs[name];
      found.iou[row * count + query] = overlap(box, object.box).iou;
    });
  }
  return found;
}

/** The weighted sum that the assignment minimises. */
export function total(parts, weights) {
  const names = Object.keys(weights);
  const sum = new Float64Array(parts[names[0]].length);
  for (const name of names) for (let i = 0; i < sum.length; i++) sum[i] += weights[name] * parts[name][i];
  return sum;
}
