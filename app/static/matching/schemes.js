/* Ways to say which queries answer for which object. All take costs [objects x queries] and return [{object, query}]. */
import { assign } from "./hungarian.js";

const listed = (found) => [...found].map((query, object) => ({ object, query })).filter(({ query }) => query >= 0);

/** One query an object (DETR). */
export const oneToOne = (cost, objects, queries) => listed(assign(cost, objects, queries));

/** Every object is asked for `repeat` times, as H-Deformable-DETR does with queries kept for that. */
export function repeated(cost, objects, queries, repeat) {
  const rows = new Float64Array(objects * repeat * queries);
  for (let copy = 0; copy < repeat; copy++) rows.set(cost, copy * objects * queries);
  return listed(assign(rows, objects * repeat, queries)).map(({ object, query }) => ({ object: object % Math.max(objects, 1), query }));
}

/** Queries fall into `groups`, each matched one-to-one on its own (Group DETR); every `groups`-th query is in the same one. */
export function grouped(cost, objects, queries, groups) {
  const found = [];
  for (let group = 0; group < groups; group++) {
    const own = [];
    for (let query = group; query < queries; query += groups) own.push(query);
    const part = new Float64Array(objects * own.length);
    for (let object = 0; object < objects; object++) own.forEach((query, place) => { part[object * own.length + place] = cost[object * queries + query]; });
    found.push(...oneToOne(part, objects, own.length).map(({ object, query }) => ({ object, query: own[query], group })));
  }
  return found;
}

/** Every query answers for the object it overlaps most, if that reaches `threshold`; an object that nobody reaches gets its best query. */
export function byOverlap(iou, objects, queries, threshold) {
  const found = [];
  const best = (length, at) => Array.from({ length }, (_, i) => i).reduce((top, i) => (at(i) > at(top) ? i : top), 0);
  for (let query = 0; objects && query < queries; query++) {
    const object = best(objects, (i) => iou[i * queries + query]);
    if (iou[object * queries + query] >= threshold) found.push({ object, query });
  }
  const taken = new Set(found.map(({ object }) => object));
  const used = new Set(found.map(({ query }) => query));
  for (let object = 0; object < objects; object++) {
    if (taken.has(object)) continue;
    const query = best(queries, (i) => (used.has(i) ? -1 : iou[object * queries + i]));
    used.add(query);
    found.push({ object, query });
  }
  return found;
}
