/* The list: the best queries by final score, with what they say at the present layer. */
import { badge } from "./badge.js";
import { active, get, layer, on, onFrame, set } from "./bus.js";
import { el, write } from "./dom.js";
import { classColour } from "./paint.js";
import { say } from "./text.js";
import { number } from "./words.js";

const CHUNK = 20;                                     // rows that are laid out together, or not at all while they are out of sight

export function mount(place) {
  const list = el("div", { class: "query-list", role: "listbox", tabindex: 0, "aria-label": say.queries });
  const note = el("span", { class: "note" });
  place.append(el("header", { class: "panel-head" }, el("h2", {}, say.queries, badge("query")), note), list);
  const rows = [];
  const marked = { here: null, row: null };           // the previewed and the pinned row
  list.addEventListener("pointerover", (event) => {
    const row = event.target.closest("[data-query]");
    if (row && event.pointerType !== "touch") set({ hover: Number(row.dataset.query) });
  });
  list.addEventListener("pointerleave", () => set({ hover: null }));
  list.addEventListener("click", (event) => {
    const row = event.target.closest("[data-query]");
    if (!row) return;
    const query = Number(row.dataset.query);
    set({ query: query === get().query ? null : query, hover: null });
  });
  list.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && active() !== null) set({ query: active() });
  });
  on(["run", "top"], (state) => rebuild(list, rows, note, state));
  onFrame(["run", "top", "layer"], (state) => refresh(rows, state));
  onFrame(["run", "top", "layer", "threshold"], (state) => fade(rows, state));
  onFrame(["run", "top", "hover", "query"], (state) => mark(list, marked, state));
}

/** One row a query; rows are reused, so that nothing jumps while a slider moves. */
function rebuild(list, rows, note, { run, top }) {
  write(note, run ? `${Math.min(top, run.queries)} / ${run.queries}, ${say.queriesNote}` : "");
  const wanted = run ? run.order.slice(0, top) : [];
  while (rows.length < wanted.length) rows.push(makeRow());
  wanted.forEach((query, place) => {
    const { row } = rows[place];
    row.dataset.query = query;
    row.id = `atlas-query-${query}`;
  });
  const chunks = Array.from({ length: Math.ceil(wanted.length / CHUNK) }, (_, i) =>
    el("div", { class: "query-chunk", role: "presentation" }, rows.slice(i * CHUNK, Math.min((i + 1) * CHUNK, wanted.length)).map(({ row }) => row)));
  list.replaceChildren(...chunks, ...(run ? [] : [el("p", { class: "empty" }, say.noQueries)]));
}

function makeRow() {
  const [swatch, name, bar, score, serial] = [el("i", { class: "swatch" }), el("span", { class: "name" }), el("i", { class: "bar" }),
    el("span", { class: "score" }), el("span", { class: "number" })];
  const row = el("div", { class: "query-row", role: "option", "aria-selected": "false" }, swatch, name, serial, el("span", { class: "track" }, bar), score);
  return { row, swatch, name, bar, score, serial };
}

function refresh(rows, state) {
  const { run } = state;
  if (!run) return;
  const at = layer();
  run.order.slice(0, state.top).forEach((which, place) => {
    const { swatch, name, bar, score, serial } = rows[place];
    const value = run.score(at, which);
    write(name, run.name(at, which));
    write(score, number(value, 2));
    write(serial, String(which));
    swatch.style.background = bar.style.background = classColour(run.label(at, which));
    bar.style.width = `${Math.max(1, value * 100)}%`;
  });
}

/** Rows below the threshold are faint; only those that crossed it are touched. */
function fade(rows, { run, threshold, top }) {
  const at = layer();
  run?.order.slice(0, top).forEach((which, place) => {
    const { row } = rows[place];
    const low = run.score(at, which) < threshold;
    if (row.classList.contains("low") === low) return;
    row.classList.toggle("low", low);
    row.title = low ? say.below : "";
  });
}

/** A hover touches only the rows that were marked and those that are, so that a list of hundreds stays quick. */
function mark(list, marked, { query }) {
  const rowOf = (which) => (which === null ? null : document.getElementById(`atlas-query-${which}`));
  const [here, row] = [rowOf(active()), rowOf(query)];
  if (marked.here !== here) marked.here?.classList.remove("active");
  if (marked.row !== row) marked.row?.setAttribute("aria-selected", "false");
  Object.assign(marked, { here, row });
  here?.classList.add("active");
  row?.setAttribute("aria-selected", "true");
  list.setAttribute("aria-activedescendant", row?.id ?? "");
  if (row && row.dataset.query !== list.dataset.scrolled) reveal(list, row);
  list.dataset.scrolled = row?.dataset.query ?? "";
}

/** Scroll the list, never the page. */
function reveal(list, row) {
  const [there, here] = [row.getBoundingClientRect(), list.getBoundingClientRect()];
  if (there.top < here.top) list.scrollTop += there.top - here.top;
  else if (there.bottom > here.bottom) list.scrollTop += there.bottom - here.bottom;
}
