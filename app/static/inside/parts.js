/* Attention taken apart: each summand of the scores alone, Gaussians before and after, the factors along x and y. */
import { el } from "../dom.js";
import { gaussians, look } from "../looks.js";
import { around, box, classColour, context, frame, picture } from "../paint.js";
import { say as common } from "../text.js";
import { words } from "../words.js";
import { headOf } from "./state.js";

const say = await words("inside");

/** A row of small pictures with names; `draw(ctx, f, now, name)` paints one. */
function row(block, draw, close = [4, 0.4]) {
  const place = el("div", { class: "special-row" });
  block.append(place);
  const cells = [];
  return (now, names, label) => {
    while (cells.length < names.length) {
      const [canvas, name] = [el("canvas", { role: "img" }), el("figcaption", {})];
      cells.push({ figure: el("figure", {}, el("div", { class: "inside-mat small" }, canvas), name), canvas, name });
    }
    place.replaceChildren(...cells.slice(0, names.length).map(({ figure }) => figure));
    cells.slice(0, names.length).forEach(({ canvas, name }, i) => {
      name.textContent = label(names[i]);
      canvas.setAttribute("aria-label", name.textContent);
      const { ctx, width, height } = context(canvas);
      if (!width) return;
      const f = frame(width, height, now.image, around(now.run, now.query, now.image, width / height, ...close));
      picture(ctx, now.image, f, 0.4);
      if (now.kept) draw(ctx, f, now, names[i]);
      box(ctx, f, now.run.box(now.at, now.query), classColour(now.run.label(now.at, now.query)), { width: 2 });
    });
  };
}

export function parts(block) {
  const paint = row(block, (ctx, f, { kept, at, head }, name) => look(ctx, f, kept, at, { head: headOf(head), part: name, size: 5, marks: false }));
  return { title: say.parts, caption: say.partsCaption, wide: true, shows: ({ run, at }) => run.view(at)?.parts?.length > 0,
    paint: (now) => paint(now, [null, ...now.run.view(now.at).parts], (name) => common.part[name ?? "whole"] ?? name) };
}

export function gaussian(block) {
  const paint = row(block, (ctx, f, { kept, at, head }, name) => {
    if (name === "before") look(ctx, f, kept, at, { head: headOf(head), part: "content", size: 5, marks: false });
    if (name === "after") look(ctx, f, kept, at, { head: headOf(head), size: 5, marks: false });
    if (name === "where") gaussians(ctx, f, kept.gaussians(at, head), 0.9);
  });
  return { title: say.gaussians, term: "gaussian", caption: say.gaussiansCaption, shows: ({ kept, at }) => kept?.gaussians(at, null).length > 0,
    paint: (now) => paint(now, ["before", "where", "after"], (name) => say.gaussianSteps[name]) };
}

export function factors(block) {
  const paint = row(block, (ctx, f, { kept, at, head }) => look(ctx, f, kept, at, { head: headOf(head), size: 11 }), [9, 1]);
  return { title: say.factors, term: "rowcolumn", caption: say.factorsCaption, shows: ({ kept, at }) => Boolean(kept?.factors(at, null)), paint: (now) => paint(now, ["product"], () => say.factorsName) };
}
