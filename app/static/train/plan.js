/* The run being planned: one object that the steps of the Train page share, in the manner of `bus.js`.
   It is kept in this browser, so that a reload or a closed tab loses no choice; what the server answers is asked for again. */

const KEY = "atlas-plan";
const KEPT = ["step", "variant", "start", "budget", "epochs", "image", "changes", "name"];

const state = {
  step: "data",       // "data" | "recipe" | "review" | "start"
  dataset: null,      // the chosen data set: {id, name, verdict: "fine" | "warning" | "blocking"}; the data step sets it, null: none
  datasetId: null,    // id of the data set to choose again after a reload; written by itself
  variant: null,      // id of the detector
  start: null,        // what it starts from: "" random numbers, "scenes", "coco", "job:<id>"
  budget: "balanced", // "small" | "balanced" | "best" | "epochs"
  epochs: 12,         // counts where the budget is "epochs"
  image: 0,           // pixels of a picture's short side; 0: as the preset says
  changes: {},        // advanced fields that differ from the preset
  name: "",
  plan: null,         // the server's answer: the run, its preset, its command
  problem: "",        // why there is no plan
  estimate: null,     // {state, ...} of the dry run of this plan
  started: null,      // the job, once it was started
};
const listeners = new Set();

restore();

export const get = () => state;

/** Change some keys; listeners of those that really changed are called before this returns. */
export function set(patch) {
  const changed = Object.keys(patch).filter((key) => !Object.is(state[key], patch[key]));
  if (!changed.length) return;
  Object.assign(state, patch);
  if (state.dataset) state.datasetId = state.dataset.id;
  keep();
  for (const { keys, call } of [...listeners]) if (changed.some((key) => keys.has(key))) call(state, changed);
}

/** Call now and on every change of `keys`. */
export function on(keys, call) {
  listeners.add({ keys: new Set(keys), call });
  call(state, keys);
}

function keep() {
  const kept = Object.fromEntries([...KEPT, "datasetId"].map((key) => [key, state[key]]));
  try { localStorage.setItem(KEY, JSON.stringify(kept)); } catch { /* then only for this visit */ }
}

function restore() {
  let kept = null;
  try { kept = JSON.parse(localStorage.getItem(KEY)); } catch { /* nothing to restore */ }
  if (!kept || typeof kept !== "object") return;
  for (const key of [...KEPT, "datasetId"]) if (kept[key] !== undefined && typeof kept[key] === typeof state[key] | state[key] === null) state[key] = kept[key];
  if (!["data", "recipe", "review"].includes(state.step)) state.step = "data";
  if (!state.changes || typeof state.changes !== "object") state.changes = {};
}
