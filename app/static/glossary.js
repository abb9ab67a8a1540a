/* The glossary: the terms of the field, each in two sentences. entries(place, term) draws it, open at that term. */
import { el, write } from "./dom.js";
import { words } from "./words.js";

const say = await words("guide");

export const TERMS = Object.keys(say.terms);
export const nameOf = (term) => say.terms[term][0];

export function entries(place, term) {
  const rows = TERMS.map((id) => {
    const [name, text] = say.terms[id];
    return { id, key: `${name} ${text}`.toLowerCase(), name, row: el("div", { class: "term", id: `atlas-term-${id}` }, el("dt", {}, name), el("dd", {}, text)) };
  });
  const list = el("dl", { class: "terms" }, [...rows].sort((a, b) => a.name.localeCompare(b.name)).map(({ row }) => row));
  const none = el("p", { class: "empty" });
  const find = el("input", { type: "search", class: "find", placeholder: say.search, "aria-label": say.search, oninput: () => {
    const wanted = find.value.trim().toLowerCase();
    for (const { key, row } of rows) row.hidden = !key.includes(wanted);
    write(none, rows.every(({ row }) => row.hidden) ? say.nothing : "");
  } });
  place.replaceChildren(find, list, none);
  find.focus({ preventScroll: true });
  const chosen = rows.find(({ id }) => id === term);
  if (!chosen) return;
  chosen.row.classList.add("chosen");
  requestAnimationFrame(() => { list.scrollTop = chosen.row.offsetTop - list.offsetTop - 8; });
}
