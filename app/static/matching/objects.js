/* The objects: their class, and which query answers for them at every layer; where that changed is marked. */
import { badge } from "../badge.js";
import { get, layer, on as onBus, set as select } from "../bus.js";
import { el, icon, write } from "../dom.js";
import { change, lab, objectColour, on, pin, remove, set, solution } from "./lab.js";
import { choose } from "./edit.js";
import { say } from "./text.js";

export function mount(place) {
  const table = el("table", { class: "object-table" });
  const empty = el("p", { class: "empty" }, say.none);
  place.append(el("header", { class: "panel-head" }, el("h2", {}, say.objects, badge("matching")), el("span", { class: "note" }, say.objectsNote)), el("div", { class: "object-scroll" }, table), empty);
  const rows = [];
  const show = () => {
    const { run } = get();
    const { objects } = lab();
    empty.hidden = objects.length > 0;
    table.hidden = !objects.length;
    if (run) refresh(table, rows, run, objects);
  };
  on(null, show);
  onBus(["run", "layer"], show);
}

function refresh(table, rows, run, objects) {
  const key = `${run.id} ${objects.length}`;
  if (table.dataset.key !== key) {
    table.dataset.key = key;
    rows.length = 0;
    objects.forEach((_, place) => rows.push(makeRow(place, run)));
    const heads = [...Array(run.layers).keys()].map((at) => el("th", { scope: "col" }, el("button", { type: "button", title: say.layer(at, run.layers), "aria-label": say.layer(at, run.layers), onclick: () => select({ layer: at === run.layers - 1 ? null : at }) }, String(at + 1))));
    table.replaceChildren(el("thead", {}, el("tr", {}, el("td", {}), el("td", {}), heads, el("td", {}))), el("tbody", {}, rows.map(({ row }) => row)));
    table.heads = heads;
  }
  table.heads.forEach((head, at) => head.classList.toggle("here", at === layer()));
  const found = [...Array(run.layers).keys()].map((at) => solution(at)?.query);
  const { pair, hover, chosen } = lab();
  rows.forEach((parts, place) => fill(parts, place, objects[place], found, run, (hover ?? pair)?.object === place || chosen === place));
}

function makeRow(place, run) {
  const swatch = el("i", { class: "swatch", style: { background: objectColour(place) } });
  const names = el("select", { "aria-label": say.classOf(place + 1), onchange: () => change(lab().objects.map((object, i) => (i === place ? { ...object, name: names.value } : object))) },
    run.names.map((name) => el("option", { value: name }, name)));
  const cells = [...Array(run.layers).keys()].map((at) => el("button", { type: "button", class: "match", onclick: () => look(place, at) }));
  const bin = el("button", { type: "button", class: "quiet", title: say.remove, "aria-label": say.removeOf(place + 1), onclick: () => remove(place) }, icon("close"));
  const pick = el("button", { type: "button", class: "pick", "aria-label": say.object(place + 1), onclick: () => choose(lab().chosen === place ? null : place) }, swatch, String(place + 1));
  const row = el("tr", { onpointerenter: () => preview(place), onpointerleave: () => set({ hover: null }) },
    el("th", { scope: "row" }, pick), el("td", { class: "class-cell" }, names), cells.map((cell) => el("td", {}, cell)), el("td", {}, bin));
  return { row, names, cells, pick };
}

/** Pin what answers for the object at a layer, and go there. */
function look(place, at) {
  const query = solution(at)?.query[place] ?? -1;
  select({ layer: at === get().run.layers - 1 ? null : at });
  if (query >= 0) pin({ object: place, query });
}

function preview(place) {
  const query = solution()?.query[place] ?? -1;
  set({ hover: { object: place, query: query < 0 ? null : query } });
}

function fill({ row, names, cells, pick }, place, object, found, run, active) {
  row.classList.toggle("active", active);
  pick.setAttribute("aria-pressed", String(lab().chosen === place));
  const strange = object.label < 0;
  let foreign = names.querySelector("option[data-foreign]");
  if (strange && !foreign) names.prepend(foreign = el("option", { "data-foreign": "" }));
  if (!strange) foreign?.remove();
  else if (foreign.value !== object.name) { foreign.value = object.name; foreign.textContent = say.unknownClass(object.name); }
  names.value = object.name;
  cells.forEach((cell, at) => {
    const [query, before] = [found[at]?.[place] ?? -1, at ? found[at - 1]?.[place] ?? -1 : null];
    const flipped = before !== null && query !== before;
    write(cell, query < 0 ? "–" : String(query));
    cell.classList.toggle("flipped", flipped);
    cell.classList.toggle("here", at === layer());
    cell.title = query < 0 ? say.unmatched : flipped ? say.flippedFrom(query, before) : say.query(query);
  });
}
