/* The lineage, drawn: one box a system, lines from parents, dashed ones from second parents. Arrow keys walk it. */
import { el } from "../dom.js";
import { words } from "../words.js";
import { byYear, outline } from "./layout.js";
import { get, matches, on, set } from "./state.js";

const say = await words("family");
const NARROW = 720;

export function tree(place) {
  const scroll = el("div", { class: "tree-scroll" });
  place.append(scroll);
  let drawn = null;
  const redraw = () => {
    const { systems } = get();
    const width = place.clientWidth;
    if (!systems.length || !width) return;
    drawn = draw(systems, width);
    scroll.replaceChildren(drawn.svg);
    light(drawn);
  };
  on(["systems"], redraw);
  on(["selected", "hover", "search", "year", "section", "kind", "built"], () => drawn && light(drawn));
  let before = 0;
  new ResizeObserver(() => { if (Math.abs(place.clientWidth - before) > 2) { before = place.clientWidth; redraw(); } }).observe(place);
}

function draw(systems, width) {
  const narrow = width < NARROW;
  const plan = narrow ? outline(systems, width) : byYear(systems, width);
  const svg = el("svg", { viewBox: `0 0 ${plan.width} ${plan.height}`, width: plan.width, height: plan.height, class: narrow ? "family-tree narrow" : "family-tree",
    role: "tree", "aria-label": say.tree });
  const bands = plan.bands.map(({ year, x, w }) => el("g", { class: "band", "aria-hidden": "true" },
    el("rect", { x: x - 8, y: 0, width: w + 16, height: plan.height, rx: 10 }), el("text", { x: x + 2, y: 20 }, String(year))));
  const line = ({ path, borrowed, to }) => el("path", { d: path, class: borrowed ? "link borrowed" : "link", "aria-hidden": "true", onclick: () => set({ selected: to }) });
  const links = plan.links.map((link) => ({ ...link, node: line(link) }));
  const byId = new Map(systems.map((system) => [system.id, system]));
  const order = [...plan.nodes.entries()].sort(([, a], [, b]) => (narrow ? a.y - b.y : a.x - b.x || a.y - b.y));
  const boxes = new Map(order.map(([id, at]) => [id, node(byId.get(id), at, narrow, level(id, byId))]));
  svg.append(...bands, ...links.map((link) => link.node), ...boxes.values());
  const found = { svg, plan, links, boxes, byId };
  svg.addEventListener("keydown", (event) => walk(event, found));
  return found;
}

const level = (id, byId) => { const parent = byId.get(id).parent; return byId.has(parent) ? 1 + level(parent, byId) : 1; };

function node(system, { x, y, w, h }, narrow, depth) {
  const name = system.short ?? system.name;
  const room = w - 22 - (system.weights?.length ? 14 : 0);
  const told = [system.name, system.year, system.built === false ? say.notBuilt : say.builtHere].join(", ");
  const group = el("g", { class: `node section-${system.section}`, role: "treeitem", tabindex: -1, "data-id": system.id, "data-built": String(system.built),
    "aria-label": told, "aria-level": depth, transform: `translate(${x} ${y})`, onclick: () => set({ selected: system.id, asked: get().asked + 1 }),
    onpointerenter: () => set({ hover: system.id }), onpointerleave: () => set({ hover: null }) },
  el("rect", { width: w, height: h, rx: 6, class: "body" }), el("rect", { width: 5, height: h - 8, x: 4, y: 4, rx: 2.5, class: "bar" }),
  el("text", { x: 15, y: h / 2 + 4.2, textLength: fitted(name, room), lengthAdjust: "spacingAndGlyphs" }, name));
  if (system.weights?.length) group.append(el("circle", { cx: w - 10, cy: h / 2, r: 3.2, class: "weights" }));
  if (narrow) group.append(el("text", { x: w + 8, y: h / 2 + 4, class: "year", "aria-hidden": "true" }, String(system.year)));
  return group;
}

const ruler = document.createElement("canvas").getContext("2d");

/** The width that a long name is squeezed to, or null where it fits. */
function fitted(text, room) {
  ruler.font = "500 12.5px 'Atlas Sans', system-ui, sans-serif";
  return ruler.measureText(text).width > room ? room : null;
}

/** Who matches the filters, and whose family is in hand. */
function light({ boxes, links, byId }) {
  const state = get();
  const chosen = state.hover ?? state.selected;
  const kin = new Set();
  for (let id = chosen; byId.has(id) && !kin.has(id); id = byId.get(id).parent) kin.add(id);
  const near = new Set([...kin, ...[...byId.values()].filter(({ parent, borrows }) => parent === chosen || (borrows ?? []).includes(chosen)).map(({ id }) => id), ...(byId.get(chosen)?.borrows ?? [])]);
  let first = true;
  for (const [id, box] of boxes) {
    const here = matches(byId.get(id), state);
    box.classList.toggle("faded", !here);
    box.classList.toggle("kin", kin.has(id));
    box.classList.toggle("near", near.has(id));
    box.setAttribute("aria-selected", String(id === state.selected));
    box.setAttribute("tabindex", id === state.selected || (!state.selected && first) ? "0" : "-1");
    first = false;
  }
  for (const { from, to, node: line, borrowed } of links) {
    const touched = borrowed ? from === chosen || to === chosen : kin.has(to) || from === chosen;
    line.classList.toggle("kin", touched);
    line.classList.toggle("faded", !(matches(byId.get(from), state) && matches(byId.get(to), state)));
  }
}

/** Left: the parent. Right: the first child. Up and down: the neighbour in the column. */
function walk(event, { boxes, plan, byId }) {
  const id = event.target.closest("[data-id]")?.dataset.id;
  if (!id) return;
  const at = plan.nodes.get(id);
  const column = [...plan.nodes.entries()].filter(([other]) => !plan.bands.length || byId.get(other).year === byId.get(id).year).sort(([, a], [, b]) => a.y - b.y).map(([other]) => other);
  const children = [...byId.values()].filter(({ parent }) => parent === id).sort((a, b) => plan.nodes.get(a.id).y - plan.nodes.get(b.id).y);
  const to = { ArrowUp: column[column.indexOf(id) - 1], ArrowDown: column[column.indexOf(id) + 1], ArrowLeft: byId.get(id).parent, ArrowRight: children[0]?.id,
    Home: column[0], End: column.at(-1), Enter: id, " ": id }[event.key];
  if (event.key in { ArrowUp: 1, ArrowDown: 1, ArrowLeft: 1, ArrowRight: 1, Home: 1, End: 1, Enter: 1, " ": 1 }) event.preventDefault();
  if (!to || !boxes.has(to) || !at) return;
  set(event.key === "Enter" || event.key === " " ? { selected: to, asked: get().asked + 1 } : { selected: to });
  boxes.get(to).focus();
}
