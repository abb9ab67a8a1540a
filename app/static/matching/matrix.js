/* The cost matrix: objects down, queries across; the darker a cell, the cheaper the pair. Point to see its terms, press to pin it. */
import { badge } from "../badge.js";
import { get, layer, on as onBus, onFrame as onBusFrame } from "../bus.js";
import { el, write } from "../dom.js";
import { exportButton, exportJson, exportPng } from "../export.js";
import { ink } from "../chart.js";
import { context, forget, sheet } from "../paint.js";
import { number } from "../words.js";
import { lab, objectColour, on, onFrame, pin, set, shownPair, solution } from "./lab.js";
import { say } from "./text.js";

const ROW = 28;
const HEAD = 26;
const FEW = 40;

export function mount(place) {
  const canvas = el("canvas", { tabindex: 0, role: "application", "aria-label": say.matrix });
  const scroll = el("div", { class: "matrix-scroll" }, canvas);
  const names = el("ol", { class: "matrix-names" });
  const words = el("p", { class: "sr", "aria-live": "polite" });
  const note = el("span", { class: "note" });
  place.append(el("header", { class: "panel-head" }, el("h2", {}, say.matrixTitle, badge("hungarian")), note, tools(canvas)), el("div", { class: "matrix" }, names, scroll), legend(), words);
  const draw = () => paint(canvas, scroll);
  const fit = () => { measure(canvas, scroll, names, note); draw(); };
  onFrame(null, draw);
  on(["objects", "says", "every", "order"], fit);
  onBus(["run"], fit);
  new ResizeObserver(fit).observe(scroll);
  new ResizeObserver(onBusFrame(["layer", "theme", "run"], fit)).observe(place);
  listen(canvas);
  on(["pair"], ({ pair }) => { const now = solution(); if (pair && now && lab().objects[pair.object]) write(words, say.cell(lab().objects[pair.object].name, pair.query, number(value(now, pair), 2))); });
}

function tools(canvas) {
  const group = (key, values) => el("div", { class: "segment-row", role: "group" }, values.map((each) => {
    const button = el("button", { type: "button", onclick: () => set({ [key]: each }) }, say[key][each] ?? say.terms[each]);
    on([key], (state) => button.setAttribute("aria-pressed", String(state[key] === each)));
    return button;
  }));
  const terms = el("div", {});
  on(["official"], ({ official }) => terms.replaceChildren(group("term", ["total", ...Object.keys(official)])));
  const every = el("button", { type: "button", class: "switch", onclick: () => set({ every: !lab().every }) }, say.every);
  on(["every"], (state) => every.setAttribute("aria-pressed", String(state.every)));
  return el("div", { class: "matrix-tools" }, terms, group("order", ["score", "match"]), every, exportButton(say.png, () => exportPng(canvas, "cost", get().picture)), exportJsonButton());
}

const exportJsonButton = () => el("button", { type: "button", class: "quiet", onclick: () => {
  const now = solution();
  if (now) exportJson({ layer: layer() + 1, objects: lab().objects, weights: lab().weights, queries: get().run.queries, cost: now.cost, parts: now.parts, matched: now.query }, "cost", get().picture);
} }, "JSON");

const legend = () => el("p", { class: "matrix-legend note" }, el("i", { class: "cheap" }), say.cheap, el("i", { class: "own" }), say.assigned, el("i", { class: "was" }), say.assignedBefore);

const across = { key: [], shown: [] };

/** Which queries stand across: the best by final score and whoever is matched, or all. The same list while nothing changes. */
export function columns() {
  const { run } = get();
  const now = solution();
  if (!run || !now) return [];
  const key = [run, now, lab().every, lab().order];
  if (key.some((each, i) => each !== across.key[i])) Object.assign(across, { key, shown: listed(run, now) });
  return across.shown;
}

function listed(run, now) {
  const wanted = new Set(lab().every ? run.order : [...run.order.slice(0, FEW), ...now.query].filter((query) => query >= 0));
  const sorted = run.order.filter((query) => wanted.has(query));
  if (lab().order === "score") return sorted;
  const own = [...now.query].filter((query) => query >= 0);
  return [...own, ...sorted.filter((query) => !own.includes(query))];
}

const values = (now) => (lab().term === "total" ? now.cost : now.parts[lab().term] ?? now.cost);
const value = (now, { object, query }) => values(now)[object * get().run.queries + query];

function measure(canvas, scroll, names, note) {
  const { objects } = lab();
  const count = columns().length;
  const wide = Math.max(lab().every ? 9 : 25, Math.floor(scroll.clientWidth / Math.max(count, 1)));
  Object.assign(canvas.style, { width: `${Math.min(wide * count, 16000)}px`, height: `${HEAD + objects.length * ROW}px` });
  forget(canvas);
  write(note, count ? say.shown(count, get().run.queries) : "");
  names.replaceChildren(...objects.map((object, i) => el("li", { title: object.name }, el("i", { class: "swatch", style: { background: objectColour(i) } }), object.name)));
}

/** 1 for the cheapest of what is shown, 0 for the dearest tenth, so that outliers do not flatten the rest. */
function shadeOf(now, shown, objects) {
  const all = objects.flatMap((_, object) => shown.map((query) => value(now, { object, query }))).sort((a, b) => a - b);
  const [low, high] = [all[0], all[Math.floor(all.length * 0.9)]];
  return (cost) => Math.max(0, Math.min(1, (high - cost) / (high - low || 1)));
}

function paint(canvas, scroll) {
  const { ctx, width } = context(canvas);
  const now = solution();
  const shown = columns();
  if (!now || !shown.length || !width) return;
  const { objects, term } = lab();
  const [wide, colours, pair] = [width / shown.length, ink(), shownPair()];
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  sheet(canvas, ctx, [now, shown, objects, term, layer(), colours.ink, colours.sheet], (own) => cells(own, now, shown, wide, colours));
  const x = pair ? shown.indexOf(pair.query) : -1;
  if (x >= 0) {
    ctx.clearRect(x * wide, 0, wide, HEAD);
    heading(ctx, pair.query, x * wide, wide, true, colours);
    ring(ctx, [x * wide - 0.75, HEAD + pair.object * ROW - 0.75, wide + 1.5, ROW + 1.5], colours.ink, 2, []);
  }
  reveal(scroll, shown.indexOf(lab().pair?.query), wide);
}

/** Every pair's cost, with the assigned pairs in their object's colour. */
function cells(ctx, now, shown, wide, colours) {
  const shade = shadeOf(now, shown, lab().objects);
  const before = layer() ? solution(layer() - 1).query : null;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  shown.forEach((query, x) => {
    heading(ctx, query, x * wide, wide, false, colours);
    lab().objects.forEach((_, object) => {
      const cost = value(now, { object, query });
      const box = [x * wide + 0.75, HEAD + object * ROW + 0.75, wide - 1.5, ROW - 1.5];
      cell(ctx, box, shade(cost), colours);
      if (wide >= 24) { ctx.fillStyle = shade(cost) > 0.62 ? colours.sheet : colours.ink; ctx.font = `500 ${wide < 29 ? 9.5 : 10.5}px 'Atlas Sans', sans-serif`; ctx.fillText(short(cost), box[0] + box[2] / 2, box[1] + box[3] / 2 + 0.5); }
      if (now.query[object] === query) ring(ctx, box, objectColour(object), 2.5, []);
      else if (before?.[object] === query) ring(ctx, box, objectColour(object), 2, [3, 3]);
    });
  });
}

const short = (cost) => number(Math.abs(cost) < 0.05 ? 0 : cost, Math.abs(cost) >= 9.95 ? 0 : 1).replace("-", "−");

function heading(ctx, query, x, wide, here, colours) {
  if (wide < 18 && !here) return;
  ctx.fillStyle = here ? colours.accent : colours.soft;
  ctx.font = `${here ? 700 : 500} 11px 'Atlas Sans', sans-serif`;
  ctx.fillText(String(query), x + wide / 2, HEAD / 2);
}

function cell(ctx, box, share, colours) {
  ctx.fillStyle = colours.faint;
  ctx.beginPath(); ctx.roundRect(...box, 3); ctx.fill();
  ctx.globalAlpha = share ** 1.6 * 0.92;
  ctx.fillStyle = colours.ink;
  ctx.fill();
  ctx.globalAlpha = 1;
}

function ring(ctx, [x, y, w, h], colour, width, dash) {
  ctx.strokeStyle = colour; ctx.lineWidth = width; ctx.setLineDash(dash);
  ctx.beginPath(); ctx.roundRect(x + width / 2, y + width / 2, w - width, h - width, 3); ctx.stroke();
  ctx.setLineDash([]);
}

/** Bring a newly pinned pair into view, sideways only. */
function reveal(scroll, x, wide) {
  const key = `${lab().pair?.query} ${scroll.clientWidth}`;
  if (x < 0 || scroll.dataset.revealed === key) return;
  scroll.dataset.revealed = key;
  if (x * wide < scroll.scrollLeft || (x + 1) * wide > scroll.scrollLeft + scroll.clientWidth) scroll.scrollLeft = x * wide - scroll.clientWidth / 2;
}

function listen(canvas) {
  const under = (event) => {
    const [shown, bounds] = [columns(), canvas.getBoundingClientRect()];
    const [x, object] = [Math.floor(((event.clientX - bounds.left) / bounds.width) * shown.length), Math.floor((event.clientY - bounds.top - HEAD) / ROW)];
    return shown[x] !== undefined && lab().objects[object] ? { object, query: shown[x] } : null;
  };
  const same = (a, b) => a?.object === b?.object && a?.query === b?.query;
  canvas.addEventListener("pointermove", (event) => { const found = under(event); if (event.pointerType !== "touch" && !same(found, lab().hover)) set({ hover: found }); });
  canvas.addEventListener("pointerleave", () => set({ hover: null }));
  canvas.addEventListener("click", (event) => { const found = under(event); if (found) pin(found); });
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    const shown = columns();
    if (!move || !shown.length || !lab().objects.length) return;
    event.preventDefault();
    event.stopPropagation();
    const pair = lab().pair ?? { object: 0, query: shown[0] };
    const held = (value, count) => Math.max(0, Math.min(count - 1, value));
    pin({ object: held(pair.object + move[0], lab().objects.length), query: shown[held(shown.indexOf(pair.query) + move[1], shown.length)] });
  });
}
