/* One slot: its boxes large, how often it finds something, and what it says then. */
import { onFrame as onBusFrame } from "../bus.js";
import { ink } from "../chart.js";
import { el, write } from "../dom.js";
import { box, classColour, context } from "../paint.js";
import { percent, number } from "../words.js";
import { onFrame, slot, tally } from "./tally.js";
import { dots } from "./slots.js";
import { shapeColour } from "./shapes.js";
import { say } from "./text.js";

export function mount(place) {
  const [name, line, empty] = [el("h2", { class: "card-name" }), el("p", { class: "card-line" }), el("p", { class: "empty" }, say.chooseSlot)];
  const canvas = el("canvas", { role: "img", "aria-label": say.slotPicture });
  const [facts, classes] = [el("dl", { class: "facts" }), el("ul", { class: "slot-classes" })];
  const whole = el("div", {}, name, line, canvas, facts, el("h3", {}, say.says), classes);
  place.append(whole, empty);
  const show = () => {
    const { data, least } = tally();
    const query = slot();
    whole.hidden = query === null;
    empty.hidden = query !== null || !data;
    if (query === null) return;
    const found = tell(data, query, least);
    write(name, say.slot(query));
    write(line, say.fires(found.count, data.pictures));
    paint(canvas, data, query, least, found);
    facts.replaceChildren(...[[say.spread, percent(found.spread)], [say.meanScore, number(found.mean, 2)], [say.size, found.count ? `${percent(found.wide)} × ${percent(found.high)}` : "–"]].map(([key, value]) => el("div", {}, el("dt", {}, key), el("dd", {}, value))));
    classes.replaceChildren(...(found.classes.length ? found.classes.slice(0, 8).map(([label, count]) => row(data.names[label] ?? "?", label, count / found.count)) : [el("li", { class: "note" }, say.silent)]));
  };
  onFrame(["data", "least", "hover"], show);
  new ResizeObserver(onBusFrame(["query", "theme"], show)).observe(place);
}

const row = (name, label, share) => el("li", {}, el("span", {}, name), el("i", { style: { width: `${share * 100}%`, background: classColour(label) } }), el("b", {}, percent(share)));

/** How often, how far apart, how large and what, of one slot. */
function tell(data, query, least) {
  const [boxes, classes] = [[], new Map()];
  let mean = 0;
  for (let picture = 0; picture < data.pictures; picture++) {
    mean += data.score(picture, query) / data.pictures;
    if (data.score(picture, query) < least) continue;
    boxes.push(data.box(picture, query));
    const label = data.label(picture, query);
    classes.set(label, (classes.get(label) ?? 0) + 1);
  }
  const every = Array.from({ length: data.pictures }, (_, picture) => data.box(picture, query));
  const average = (list, i) => list.reduce((sum, found) => sum + found[i], 0) / (list.length || 1);
  const [x, y] = [average(every, 0), average(every, 1)];
  const spread = Math.sqrt(every.reduce((sum, found) => sum + (found[0] - x) ** 2 + (found[1] - y) ** 2, 0) / every.length);
  return { count: boxes.length, mean, spread, wide: average(boxes, 2), high: average(boxes, 3), boxes, classes: [...classes].sort((a, b) => b[1] - a[1]) };
}

function paint(canvas, data, query, least, { boxes }) {
  const { ctx, width, height } = context(canvas);
  const [side, colours] = [Math.min(width, height), ink()];
  const f = { px: (x) => (width - side) / 2 + x * side, py: (y) => y * side, w: side, h: side };
  ctx.fillStyle = colours.faint;
  ctx.fillRect(f.px(0), 0, side, side);
  for (const found of boxes) box(ctx, f, found, shapeColour(found), { width: 1, alpha: 0.35, casing: 0 });
  dots(ctx, data, query, least, [f.px(0), 0, side], 4, colours.soft);
}
