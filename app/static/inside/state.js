/* What the page adds to the one selection, and what several of its panels ask. */
import * as bus from "../bus.js";
import { detail } from "../session.js";
import { store } from "../store.js";

export const { get, set, on, onFrame } = store({
  scope: "map",       // what the brightest colour stands for: of "map", "layer" or "all"
  reduce: "mean",     // how heads become one picture: "mean", "max" or "rollout"
  cell: null,         // {layer, head} of the mosaic under the pointer, head null: all of them
  stop: null,         // the stop of the walk while it plays: 0 is the start, 1 the first layer; fractions lie between
  other: null,        // another query pointed at
  point: null,        // place of the sampled point that the formula tells, among those of its layer and head, heaviest first
  rollout: null,      // {run, query, values: [layers * N]}
  failed: null,       // a sentence, where the server could not answer
});

/** The run, its picture, the query looked into (the pinned one), its detail and the layer; null while something is missing. */
export function present() {
  const { run, image, query } = bus.get();
  if (!run || !image || query === null) return null;
  return { run, image, query, kept: detail(query), at: bus.layer(), head: bus.get().head, part: bus.get().part };
}

/** What `Detail` takes for a head: a number, or how all of them become one. */
export const headOf = (head) => head ?? (get().reduce === "max" ? "max" : null);

/** Rollout of a layer as a map; null while it has not come. */
export function followed(run, query, layer) {
  const { rollout } = get();
  if (rollout?.run !== run || rollout.query !== query) return null;
  const plain = run.details.get(query)?.map(layer, null);
  if (!plain) return null;
  const count = plain.values.length;
  const values = rollout.values.subarray(layer * count, (layer + 1) * count);
  return { ...plain, values, peak: values.reduce((a, b) => Math.max(a, b), 0) };
}

const SLOW = ["scope", "reduce", "stop", "point", "rollout", "failed"];

/** Call with the present selection on every change of it or of this page, while the page is open; with null while nothing can be shown.
    `pointed` names what under the pointer is drawn too. */
export function always(draw, ...pointed) {
  const open = () => bus.get().page === "inside" && draw(present());
  const later = bus.onFrame(["run", "image", "query", "layer", "head", "part", "details", "theme", "page"], open);
  onFrame([...SLOW, ...pointed], open);
  return later;
}
