/* Family tree: filters, the tree and the card of the chosen system. */
import { button, el, write } from "../dom.js";
import { exportButton, exportJson } from "../export.js";
import { language, told, words } from "../words.js";
import * as bus from "../bus.js";
import { card } from "./card.js";
import { get, matches, on, onFrame, set } from "./state.js";
import { tree } from "./tree.js";

const say = await words("family");

export function mount(place, server) {
  const status = el("p", { class: "empty", role: "status" }, say.reading);
  const side = el("aside", { class: "family-card", "aria-live": "polite", tabindex: -1, "aria-label": say.card });
  const graph = el("div", { class: "family-graph" });
  place.append(filters(), status, el("div", { class: "family-body" }, graph, side));
  tree(graph);
  onFrame(["systems", "selected"], (state) => card(side, state, server));
  bus.on(["variants"], () => get().systems.length && card(side, get(), server));
  on(["asked"], ({ asked }) => asked && matchMedia("(max-width: 1000px)").matches && requestAnimationFrame(() => side.scrollIntoView({ behavior: "smooth", block: "start" })));
  on(["selected"], writeAddress);
  load(server, status);
}

async function load(server, status) {
  const asked = new URLSearchParams(location.search).get("system");
  for (const answer of [server.family_told({}), server.family_tree({})]) {       // what is told is here at once, the registry later
    const found = await answer.catch(() => null);
    if (!found || found.error) return write(status, found?.error ? told(found.error) : say.unread);
    const known = (id) => (found.systems.some((system) => system.id === id) ? id : null);
    set({ ...found, selected: known(get().selected) ?? known(asked) ?? known(bus.get().model) ?? found.systems[0]?.id ?? null });
  }
  status.remove();
}

let timer = 0;
function writeAddress({ selected }) {
  if (!selected) return;
  clearTimeout(timer);
  timer = setTimeout(() => {
    const said = new URLSearchParams(location.search);
    if (bus.get().page === "family") said.set("system", selected); else return;
    history.replaceState(history.state, "", `${location.pathname}?${said.toString().replaceAll("%3A", ":").replaceAll("%2F", "/").replaceAll("%40", "@").replaceAll("%2C", ",")}`);
  }, 150);
}

export const local = (text) => text?.[language] ?? text?.en ?? "";

function filters() {
  const search = el("input", { type: "search", id: "atlas-family-search", placeholder: say.searchHint, "aria-label": say.search, oninput: () => set({ search: search.value }) });
  const years = el("div", { class: "family-chips", role: "group", "aria-label": say.year });
  const sections = el("div", { class: "family-chips sections", role: "group", "aria-label": say.section });
  const kinds = el("div", { class: "family-chips", role: "group", "aria-label": say.kind });
  const count = el("span", { class: "note", role: "status" });
  const built = chip(say.built, () => set({ built: !get().built }));
  on(["systems"], (state) => {
    years.replaceChildren(...[...new Set(state.systems.map(({ year }) => year))].sort().map((year) => toggle("year", year, String(year))));
    sections.replaceChildren(...state.sections.map(({ id, name }) => toggle("section", id, local(name), el("i", { class: `section-dot section-${id}` }))));
    kinds.replaceChildren(...state.kinds.map(({ id, name }) => toggle("kind", id, local(name))));
  });
  on(["systems", "search", "year", "section", "kind", "built"], (state) => {
    built.setAttribute("aria-pressed", String(state.built));
    for (const face of [years, sections, kinds].flatMap((group) => [...group.children])) face.setAttribute("aria-pressed", String(String(state[face.dataset.key]) === face.dataset.value));
    const shown = state.systems.filter((system) => matches(system, state));
    write(count, state.systems.length ? say.count(shown.length, state.systems.length, state.systems.filter((system) => system.built).length || "…") : "");
  });
  const save = exportButton(say.save, () => exportJson(get().systems.filter((system) => matches(system, get())), "detr-family"));
  return el("div", { class: "family-filters" }, el("div", { class: "filter-line" }, search, years, kinds, built, el("span", { class: "filter-end" }, count, save)), sections,
    el("p", { class: "note" }, el("i", { class: "key-line" }), say.parentLine, el("i", { class: "key-line dashed" }), say.borrowLine, el("i", { class: "key-box" }), say.greyBox, el("i", { class: "key-dot" }), say.weightsDot));
}

const chip = (label, press, data = {}, mark = null) => button([mark, label].filter(Boolean), press, { class: "switch", "aria-pressed": "false", ...data });
const toggle = (key, value, label, mark) => chip(label, () => set({ [key]: get()[key] === value ? null : value }), { "data-key": key, "data-value": String(value) }, mark);
