/* The choice in the address: ?compare=detr@scenes,dino@scenes&pair=AB&wipe=1&recipes=detr,dino&object=<queries of the pinned object>. */
import * as bus from "../bus.js";
import { choose, get, LETTERS, load, MOST, on, regroup, same, set } from "./state.js";

const NAME = /^[\w.:/-]{1,120}$/;

/** What the address asks for; what makes no sense counts as absent. */
function asked() {
  const words = new URLSearchParams(location.search);
  const models = (words.get("compare") ?? "").split(",").map((each) => each.split("@")).filter((each) => each.length === 2 && each.every((part) => NAME.test(part)))
    .map(([model, weights]) => ({ model, weights })).slice(0, MOST);
  const pair = [...(words.get("pair") ?? "")].map((letter) => LETTERS.indexOf(letter));
  const recipes = (words.get("recipes") ?? "").split(",").filter((id) => NAME.test(id));
  return { models, recipes: recipes.length === 2 ? recipes : null, pair: pair.length === 2 && pair.every((place) => place >= 0 && place < models.length) && pair[0] !== pair[1] ? pair : [0, 1],
    wipe: words.get("wipe") === "1", pinned: /^[\d.]{1,40}$/.test(words.get("object") ?? "") ? words.get("object") : null };
}

/** The present detector, and beside it the first and the last of the family that have the same weights. */
function usual({ model, weights, variants }) {
  const able = variants.filter((variant) => variant.weights.includes(weights) && variant.id !== model).map(({ id }) => id);
  const beside = able.length > 1 ? [able[0], able.at(-1)] : able;
  return [model, ...beside].map((id) => ({ model: id, weights }));
}

let timer = 0;
function write() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const { models, pair, recipes, wipe, pinned } = get();
    const words = new URLSearchParams(location.search);
    const said = { compare: models.map(({ model, weights }) => `${model}@${weights}`).join(",") || null, pair: pair.join() === "0,1" ? null : pair.map((i) => LETTERS[i]).join(""),
      wipe: wipe ? "1" : null, recipes: recipes?.join(",") ?? null, object: pinned };
    for (const [name, value] of Object.entries(said)) value === null ? words.delete(name) : words.set(name, value);
    const text = words.toString().replaceAll("%3A", ":").replaceAll("%2F", "/").replaceAll("%40", "@").replaceAll("%2C", ",");
    history.replaceState(history.state, "", `${location.pathname}?${text}`);
  }, 150);
}

let started = false;

/** Begin with what the address says, once the first run is here; follow the picture and the threshold from then on. */
export function start() {
  if (started) return;
  started = true;
  const wish = asked();
  const stop = bus.on(["run", "variants"], (state) => {
    if (get().models.length || !state.run || (!state.variants.length && !wish.models.length)) return;
    const models = wish.models.length > 1 ? wish.models : wish.models.length ? [...wish.models, ...usual(state).filter((one) => !same(one, wish.models[0]))] : usual(state);
    set({ wipe: wish.wipe });
    choose(models);
    set({ pair: wish.pair, recipes: wish.recipes, pinned: wish.pinned });
    queueMicrotask(() => stop());
  });
  let shown = bus.get().picture;
  bus.on(["picture", "run", "page"], ({ picture, page }) => {
    if (picture === shown || page !== "compare") return;      // other pages need no runs of ours
    const first = shown === null;                       // of this visit: the choice has just been made for it
    shown = picture;
    if (first) return;
    set({ view: null, hover: null, pinned: null });
    if (get().models.length) load();
  });
  bus.on(["threshold"], () => regroup());
  on(["models", "pair", "recipes", "wipe", "pinned"], () => get().models.length && write());
}
