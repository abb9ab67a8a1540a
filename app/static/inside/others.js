/* The other queries: whom this one listened to in self-attention, who listened to it, and who sat on the same object. */
import { badge } from "../badge.js";
import * as bus from "../bus.js";
import { el, write } from "../dom.js";
import { box, classColour, context, frame, overlap, picture, tag } from "../paint.js";
import { number, percent, words } from "../words.js";
import { always, get, headOf, set } from "./state.js";

const say = await words("inside");
const [MOST, SAME, RIVALS] = [7, 0.5, 5];

export function mount(place) {
  const canvas = el("canvas", { role: "img", "aria-label": say.othersLabel });
  const list = el("div", { class: "other-list", role: "list" });
  const [verdict, caption] = [el("p", { class: "other-verdict" }), el("p", { class: "inside-caption" })];
  place.append(el("header", { class: "panel-head" }, el("h2", {}, say.others, badge("selfattention"))), el("div", { class: "inside-mat" }, canvas), list, verdict, caption);
  write(caption, say.othersCaption);
  const hear = (event) => event.target.closest("[data-query]");
  list.addEventListener("pointerover", (event) => set({ other: hear(event) ? Number(hear(event).dataset.query) : null }));
  list.addEventListener("pointerleave", () => set({ other: null }));
  list.addEventListener("click", (event) => hear(event) && bus.set({ query: Number(hear(event).dataset.query) }));
  let shown = "";
  const draw = always((now) => {
    if (!now) return;
    const found = now.kept && heard(now);
    paint(canvas, now, found);
    const key = [now.run.id, now.query, now.at, now.head, get().reduce, Boolean(found)].join(" ");
    if (key !== shown) {
      shown = key;
      fill(list, now, found);
      write(verdict, found ? story(now) : "");
    }
    for (const row of list.querySelectorAll("[data-query]")) row.classList.toggle("active", row.dataset.query === String(get().other));
  }, "other");
  new ResizeObserver(draw).observe(canvas);
}

/** The queries that were listened to most, best first, without itself: [{query, weight, back, iou}], and what it kept for itself. */
function heard({ run, query, kept, at, head }) {
  const found = kept.others(at, headOf(head));
  if (!found) return null;
  const order = [...found.values.keys()].filter((other) => other !== query).sort((a, b) => found.values[b] - found.values[a]).slice(0, MOST);
  const rows = order.map((other) => ({ query: other, weight: found.values[other], back: found.heard?.[other] ?? null, iou: overlap(run.box(at, query), run.box(at, other)) }));
  return { rows, own: found.values[query], peak: rows[0]?.weight || 1 };
}

/** Queries that say the same class of the same place at some layer. */
function rivals(run, query) {
  const found = [];
  for (let other = 0; other < run.queries; other++) {
    if (other === query) continue;
    const layers = [...Array(run.layers).keys()].filter((at) => run.label(at, other) === run.label(at, query) && overlap(run.box(at, other), run.box(at, query)) > SAME);
    if (layers.length) found.push({ query: other, best: Math.max(...layers.map((at) => run.score(at, other))), last: run.score(run.layers - 1, other), since: layers[0] });
  }
  return found.sort((a, b) => b.best - a.best);
}

function story({ run, query }) {
  const found = rivals(run, query);
  if (!found.length) return say.alone;
  const own = run.score(run.layers - 1, query);
  const [above, below] = [found.filter(({ last }) => last > own), found.filter(({ last }) => last <= own)];
  const named = (list) => list.slice(0, RIVALS).map(({ query: other, best, last }) => `#${other} (${number(best, 2)} → ${number(last, 2)})`).join(", ");
  const names = (list) => named(list) + (list.length > RIVALS ? " …" : "");
  return [say.rivals(found.length), below.length ? say.below(names(below)) : "", above.length ? say.above(names(above)) : ""].filter(Boolean).join(" ");
}

function paint(canvas, { run, image, query, at }, found) {
  const { ctx, width, height } = context(canvas);
  if (!width) return;
  canvas.style.setProperty("--aspect", image.naturalWidth / image.naturalHeight);
  const f = frame(width, height, image);
  picture(ctx, image, f, 0.55);
  const own = run.box(at, query);
  for (const { query: other, weight } of [...(found?.rows ?? [])].reverse()) {
    const theirs = run.box(at, other);
    const [share, here] = [Math.sqrt(weight / found.peak), get().other === other];
    const colour = classColour(run.label(at, other));
    ctx.save();
    ctx.lineCap = "round";
    for (const [extra, style] of [[2.4, "rgba(12, 16, 22, .8)"], [0, here ? "#fff" : colour]]) {
      ctx.lineWidth = 1 + 6 * share + extra; ctx.strokeStyle = style; ctx.globalAlpha = here ? 1 : 0.35 + 0.5 * share;
      ctx.beginPath(); ctx.moveTo(f.px(own[0]), f.py(own[1])); ctx.lineTo(f.px(theirs[0]), f.py(theirs[1])); ctx.stroke();
    }
    ctx.restore();
    box(ctx, f, theirs, colour, { width: here ? 3 : 1.4, alpha: here ? 1 : 0.8 });
  }
  const colour = classColour(run.label(at, query));
  const shape = box(ctx, f, own, colour, { width: 3 });
  const taken = [];
  tag(ctx, `${run.name(at, query)} ${number(run.score(at, query), 2)}`, shape, colour, { width, height, taken });
  const pointed = found?.rows.find(({ query: other }) => other === get().other);
  if (pointed) {
    const at_ = pointed.query;
    const theirs = box(ctx, f, run.box(at, at_), classColour(run.label(at, at_)), { width: 3 });
    tag(ctx, `#${at_} ${run.name(at, at_)} ${number(run.score(at, at_), 2)}`, theirs, classColour(run.label(at, at_)), { width, height, taken });
  }
}

function fill(list, { run, at }, found) {
  if (!found) return list.replaceChildren(el("p", { class: "empty" }, say.noOthers));
  const head = el("div", { class: "other-row other-names" }, el("span", {}), el("span", {}, say.otherQuery), el("span", {}, say.listens), el("span", {}, say.listened), el("span", {}, "IoU"));
  const cell = (value) => el("span", { class: "number" }, value === null ? "–" : percent(value, value < 0.1 ? 1 : 0));
  const rows = found.rows.map(({ query, weight, back, iou }) => el("button", { type: "button", class: "other-row", "data-query": query, role: "listitem", title: say.lookInto(query) },
    el("i", { class: "swatch", style: { background: classColour(run.label(at, query)) } }), el("span", { class: "name" }, `#${query} ${run.name(at, query)} ${number(run.score(at, query), 2)}`),
    cell(weight), cell(back), el("span", { class: "number" }, number(iou, 2)), el("span", { class: "track" }, el("i", { style: { width: `${(weight / found.peak) * 100}%`, background: classColour(run.label(at, query)) } }))));
  list.replaceChildren(head, ...rows, el("p", { class: "note" }, say.own(percent(found.own, 1))));
}
