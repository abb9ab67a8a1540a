/* Which objects of several runs are the same, and when each detector settled on them. Pure functions of kept arrays. */
import { corners } from "../paint.js";

export const SAME = 0.5;                              // IoU from which two boxes are about one object
export const LOCKED = 0.75;                           // IoU with the final box from which a query has locked on

/** Intersection over union of two boxes [cx, cy, w, h]. */
export function iou(a, b) {
  const [p, q] = [corners(a), corners(b)];
  const inner = Math.max(0, Math.min(p[2], q[2]) - Math.max(p[0], q[0])) * Math.max(0, Math.min(p[3], q[3]) - Math.max(p[1], q[1]));
  return inner / (a[2] * a[3] + b[2] * b[3] - inner || 1);
}

const kept = new WeakMap();

/** Edges and area of every query's final box, five numbers each: a slider aligns again at every step. */
function edges(run) {
  if (!kept.has(run)) {
    const found = new Float64Array(run.queries * 5);
    for (let query = 0; query < run.queries; query++) {
      const [cx, cy, w, h] = run.box(run.layers - 1, query);
      found.set([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2, w * h], query * 5);
    }
    kept.set(run, found);
  }
  return kept.get(run);
}

/** IoU of two queries' final boxes. */
function overlap(p, a, q, b) {
  const [i, j] = [a * 5, b * 5];
  const w = Math.min(p[i + 2], q[j + 2]) - Math.max(p[i], q[j]);
  if (w <= 0) return 0;
  const h = Math.min(p[i + 3], q[j + 3]) - Math.max(p[i + 1], q[j + 1]);
  return h <= 0 ? 0 : (w * h) / (p[i + 4] + q[j + 4] - w * h);
}

/** For every layer: IoU with the final box, whether the class is the final one, and whether it is locked on from here to the end. */
export function settling(run, query) {
  const last = run.layers - 1;
  const steps = Array.from({ length: run.layers }, (_, at) => ({ iou: iou(run.box(at, query), run.box(last, query)), same: run.label(at, query) === run.label(last, query) }));
  let locked = true;
  for (const step of [...steps].reverse()) step.locked = locked = locked && step.same && step.iou >= LOCKED;
  return steps;
}

/** The first layer, from 0, at which the query locked on. */
export const lockedAt = (run, query) => settling(run, query).findIndex(({ locked }) => locked);

/** Objects of the runs, the same ones together: [{members, near, box, names, kind, gap, least}], the largest score gap first.

    members[i]: the query of run i that found it, or null; near[i]: where it is null, the run's best query there that stayed
    below the threshold: {query, score, name}, or null. kind: "all" (found by all with one class), "class" (found by all, classes
    differ), "one", "some". gap: between the best and the worst score, 0 for none. least: the smallest IoU with the best member. */
export function align(runs, threshold, top = 100) {
  const found = runs.map((run) => run.shown(run.layers - 1, threshold, top));
  const groups = join(runs, pairs(runs, found), found);
  const taken = runs.map((_, i) => new Set(groups.map((members) => members[i]).filter((query) => query !== null)));
  return groups.map((members) => describe(runs, members, taken)).sort((a, b) => b.gap - a.gap || b.best - a.best);
}

/** Pairs of boxes of different runs about one object, the closest first; the same class counts for a quarter. */
function pairs(runs, found) {
  const close = [];
  const name = (i, query) => runs[i].name(runs[i].layers - 1, query);
  for (let i = 0; i < runs.length; i++) for (let j = i + 1; j < runs.length; j++) for (const a of found[i]) for (const b of found[j]) {
    const shared = overlap(edges(runs[i]), a, edges(runs[j]), b);
    if (shared >= SAME) close.push({ i, j, a, b, weight: shared + (name(i, a) === name(j, b) ? 0.25 : 0) });
  }
  return close.sort((p, q) => q.weight - p.weight);
}

/** Join pair by pair, never two queries of one run. */
function join(runs, close, found) {
  const home = runs.map(() => new Map());
  found.forEach((queries, i) => queries.forEach((query) => home[i].set(query, runs.map((_, k) => (k === i ? query : null)))));
  for (const { i, j, a, b } of close) {
    const [one, two] = [home[i].get(a), home[j].get(b)];
    if (one === two || one.some((query, k) => query !== null && two[k] !== null)) continue;
    two.forEach((query, k) => { if (query !== null) { one[k] = query; home[k].set(query, one); } });
  }
  return [...new Set(home.flatMap((each) => [...each.values()]))];
}

function describe(runs, members, taken) {
  const last = (i) => runs[i].layers - 1;
  const score = (i) => runs[i].score(last(i), members[i]);
  const present = members.flatMap((query, i) => (query === null ? [] : [i]));
  const leader = present.reduce((a, b) => (score(b) > score(a) ? b : a));
  const box = runs[leader].box(last(leader), members[leader]);
  const names = members.map((query, i) => (query === null ? null : runs[i].name(last(i), query)));
  const near = members.map((query, i) => (query === null ? nearest(runs[i], runs[leader], members[leader], taken[i]) : null));
  const said = new Set(names.filter((name) => name !== null));
  const scores = members.map((query, i) => (query !== null ? score(i) : near[i]?.name === names[leader] ? near[i].score : 0));
  const kind = present.length === runs.length ? (said.size > 1 ? "class" : "all") : present.length === 1 ? "one" : "some";
  return { key: members.map((query) => query ?? "").join("."), members, near, box, leader, names, kind, scores, best: score(leader), gap: Math.max(...scores) - Math.min(...scores),
    least: Math.min(1, ...present.map((i) => iou(runs[i].box(last(i), members[i]), box))), differ: said.size > 1 };
}

/** A run's best query at the place of another's that no object has. */
function nearest(run, other, there, taken) {
  const last = run.layers - 1;
  const [mine, theirs] = [edges(run), edges(other)];
  const query = run.order.find((each) => overlap(mine, each, theirs, there) >= SAME && !taken.has(each));
  return query === undefined ? null : { query, score: run.score(last, query), name: run.name(last, query) };
}
