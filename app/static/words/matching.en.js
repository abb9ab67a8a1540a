/* Every sentence of the matching lab, in English. */
import { number, plural } from "../words.js";

const objects = (count) => `${count} ${plural(count, { one: "object", other: "objects" })}`;

export const say = {
  examples: "Examples", own: "Your own picture", png: "Save the picture", unreachable: "The server does not answer. Check that it is running, then try again.",
  oldRun: "This stored run does not say how its detector is matched: make the stored runs again with `python -m app.make_runs`.",
  fetching: "Fetching the class scores of all queries …",
  // picture
  stage: "Picture with the objects. Drag to draw one. Brackets: next object. Arrows: move it, with Shift: resize it. N: new object. Delete: remove it. Escape: let go.",
  count: (count, queries) => `${objects(count)}, ${queries} queries`,
  layer: (at, layers) => `layer ${at + 1} of ${layers}`, layers: "Layer", firstLayer: "The first layer has none before it",
  flips: (count) => (count ? `${objects(count)} changed hands since the layer before` : "no object changed hands"),
  from: { labels: "The objects are the example's labels.", detections: "The objects are what the last layer found: correct them.", drawn: "The objects are yours." },
  caption: "Solid: an object. Dashed in its colour: the query matched to it. Drag to draw another, press one to move or resize it. Matching happens in training only; here it is solved for this picture.",
  none: "There are no objects: drag on the picture to draw one, or press N.",
  restore: "Restore the objects", removeAll: "Remove all", query: (query) => `query ${query}`,
  // objects
  objects: "Objects", objectsNote: "matched query by layer; ⇄ where it changed", classOf: (place) => `Class of object ${place}`, object: (place) => `Object ${place}`,
  remove: "Remove", removeOf: (place) => `Remove object ${place}`, unknownClass: (name) => `${name} (unknown to these weights)`,
  unmatched: "No query is left for this object.", flippedFrom: (now, before) => (before < 0 ? `query ${now}; none at the layer before` : `query ${now}; it was query ${before} at the layer before`),
  // weights
  weights: "What a match costs", official: "Official", officialIs: (value) => `The paper's weight: ${value}`, forbids: "forbids points outside the object",
  terms: { total: "Total", class: "Class", l1: "L1", giou: "GIoU", outside: "Outside" },
  formula: (kind, l1) => `Cost = class (${kind.kind === "focal" ? `focal, α ${number(kind.alpha, 2)}, γ ${kind.gamma}` : "minus the probability"}) + L1 distance of ${l1.corners ? "corners" : "centre and size"} − GIoU, each times its weight.`,
  // pair
  pair: "The pair, term by term", findAmbiguous: "Closest call", noPair: "Point at a cell of the matrix or at an object.",
  size: (place, width, height) => `object ${place}, ${width} × ${height} px`, sum: "Sum", matched: "its match", takenBy: (place) => `has object ${place}`, free: "no object",
  probabilities: (values) => `p = ${values.join(" and ")}`, overlaps: (values) => `GIoU ${values.join(" and ")}`, distances: (values) => `distance ${values.join(" and ")}`, noSuchClass: "no such class",
  dearer: (other, own, gap) => `Query ${other} would cost ${gap} more than query ${own}, which has the object.`,
  cheaper: (other, own, gap, taken) => `Query ${other} would cost ${gap} less than query ${own}, but ${taken ? `object ${taken} needs it more: only the total counts` : "the total is lower so"}.`,
  // matrix
  matrixTitle: "Cost matrix", matrix: "Cost matrix, objects down and queries across. Arrows: another pair.", shown: (count, all) => `${count} of ${all} queries`, every: "All queries",
  order: { score: "By score", match: "Matched first" }, term: { total: "Total" }, cell: (name, query, cost) => `${name}, query ${query}, cost ${cost}`,
  cheap: "cheap", assigned: "assigned", assignedBefore: "assigned at the layer before",
  // one to many
  manyTitle: "One query for an object, or several", manyNote: "The same predictions under four rules. More positives teach faster; one-to-one alone needs no suppression of duplicates.",
  further: (count, repeat) => `In training this detector has ${count} further queries, matched to every object ${repeat} times; they are gone at inference, so the rule is shown on the queries that remain.`,
  rules: {
    oneToOne: { title: "One-to-one", who: "DETR and its children", value: "one query each" },
    repeated: { title: "Repeated", who: "H-Deformable-DETR", value: "Times" },
    grouped: { title: "Groups", who: "Group DETR", value: "Groups" },
    byOverlap: { title: "By overlap", who: "DETA, anchor detectors", value: "IoU ≥" },
  },
  counts: (positives, queries, count) => `${positives} of ${queries} queries are positive${count ? `, ${number(positives / count, 1)} an object` : ""}.`,
  // denoising
  noiseTitle: "Queries that only training sees", noDenoising: "These weights were trained without denoising. DN-DETR, its deformable form and DINO have it.",
  noiseNote: {
    centre: "Copies of the objects with noise on label and box join the queries and should restore them (DN-DETR). Centres move by up to the noise times half the size, sizes by up to the noise times themselves. The line leads to what each must become.",
    sides: "Every object enters twice a group (DINO). Positives, in the object's colour, have each side moved by up to the noise times half the size and must restore the object; negatives, red and dotted, moved by one to two times that, must say background.",
  },
  maskOnly: "The detector's further queries and its own pass the same decoder and may not see each other.",
  noiseCounts: (groups, positives, negatives, flipped) => `${groups} ${plural(groups, { one: "group", other: "groups" })}: ${positives} positives${negatives ? `, ${negatives} negatives` : ""}; ${flipped} pretend another class.`,
  boxNoise: "Box noise", labelNoise: "Label noise", whichGroup: "Show", allGroups: "All groups", group: (place) => `Group ${place}`, again: "Draw again", pretends: (name) => `says ${name}`,
  maskTitle: "Who may see whom", maskNote: "rows look, columns are looked at", groupNames: { denoising: "denoising", queries: "matched", many: "one-to-many" },
  sees: (row, column, may) => `${row} ${may ? "may" : "may not"} see ${column}.`,
  maskSizes: (groups) => [...groups.reduce((sizes, [name, size]) => sizes.set(name, (sizes.get(name) ?? 0) + size), new Map())].map(([name, size]) => `${Math.round(size)} ${say.groupNames[name]}`).join(", ") + ". Blank: hidden, so that no answer leaks.",
};
