/* The one selection every panel draws. `on` replays the present state, so panels of tabs opened late are right at once. */

export const DEFAULTS = { threshold: 0.5, top: 20 };

const state = {
  picture: null,      // key of the picture
  model: null,        // id of the variant
  weights: null,      // name of its weights
  query: null,        // pinned query, or null for the overview
  hover: null,        // previewed query; wins over the pinned one
  layer: null,        // 0-based, or null for the last
  head: null,         // 0-based, or null for the mean
  ...DEFAULTS,
  attention: true, trail: true, boxes: true, proposals: false, zoom: false,   // what is drawn on the picture
  run: null,          // the Run being looked at
  image: null,        // its picture, decoded
  preview: null,      // the next picture, shown until its run has come
  details: 0,         // grows when a query's detail has arrived
  variants: [],       // the catalogue, once known
  examples: [],
  status: null,       // {kind: "wait" | "error", text}
  theme: document.documentElement.dataset.theme,
};
const listeners = new Set();

export const get = () => state;

/** Change some keys; listeners of those that really changed are called before this returns. */
export function set(patch) {
  const changed = Object.keys(patch).filter((key) => !Object.is(state[key], patch[key]));
  if (!changed.length) return;
  Object.assign(state, patch);
  for (const { keys, call } of [...listeners]) {
    if (!keys || changed.some((key) => keys.has(key))) call(state, changed);
  }
}

/** Call now and on every change of `keys` (null: any). Returns the way to stop. */
export function on(keys, call) {
  const entry = { keys: keys && new Set(keys), call };
  listeners.add(entry);
  call(state, keys || Object.keys(state));
  return () => listeners.delete(entry);
}

/** The same, at most once a frame: for everything that draws. */
export function onFrame(keys, draw) {
  let waiting = false;
  const later = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(state); });
  };
  on(keys, later);
  return later;
}

export const active = () => state.hover ?? state.query;
export const layer = () => (state.run ? Math.min(state.layer ?? Infinity, state.run.layers - 1) : 0);

/** One level back: a head, then a layer, then the query. */
export function back() {
  if (state.head !== null) set({ head: null });
  else if (state.layer !== null) set({ layer: null });
  else set({ query: null, hover: null });
}
