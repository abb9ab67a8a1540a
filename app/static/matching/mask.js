/* The attention mask of training: which group of queries may look at which, drawn in proportion. */
import { ink } from "../chart.js";
import { el, write } from "../dom.js";
import { context } from "../paint.js";
import { hidden } from "./denoise.js";
import { say } from "./text.js";

const LEFT = 108;
const COLOURS = { denoising: "#e0679a", queries: "#3f8fd0", many: "#5aa469" };

/** {node, show(groups)}: a square of rows that look and columns that are looked at. */
export function mask() {
  const canvas = el("canvas", { role: "img", "aria-label": say.maskTitle });
  const words = el("p", { class: "rule-line", "aria-live": "polite" });
  const node = el("figure", { class: "mask-figure" }, el("figcaption", {}, el("h3", {}, say.maskTitle), el("span", { class: "note" }, say.maskNote)), canvas, words);
  let [present, over] = [[], null];
  const show = () => { paint(canvas, present, over); write(words, over ? say.sees(over.row, over.column, over.may) : say.maskSizes(present.map(({ group, size }) => [group.name, size]))); };
  new ResizeObserver(show).observe(canvas);
  canvas.addEventListener("pointermove", (event) => {
    const bounds = canvas.getBoundingClientRect();
    const side = bounds.width - LEFT;
    const at = (place) => present.find(({ from, to }) => place >= from && place < to);
    const [row, column] = [at((event.clientY - bounds.top - 24) / side), at((event.clientX - bounds.left - LEFT) / side)];
    over = row && column ? { row: name(row), column: name(column), may: !hidden(row.groups, row.first, column.first), y: row, x: column } : null;
    show();
  });
  canvas.addEventListener("pointerleave", () => { over = null; show(); });
  return { node, show: (groups) => { present = runs(groups); show(); } };
}

const name = ({ group, part }) => say.groupNames[group.name] + (group.parts > 1 ? ` ${part + 1}` : "");

/** Every stretch of queries that sees alike: {group, part, first, size, from, to} with from and to in 0..1. */
function runs(groups) {
  const all = groups.reduce((sum, { size }) => sum + size, 0);
  let first = 0;
  return groups.flatMap((group) => Array.from({ length: group.parts }, (_, part) => {
    const size = group.size / group.parts;
    const run = { groups, group, part, first: Math.round(first), size, from: first / all, to: (first + size) / all };
    first += size;
    return run;
  }));
}

function paint(canvas, present, over) {
  const { ctx, width, height } = context(canvas);
  if (!width || !present.length) return;
  const [side, top, colours] = [Math.min(width - LEFT, height - 24), 24, ink()];
  for (const row of present) for (const column of present) {
    const may = !hidden(row.groups, row.first, column.first);
    const lit = over && (over.y === row || over.x === column);
    ctx.globalAlpha = may ? (over && !lit ? 0.55 : 1) : 1;
    ctx.fillStyle = may ? COLOURS[row.group.name] : lit ? colours.rule : colours.faint;
    const gap = Math.min(1, (row.to - row.from) * side * 0.1);
    ctx.fillRect(LEFT + column.from * side, top + row.from * side, (column.to - column.from) * side - gap, (row.to - row.from) * side - gap);
  }
  ctx.globalAlpha = 1;
  labels(ctx, present, side, top, colours);
}

/** A name a group, on both sides. */
function labels(ctx, present, side, top, colours) {
  ctx.font = "500 11.5px 'Atlas Sans', sans-serif";
  for (const group of new Set(present.map((each) => each.group))) {
    const own = present.filter((each) => each.group === group);
    const [from, to] = [own[0].from, own.at(-1).to];
    ctx.fillStyle = colours.soft;
    ctx.textAlign = "right"; ctx.textBaseline = "middle";
    ctx.fillText(say.groupNames[group.name], LEFT - 8, top + ((from + to) / 2) * side);
    if ((to - from) * side < 60) continue;
    ctx.textAlign = "center";
    ctx.fillText(say.groupNames[group.name], LEFT + ((from + to) / 2) * side, top / 2);
  }
}
