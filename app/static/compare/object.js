/* One object through all detectors: a crop, score and class, and the layer at which each locked on. */
import * as bus from "../bus.js";
import { button, el } from "../dom.js";
import { PAGES, turn } from "../nav.js";
import { box, context, frame, layerColour, picture } from "../paint.js";
import { open } from "../session.js";
import { title } from "../text.js";
import { number, words } from "../words.js";
import { LOCKED, settling } from "./align.js";
import { colourOf, fit } from "./drawing.js";
import { LETTERS } from "./state.js";

const say = await words("compare");

export function object(place, group, { models, runs }) {
  if (!group) return place.replaceChildren(el("h2", {}, say.oneObject), el("p", { class: "empty" }, say.hint));
  const key = [group.key, group.kind, ...group.near.map((near) => near?.query), ...models.map(({ model, weights }) => `${model}@${weights}`)].join(" ");
  if (place.dataset.key !== key || !place.querySelector("canvas")) {
    place.dataset.key = key;
    const names = [...new Set(group.names.filter((name) => name !== null))];
    place.replaceChildren(el("h2", {}, say.oneObject), el("h3", { class: "object-name" }, names.join(" / ")), el("p", { class: "note" }, summary(group, models)),
      ...models.map((one, at) => detector(group, one, at, runs[at])), el("p", { class: "note" }, say.lockedMeans(LOCKED)));
  }
  for (const canvas of place.querySelectorAll("canvas")) crop(canvas, group, Number(canvas.dataset.at), runs);
}

function summary(group, models) {
  if (group.kind === "one") return say.onlyFound(LETTERS[group.leader]);
  const missing = group.members.flatMap((query, at) => (query === null ? [LETTERS[at]] : []));
  const parts = [missing.length ? say.missedBy(missing.join(", ")) : say.foundByAll(models.length)];
  if (group.differ) parts.push(say.classesDiffer);
  return [...parts, say.overlap(group.least)].join(" ");
}

function detector(group, one, at, run) {
  const query = group.members[at];
  const head = el("header", {}, el("span", { class: "letter", "data-model": LETTERS[at] }, LETTERS[at]), el("b", {}, title(one.model)));
  const canvas = el("canvas", { "data-at": at, "aria-hidden": "true" });
  if (query === null) {
    const near = group.near[at];
    return el("section", { class: "object-part missing" }, canvas, el("div", {}, head, el("p", {}, near ? say.nearly(near.name, near.score) : say.absent), near ? links(one, near.query) : null));
  }
  return el("section", { class: "object-part" }, canvas, el("div", {}, head,
    el("p", {}, el("b", {}, group.names[at]), ` ${number(group.scores[at], 2)} · `, say.query(query)), strip(run, query), links(one, query)));
}

/** One cell a layer, filled by its IoU with the final box; a ring from where it is locked on. */
function strip(run, query) {
  const steps = settling(run, query);
  const first = steps.findIndex(({ locked }) => locked);
  const cells = steps.map((step, at) => el("i", { class: step.locked ? "locked" : step.same ? "" : "other", title: say.step(at + 1, step.iou, step.same),
    style: { "--share": `${Math.round(step.iou * 100)}%`, "--colour": layerColour(at, run.layers) } }));
  return el("div", { class: "settling" }, el("div", { class: "settle-steps", role: "img", "aria-label": say.settled(first + 1, run.layers) }, cells), el("span", {}, say.settled(first + 1, run.layers)));
}

function links(one, query) {
  const go = async (page) => {
    await open({ ...one, picture: bus.get().picture }, { query });
    turn(page);
  };
  const pages = [["explore", say.toExplore], ["inside", say.toInside]].filter(([page]) => PAGES.includes(page));
  return el("div", { class: "object-links" }, pages.map(([page, label]) => button(label, () => go(page), { class: "link" })));
}

function crop(canvas, group, at, runs) {
  const { image } = bus.get();
  const { ctx, width, height } = context(canvas);
  if (!image || !width || !runs[at]) return;
  const [cx, cy, w, h] = group.box;
  const side = Math.max(w, h, 0.08) * 0.75;
  const f = frame(width, height, image, fit([cx - side, cy - side, cx + side, cy + side], width, height, image));
  picture(ctx, image, f, 0.1);
  const query = group.members[at] ?? group.near[at]?.query;
  if (query === undefined) return;
  box(ctx, f, runs[at].box(runs[at].layers - 1, query), colourOf(group, at), { width: 2, dash: group.members[at] === null ? [5, 4] : [] });
}
