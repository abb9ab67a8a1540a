/* How the recipes of any two detectors differ: their parts along the picture's way, and the code of those that do. */
import { code, diagram } from "../anatomy.js";
import * as bus from "../bus.js";
import { el, write } from "../dom.js";
import { title } from "../text.js";
import { told, words } from "../words.js";
import { get, LETTERS, on, set } from "./state.js";

const say = await words("compare");
const answers = new Map();

export function mount(place, server) {
  const selects = [0, 1].map((side) => el("select", { "aria-label": say.side(side), onchange: (event) => choose(side, event.target.value) }));
  const note = el("p", { class: "note", role: "status" });
  const [drawing, sources] = [el("div", {}), el("div", { class: "part-sources" })];
  place.append(el("header", { class: "panel-head between" }, el("h2", {}, say.recipes), el("div", { class: "recipe-pair" }, selects[0], el("span", {}, say.with), selects[1])), note, drawing, sources);
  const draw = () => follow(server, selects, { note, drawing, sources });
  on(["models", "pair", "recipes"], draw);
  bus.on(["variants"], draw);
}

/** The two variants: those asked for, else the pair among the chosen detectors. */
const two = () => get().recipes ?? get().pair.map((at) => get().models[at]?.model);

async function follow(server, selects, places) {
  const [first, second] = two();
  if (!first || !second) return;
  selects.forEach((select, side) => fill(select, [first, second][side]));
  if (first === second) return show(places, null, say.sameRecipe);
  const key = `${first} ${second}`;
  if (!answers.has(key)) answers.set(key, server.compare_recipes({ first, second }).catch(() => null));
  if (!places.drawing.childElementCount) write(places.note, say.reading);
  const found = await answers.get(key);
  if (two().join(" ") !== key) return;
  if (!found || found.error) { answers.delete(key); return show(places, null, found?.error ? told(found.error) : say.notRead); }
  show(places, found, null, [first, second].map(letter));
}

/** The letter that a variant has above, else the number of its side. */
function letter(id, side) {
  const at = get().models.findIndex(({ model }) => model === id);
  return at < 0 ? String(side + 1) : LETTERS[at];
}

/** The chosen detectors first, then all others. */
function fill(select, chosen) {
  const above = [...new Set(get().models.map(({ model }) => model))];
  const others = bus.get().variants.map(({ id }) => id).filter((id) => !above.includes(id));
  const known = [...above, ...others].includes(chosen) ? others : [chosen, ...others];
  const options = (ids) => ids.map((id) => el("option", { value: id, selected: id === chosen }, title(id)));
  select.replaceChildren(el("optgroup", { label: say.above }, options(above)), el("optgroup", { label: say.others }, options(known)));
}

/** Choosing the other side's detector swaps the two. */
function choose(side, id) {
  const pair = [...two()];
  if (pair[1 - side] === id) pair[1 - side] = pair[side];
  pair[side] = id;
  set({ recipes: pair });
}

function show({ note, drawing, sources }, found, sentence, letters) {
  if (!found) { write(note, sentence); drawing.replaceChildren(); return sources.replaceChildren(); }
  const changed = found.stages.reduce((sum, { slots }) => sum + slots.filter((slot) => slot.changed).length, 0);
  write(note, say.changedParts(changed, found.stages.reduce((sum, { slots }) => sum + slots.length, 0)));
  const pieces = code(found, letters);
  const reveal = (slot) => {
    const piece = pieces.get(slot);
    if (!piece) return;
    piece.open = true;
    piece.scrollIntoView({ block: "nearest" });
    piece.querySelector("summary").focus();
  };
  drawing.replaceChildren(diagram(found, letters, reveal));
  sources.replaceChildren(...(pieces.size ? [el("h3", {}, say.code), ...pieces.values()] : []));
}
