/* What the Jobs page shows. All of it can be asked for again: the server has the truth, the address the choice. */
import { store } from "../store.js";

export const ACTIVE = ["queued", "preparing", "running", "stopping"];
export const RESUMABLE = ["stopped", "failed", "interrupted"];

const state = {
  jobs: null,         // the visitor's jobs, newest first; null before the first answer
  chosen: new URLSearchParams(location.search).get("job"),
  job: null,          // everything about the chosen one
  overlay: [],        // ids of further runs drawn into the curves
  grown: 0,           // grows when any record has new lines
  samples: null,      // {names, pictures, steps: {step: [...]}} of the chosen one
  at: null,           // step of the evaluation that the pictures show; null: the last one
  problem: "",
};
export const { get, set, on, onFrame } = store(state);
export const records = new Map();                     // id -> Record

/** Choose a job; the address keeps it. */
export function choose(id) {
  if (id === get().chosen && get().job?.id === id) return;
  set({ chosen: id, job: null, samples: null, at: null, problem: "", overlay: get().overlay.filter((each) => each !== id) });
  const said = new URLSearchParams(location.search);
  if (id) said.set("job", id); else said.delete("job");
  history.replaceState(history.state, "", `${location.pathname}?${said}`);
}

export const record = () => records.get(get().chosen);
export const isActive = (job) => ACTIVE.includes(job?.state);
