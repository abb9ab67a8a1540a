/* The run being planned: one state that the steps of the Train page share, in the manner of `bus.js`.
   It is kept in this browser, so that a reload or a closed tab loses no choice; what the server answers is asked for again. */
import { store } from "../store.js";

const KEY = "atlas-plan";
const KEPT = ["step", "datasetId", "variant", "start", "budget", "epochs", "image", "changes", "name"];
export const STEPS = ["data", "recipe", "review", "start"];

const state = {
  step: "data",       // one of STEPS
  dataset: null,      // the chosen data set: {id, name, verdict: "fine" | "warning" | "blocking"}; the data step sets it, null: none
  datasetId: null,    // id of the data set to choose again after a reload; written by itself
  variant: null,      // id of the detector
  start: null,        // what it starts from: "" random numbers, "scenes", "coco", "job:<id>"
  budget: "balanced", // "small" | "balanced" | "best" | "epochs"
  epochs: 12,         // counts where the budget is "epochs"
  image: 0,           // pixels of a picture's short side; 0: as the preset says
  changes: {},        // advanced fields that differ from the preset
  name: "",
  offer: null,        // what there is to choose from
  plan: null,         // the server's answer: the run, its preset, its command
  problem: "",        // why there is no plan
  estimate: null,     // {state, ...} of the dry run of this plan
};

restore();
const { get, set: change, on } = store(state);
export { get, on };

export function set(patch) {
  change(patch.dataset ? { ...patch, datasetId: patch.dataset.id } : patch);
  const kept = Object.fromEntries(KEPT.map((key) => [key, state[key]]));
  try { localStorage.setItem(KEY, JSON.stringify(kept)); } catch { /* then only for this visit */ }
}

/** What the server needs to know of the plan. */
export const wish = () => ({
  dataset: state.datasetId, variant: state.variant, start: state.start, budget: state.budget, epochs: state.epochs, image: state.image, changes: state.changes,
});

/** Why a step cannot be opened yet: the step that has to be settled first, or null. */
export function waiting(step) {
  if (step !== "data" && (!state.dataset || state.dataset.verdict === "blocking")) return "data";
  return ["review", "start"].includes(step) && !state.plan ? "recipe" : null;
}

function restore() {
  let kept = null;
  try { kept = JSON.parse(localStorage.getItem(KEY)); } catch { /* nothing to restore */ }
  if (!kept || typeof kept !== "object") return;
  const fits = (key) => kept[key] !== undefined && kept[key] !== null && (state[key] === null ? typeof kept[key] === "string" : typeof kept[key] === typeof state[key]);
  for (const key of KEPT) if (fits(key)) state[key] = kept[key];
  if (!STEPS.includes(state.step)) state.step = "data";
}
