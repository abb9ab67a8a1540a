/* Denoising queries as the detector's own scheme makes them: mirrors detr_core/variants/dn.py and dino.py, told apart by data. */
import { corners } from "../paint.js";

/** Numbers in 0..1 that a seed repeats (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** How many groups `objects` objects get. A shared number is twice that many queries, dealt out; below 50 it is half the groups. */
export function groupCount({ groups, shared }, objects) {
  if (!shared) return groups;
  const total = 2 * groups;
  return Math.max(total >= 100 ? Math.floor(total / (2 * Math.max(objects, 1))) : total, 1);
}

/** All that is random: [copies][objects] of {flip in 0..1, label, shift [4] in -1..1}. The same seed gives the same, whatever the sliders say. */
export function draw(scheme, objects, classes, seed) {
  const copies = groupCount(scheme, objects) * scheme.roles;
  const next = random(seed);
  return Array.from({ length: copies }, () => Array.from({ length: objects },
    () => ({ flip: next(), label: Math.floor(next() * classes), shift: Array.from({ length: 4 }, () => next() * 2 - 1) })));
}

const clamp = (value) => Math.max(0, Math.min(1, value));
const held = (share) => { const [up, down] = [Math.max(clamp(share), 1e-3), Math.max(1 - clamp(share), 1e-3)]; return up / (up + down); };

const MOVES = {
  centre: ([x, y, w, h], shift, scale) => [x + shift[0] * (w / 2) * scale, y + shift[1] * (h / 2) * scale, w + shift[2] * w * scale, h + shift[3] * h * scale].map(clamp),
  sides: (box, shift, scale) => {
    const half = [box[2] / 2, box[3] / 2];
    const [x0, y0, x1, y1] = corners(box).map((side, i) => clamp(side + shift[i] * half[i % 2] * scale));
    return [(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0];
  },
};

/** Noise on objects -> [{copy, group, negative, object, label, flipped, box}], copy after copy. Every second copy of a pair is a negative. */
export function noised(scheme, noise, objects) {
  return noise.flatMap((row, copy) => objects.map((object, index) => {
    const { flip, label, shift } = row[index];
    const negative = scheme.roles > 1 && copy % scheme.roles > 0;
    const far = negative ? shift.map((value) => value + (value < 0 ? -1 : 1)) : shift;      // one to two times the reach
    const flipped = flip < scheme.label_noise;
    const box = MOVES[scheme.moves](object.box, far, scheme.box_noise).map(held);
    return { copy, group: Math.floor(copy / scheme.roles), negative, object: index, label: flipped ? label : object.label, flipped, box };
  }));
}

/** The groups of queries in training: [{name, size, parts, sees, keep}], in the order in which they stand. */
export function layout(schemes, queries, objects) {
  let groups = [{ name: "queries", size: queries, parts: 1, sees: [], keep: true }];
  for (const scheme of schemes) {
    if (scheme.kind === "repeats") groups = groups.flatMap((group) => (group.keep ? [group, { name: "many", size: scheme.further, parts: 1, sees: [], keep: false }] : [group]));
    if (scheme.kind === "denoising" && objects) {
      const parts = groupCount(scheme, objects);
      groups = [{ name: "denoising", size: parts * scheme.roles * objects, parts, sees: groups.filter(({ keep }) => keep).map(({ name }) => name), keep: false }, ...groups];
    }
  }
  return groups;
}

/** Whether query `row` may not see query `column`; both count over all groups. Mirrors detr_core/groups.py. */
export function hidden(groups, row, column) {
  const [a, b] = [place(groups, row), place(groups, column)];
  if (a.group === b.group) return a.part !== b.part;
  return !a.group.sees.includes(b.group.name);
}

function place(groups, query) {
  let start = 0;
  for (const group of groups) {
    if (query < start + group.size) return { group, part: Math.floor(((query - start) * group.parts) / group.size) };
    start += group.size;
  }
  throw new RangeError(`There is no query ${query}.`);
}
