/* Drawing of the compared pictures. Thin boxes: all agree. Thick ones: somebody did not find it, or calls it otherwise. */
import { box, classColour, frame, picture, tag } from "../paint.js";
import { number } from "../words.js";
import { get } from "./state.js";

const MISSED = "#ffffff";

/** Colours follow class names, so that detectors with other class lists agree too. */
const named = new Map();
export function nameColour(name) {
  if (!named.has(name)) {
    const run = get().runs.find((each) => each?.names.includes(name));
    if (!run) return classColour(0);
    named.set(name, run.names.indexOf(name));
  }
  return classColour(named.get(name));
}

export const colourOf = (group, at) => nameColour(group.names[at] ?? group.names[group.leader]);

export function paint(ctx, width, height, image, state, at, chosen) {
  const f = frame(width, height, image, fit(state.view, width, height, image));
  const run = state.runs[at];
  picture(ctx, image, f, run ? (chosen ? 0.22 : 0.05) : 0.35);
  if (!run) return;
  ctx.save();
  ctx.beginPath(); ctx.rect(...f.clip); ctx.clip();
  if (state.groups.length) boxes(ctx, f, state, at, chosen, { width, height, taken: [] });
  ctx.restore();
}

/** The boxes of one detector, those that differ on top; the chosen object, or its empty place, over all. */
function boxes(ctx, f, state, at, chosen, bounds) {
  const last = state.runs[at].layers - 1;
  const mine = state.groups.filter((group) => group.members[at] !== null && group !== chosen);
  const plain = (group) => group.kind === "all";
  const order = [...mine.filter(plain), ...mine.filter((group) => !plain(group))];
  const shapes = new Map(order.map((group) => [group, box(ctx, f, state.runs[at].box(last, group.members[at]), colourOf(group, at),
    plain(group) ? { width: 1.2, alpha: chosen ? 0.4 : 0.75, casing: 1 } : { width: 2.4, alpha: chosen ? 0.5 : 1 })]));
  if (!chosen) for (const group of mine.filter((each) => !plain(each))) tag(ctx, `${group.names[at]} ${number(group.scores[at], 2)}`, shapes.get(group), colourOf(group, at), bounds);
  if (chosen) object(ctx, f, state, at, chosen, bounds);
}

/** The object pointed at: found, seen but too weak, or not there at all. */
function object(ctx, f, { runs }, at, group, bounds) {
  const last = runs[at].layers - 1;
  if (group.members[at] !== null) {
    const shape = box(ctx, f, runs[at].box(last, group.members[at]), colourOf(group, at), { width: 3 });
    return tag(ctx, `${group.names[at]} ${number(group.scores[at], 2)}`, shape, colourOf(group, at), bounds);
  }
  const near = group.near[at];
  if (near) {
    const shape = box(ctx, f, runs[at].box(last, near.query), nameColour(near.name), { width: 2, dash: [6, 5] });
    return tag(ctx, `${near.name} ${number(near.score, 2)}`, shape, nameColour(near.name), bounds);
  }
  box(ctx, f, group.box, MISSED, { width: 1.6, dash: [2, 5], alpha: 0.9 });
}

/** Two detectors on one picture: the first on the left of the line, the second on its right. */
export function paintWipe(ctx, width, height, image, state, chosen) {
  const line = state.share * width;
  for (const [side, at] of state.pair.entries()) {
    ctx.save();
    ctx.beginPath(); ctx.rect(side ? line : 0, 0, side ? width - line : line, height); ctx.clip();
    paint(ctx, width, height, image, state, at, chosen);
    ctx.restore();
  }
  ctx.fillStyle = "rgba(12, 16, 22, .85)";
  ctx.fillRect(line - 2, 0, 4, height);
  ctx.fillStyle = "#fff";
  ctx.fillRect(line - 1, 0, 2, height);
}

/** The part of the picture in the canvas's own proportions, so that it is filled. */
export function fit(view, width, height, image) {
  if (!view) return undefined;
  const ratio = (width / height) * (image.naturalHeight / image.naturalWidth);       // of shares of the picture
  let [w, h] = [view[2] - view[0], view[3] - view[1]];
  if (w / h < ratio) w = h * ratio; else h = w / ratio;
  const place = (centre, size) => (size >= 1 ? (1 - size) / 2 : Math.max(0, Math.min(1 - size, centre - size / 2)));
  const [x, y] = [place((view[0] + view[2]) / 2, w), place((view[1] + view[3]) / 2, h)];
  return [x, y, x + w, y + h];
}
