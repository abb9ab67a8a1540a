/* The card: one query's numbers and heads, or, with nothing chosen, the picture and the detector. */
import { badge } from "./badge.js";
import { active, get, layer, on, onFrame, set } from "./bus.js";
import { el, icon, write } from "./dom.js";
import { overview } from "./overview.js";
import { look } from "./looks.js";
import { around, classColour, context, frame, headColour, levelColour, overlap, picture } from "./paint.js";
import { detail } from "./session.js";
import { say } from "./text.js";
import { number, percent } from "./words.js";

const CLASSES = 5;

export function mount(place) {
  const query = el("div", { class: "card-query" });
  const whole = el("div", { class: "card-overview" });
  place.append(query, whole);
  const parts = build(query);
  onFrame(null, (state) => {
    const chosen = Boolean(state.run) && active() !== null;
    query.hidden = !chosen;
    whole.hidden = chosen;
    if (chosen) refresh(parts, state);
  });
  on(["run", "threshold", "top", "layer", "variants", "status"], (state) => overview(whole, state));
}

function build(place) {
  const parts = { swatch: el("i", { class: "swatch large" }), name: el("h2", { class: "card-name" }), line: el("p", { class: "card-line" }),
    table: el("table", { class: "by-layer" }), heads: el("div", { class: "heads", role: "radiogroup", "aria-label": say.heads_, onkeydown: walkHead }), cells: [],
    share: el("div", { class: "share" }), origin: el("p", { class: "card-note" }) };
  const leave = () => set({ query: null, hover: null, head: null, layer: null });
  const close = el("button", { type: "button", class: "quiet", title: `${say.unpin} (Esc)`, "aria-label": say.unpin, onclick: leave }, icon("close"));
  place.append(el("header", { class: "card-head" }, parts.swatch, el("div", {}, parts.name, parts.line), close),
    el("h3", {}, say.scores, badge("score")), parts.table, parts.origin, el("h3", {}, say.heads_, badge("crossattention")), parts.heads, parts.share);
  return parts;
}

function refresh(parts, state) {
  const { run } = state;
  const [query, at, kept] = [active(), layer(), detail()];
  parts.swatch.style.background = classColour(run.label(at, query));
  write(parts.name, run.name(at, query));
  write(parts.line, `${say.query(query)} · ${number(run.score(at, query), 2)} · ${say.at(at, run.layers)}${query === state.query ? "" : ` · ${say.preview}`}`);
  const proposal = run.proposal(query);
  write(parts.origin, proposal ? say.from(proposal.score) : "");
  table(parts, run, query, at, kept);
  heads(parts, state, query, at, kept);
  share(parts.share, state, at, kept);
}

/** Rows: the classes that matter, then the box; columns: layers. Cells are made once for a run and written again. */
function table(parts, run, query, at, kept) {
  const key = `${run.id} ${run.layers}`;
  if (parts.table.dataset.key !== key) {
    parts.table.dataset.key = key;
    const layers = [...Array(run.layers).keys()];
    parts.columns = layers.map((i) => el("th", { scope: "col" }, el("button",
      { type: "button", title: say.layerOf(i), "aria-label": say.layerOf(i), onclick: () => set({ layer: i === run.layers - 1 ? null : i }) }, String(i + 1))));
    parts.rows = Array.from({ length: CLASSES + 4 }, (_, place) => {
      const row = { head: el("th", { scope: "row" }), cells: layers.map(() => el("td", {})) };
      row.node = el("tr", { class: place < CLASSES ? "class-row" : place === CLASSES ? "box-row first" : "box-row" }, row.head, row.cells);
      return row;
    });
    parts.table.replaceChildren(el("thead", {}, el("tr", {}, el("td", {}), parts.columns)), el("tbody", {}, parts.rows.map(({ node }) => node)));
  }
  parts.columns.forEach((column, i) => column.classList.toggle("here", i === at));
  const chosen = kept ? matter(kept, run) : [];
  parts.rows.slice(0, CLASSES).forEach(({ node, head, cells }, place) => {
    node.hidden = place >= run.names.length;
    const label = chosen[place];
    write(head, label === undefined ? "" : run.names[label] ?? "?");
    cells.forEach((cell, i) => {
      const score = label === undefined ? null : kept.scores(i)[label];
      write(cell, score === null ? "" : score >= 0.995 ? "1" : number(score, 2).slice(1));
      cell.style.setProperty("--share", score === null ? 0 : score);
      cell.style.setProperty("--colour", label === undefined ? "transparent" : classColour(label));
      cell.classList.toggle("here", i === at);
    });
  });
  boxRows(run, query, get().run.facts.picture).forEach(([name, values], place) => {
    const { head, cells } = parts.rows[CLASSES + place];
    write(head, name);
    head.title = say.meaning[name] ?? "";
    cells.forEach((cell, i) => { write(cell, values[i]); cell.classList.toggle("here", i === at); });
  });
}

/** The best classes of the last layer, with those that led at an earlier one. */
function matter(kept, run) {
  const best = (scores) => scores.reduce((top, score, label) => (score > scores[top] ? label : top), 0);
  const last = kept.scores(run.layers - 1);
  const leaders = [...new Set([...Array(run.layers).keys()].map((i) => best(kept.scores(i))))];
  const order = [...last.keys()].sort((a, b) => last[b] - last[a]);
  return [...new Set([...leaders.reverse(), ...order])].slice(0, CLASSES).sort((a, b) => last[b] - last[a]);
}

function boxRows(run, query, { width, height }) {
  const layers = [...Array(run.layers).keys()];
  const boxes = layers.map((i) => run.box(i, query));
  const final = boxes.at(-1);
  const start = run.anchor(0, query) ?? run.proposal(query)?.box;
  const moved = boxes.map((box, i) => {
    const before = i ? boxes[i - 1] : start;
    return before ? String(Math.round(Math.hypot((box[0] - before[0]) * width, (box[1] - before[1]) * height))) : "–";
  });
  return [[say.overlap, boxes.map((box) => number(overlap(box, final), 2))], [say.moved, moved],
    [say.widthRow, boxes.map((box) => String(Math.round(box[2] * width)))], [say.heightRow, boxes.map((box) => String(Math.round(box[3] * height)))]];
}

/** Arrows inside the group walk the heads, not the layers. */
function walkHead(event) {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!step) return;
  event.preventDefault();
  event.stopPropagation();
  const cells = [...event.currentTarget.children];
  const next = cells[Math.max(0, Math.min(cells.length - 1, cells.indexOf(event.target) + step))];
  next.click();
  next.focus();
}

/** One small picture a head, and their mean. */
function heads(parts, state, query, at, kept) {
  const view = state.run.view(at);
  const count = view?.heads ?? 0;
  while (parts.cells.length < count + 1) parts.cells.push(headCell(parts.cells.length - 1));
  const wanted = view ? parts.cells.slice(0, count + 1) : [];
  if (parts.heads.childElementCount !== wanted.length) parts.heads.replaceChildren(...wanted.map(({ cell }) => cell));
  if (!state.image) return;
  wanted.forEach(({ cell, canvas }, place) => {
    const head = place ? place - 1 : null;
    const chosen = (state.head === null ? null : Math.min(state.head, count - 1)) === head;
    cell.setAttribute("aria-checked", String(chosen));
    cell.tabIndex = chosen ? 0 : -1;
    const { ctx, width, height } = context(canvas);
    if (!width) return;
    const f = frame(width, height, state.image, around(state.run, query, state.image, width / height, ...(view.kind === "points" ? [2.2] : [5, 0.5])));
    picture(ctx, state.image, f, 0.5);
    if (kept) look(ctx, f, kept, at, { head, part: state.part, size: 4, marks: head !== null });
  });
}

function headCell(head) {
  const canvas = el("canvas", { "aria-hidden": "true" });
  const name = head < 0 ? say.mean : say.head(head);
  const cell = el("button", { type: "button", class: "head-cell", role: "radio", title: name, "aria-label": name, onclick: () => set({ head: head < 0 ? null : head }) },
    canvas, el("span", {}, head < 0 ? say.mean : [el("i", { style: { background: headColour(head) } }), String(head + 1)]));
  return { cell, canvas };
}

/** How the attention of the layer and head is shared among feature levels. */
function share(place, state, at, kept) {
  const sampled = kept?.points(at, state.head);
  place.hidden = !sampled;
  if (!sampled) return;
  const shapes = state.run.facts.levels;
  const dot = (level) => el("i", { style: { background: levelColour(level) } });
  const bar = sampled.share.map((value, level) => el("i", { style: { width: `${value * 100}%`, background: levelColour(level) } }));
  const rows = sampled.share.map((value, level) => el("li", {}, dot(level), say.level(level, shapes[level]), el("b", {}, percent(value))));
  place.replaceChildren(el("h3", {}, say.share, badge("level")), el("div", { class: "share-bar" }, bar), el("ul", {}, rows));
}
