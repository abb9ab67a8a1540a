/* How the recipes of two of the detectors differ: their parts along the picture's way, and the code of those that do. */
import { code, diagram } from "../anatomy.js";
import { el, write } from "../dom.js";
import { title } from "../text.js";
import { told, words } from "../words.js";
import { get, LETTERS, on, set } from "./state.js";

const say = await words("compare");

export function mount(place, server) {
  const [first, second] = [0, 1].map((side) => el("select", { "aria-label": say.side(side), onchange: (event) => choose(side, Number(event.target.value)) }));
  const note = el("p", { class: "note", role: "status" });
  const [drawing, sources] = [el("div", {}), el("div", { class: "sources" })];
  place.append(el("header", { class: "panel-head wrap" }, el("h2", {}, say.recipes), el("div", { class: "pair" }, first, el("span", {}, say.with), second)), note, drawing, sources);
  const answers = new Map();
  on(["models", "pair"], async ({ models, pair }) => {
    for (const [side, select] of [first, second].entries()) {
      select.replaceChildren(...models.map((one, at) => el("option", { value: at, selected: at === pair[side] }, `${LETTERS[at]}  ${title(one.model)}`)));
    }
    const [a, b] = pair.map((at) => models[at]?.model);
    if (!a || !b) return;
    if (a === b) return show({ note, drawing, sources }, null, say.sameRecipe);
    const key = `${a} ${b}`;
    if (!answers.has(key)) answers.set(key, server.compare_recipes({ first: a, second: b }).catch(() => null));
    if (!drawing.childElementCount) write(note, say.reading);
    const found = await answers.get(key);
    if (get().pair.map((at) => get().models[at]?.model).join(" ") !== key) return;
    if (!found || found.error) { answers.delete(key); return show({ note, drawing, sources }, null, found?.error ? told(found.error) : say.notRead); }
    const letters = pair.map((at) => LETTERS[at]);
    show({ note, drawing, sources }, found, null, letters);
  });
}

/** Choose one side; choosing the other's detector swaps them. */
function choose(side, at) {
  const pair = [...get().pair];
  if (pair[1 - side] === at) pair[1 - side] = pair[side];
  pair[side] = at;
  set({ pair });
}

function show({ note, drawing, sources }, found, sentence, letters) {
  if (!found) { write(note, sentence); drawing.replaceChildren(); return sources.replaceChildren(); }
  const changed = found.stages.reduce((sum, { slots }) => sum + slots.filter((slot) => slot.changed).length, 0);
  write(note, say.changedParts(changed, found.stages.reduce((sum, { slots }) => sum + slots.length, 0)));
  const pieces = code(found, letters);
  const openPiece = (slot) => { const piece = pieces.get(slot); if (piece) { piece.open = true; piece.scrollIntoView({ block: "nearest" }); piece.querySelector("summary").focus(); } };
  drawing.replaceChildren(diagram(found, letters, openPiece));
  sources.replaceChildren(...(pieces.size ? [el("h3", {}, say.code), ...pieces.values()] : []));
}
