/* The one selection every panel draws. */
import { store } from "./store.js";

export const DEFAULTS = { threshold: 0.5, top: 20, page: "explore" };

const state = {
  picture: null,      // key of the picture
  model: null,        // id of the variant
  weights: null,      // name of its weights
  query: null,        // pinned query, or null for the overview
  hover: null,        // previewed query; wins over the pinned one
  layer: null,        // 0-based, or null for the last
  head: null,         // 0-based, or null for the mean
  ...DEFAULTS,
  part: null,         // summand of the attention's scores shown alone, or null for the whole
  attention: true, trail: true, boxes: true, proposals: false, tokens: false, zoom: false,   // what is drawn on the picture
  run: null,          // the Run being looked at
  image: null,        // its picture, decoded
  preview: null,      // the next picture, shown until its run has come
  details: 0,         // grows when a query's detail has arrived
  variants: [],       // the catalogue, once known
  examples: [],
  own: [],            // keys of the pictures that the visitor brought
  status: null,       // {kind: "wait" | "error", text}
  theme: document.documentElement.dataset.theme,
};

export const { get, set, on, onFrame } = store(state);

export const active = () => state.hover ?? state.query;
export const layer = () => (state.run ? Math.min(state.layer ?? Infinity, state.run.layers - 1) : 0);

/** One level back: a head, then a layer, then the query. */
export function back() {
  if (state.head !== null) set({ head: null });
  else if (state.layer !== null) set({ layer: null });
  else set({ query: null, hover: null });
}
