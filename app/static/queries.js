/* The list: the best queries by final score, with what they say at the present layer. */
import { badge } from "./badge.js";
import { active, get, layer, on, onFrame, set } from "./bus.js";
import { el, write } from "./dom.js";
import { classColour } from "./paint.js";
import { say } from "./text.js";
import { number } from "./words.js";

export function mount(place) {
  const list = el("div", { class: "query-list", role: "listbox", tabindex: 0, "aria-label": say.queries });
  const note = el("span", { class: "note" });
  place.append(el("header", { class: "panel-head" }, el("h2", {}, say.queries, badge("query")), note), list);
  const rows = [];
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
  onFrame(["run", "top", "layer", "threshold"], (state) => refresh(rows, state));
  onFrame(["run", "top", "hover", "query"], (state) => mark(list, state));
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
  list.replaceChildren(...rows.slice(0, wanted.length).map(({ row }) => row), ...(run ? [] : [el("p", { class: "empty" }, say.noQueries)]));
}

function makeRow() {
  const [swatch, name, bar, score, serial] = [el("i", { class: "swatch" }), el("span", { class: "name" }), el("i", { class: "bar" }),
    el("span", { class: "score" }), el("span", { class: "number" })];
  const row = el("div", { class: "query-row", role: "option", "aria-selected": "false" }, swatch, name, serial, el("span", { class: "track" }, bar), score);
  return { row, swatch, name, bar, score, serial };
}

function refresh(rows, state) {
  const { run, threshold } = state;
  if (!run) return;
  const at = layer();
  run.order.slice(0, state.top).forEach((which, place) => {
    const { row, swatch, name, bar, score, serial } = rows[place];
    const value = run.score(at, which);
    write(name, run.name(at, which));
    write(score, number(value, 2));
    write(serial, String(which));
    swatch.style.background = bar.style.background = classColour(run.label(at, which));
    bar.style.width = `${Math.max(1, value * 100)}%`;
    row.classList.toggle("low", value < threshold);
    row.title = value < threshold ? say.below : "";
  });
}

/** The previewed and the pinned row; a hover touches these alone, so that a list of hundreds stays quick. */
function mark(list, { query }) {
  const rowOf = (which) => (which === null ? null : document.getElementById(`atlas-query-${which}`));
  const [here, row] = [rowOf(active()), rowOf(query)];
  for (const old of list.querySelectorAll(".active")) if (old !== here) old.classList.remove("active");
  for (const old of list.querySelectorAll("[aria-selected=true]")) if (old !== row) old.setAttribute("aria-selected", "false");
  here?.classList.add("active");
  row?.setAttribute("aria-selected", "true");
  list.setAttribute("aria-activedescendant", row?.id ?? "");
  if (row && row.dataset.query !== list.dataset.scrolled) reveal(list, row);
  list.dataset.scrolled = row?.dataset.query ?? "";
}

/** Scroll the list, never the page. */
function reveal(list, row) {
  const top = row.offsetTop - list.offsetTop;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + row.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = top + row.offsetHeight - list.clientHeight;
}
