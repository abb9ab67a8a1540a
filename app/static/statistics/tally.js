/* The numbers of many pictures, added up in the browser: what the panels of the query statistics share. */
import { get, on as onSelection, set as select } from "../bus.js";
import { unpack } from "../pack.js";
import { store } from "../store.js";
import { told } from "../words.js";
import { say } from "./text.js";

const state = {
  source: "set",      // "set", "examples" or "own"
  least: 0.5,         // score from which an answer counts as found
  data: null,         // Tally of what was asked for
  progress: null,     // {done, total} while pictures are being run
  trouble: "",
  hover: null,        // previewed slot
  asked: false,       // whether the visitor chose the source
  every: false,       // whether quiet slots are shown too
};
export const { get: tally, set, on, onFrame } = store(state);
/** The slot looked at: previewed, pinned, or else the busiest. */
export function slot() {
  const { data, hover } = state;
  const found = hover ?? get().query;
  return data ? (found !== null && found < data.queries ? found : data.busiest) : null;
}

/** Pin a slot: it is the same query on every page. */
export function pin(query) {
  set({ hover: null });
  select({ query, hover: null });
}

const GRAIN = 65535;

/** Blocks of pictures (see app/slots.py) as one. */
export class Tally {
  constructor(blocks) {
    const { facts } = blocks[0];
    Object.assign(this, facts, { id: Symbol("tally"), pictures: blocks.reduce((sum, { arrays }) => sum + arrays.scores.shape[0], 0) });
    this.steps = blocks[0].arrays.path.shape[1];
    this.arrays = Object.fromEntries(Object.keys(blocks[0].arrays).map((name) => [name, join(blocks.map(({ arrays }) => arrays[name].data))]));
    this.busiest = this.firing(0.5).reduce((best, count, query, all) => (count > all[best] ? query : best), 0);
  }

  score(picture, query) { return this.arrays.scores[picture * this.queries + query] / GRAIN; }
  label(picture, query) { return this.arrays.labels[picture * this.queries + query]; }
  box(picture, query) { const at = (picture * this.queries + query) * 4; return [0, 1, 2, 3].map((i) => this.arrays.boxes[at + i] / GRAIN); }
  centre(picture, step, query) { const at = ((picture * this.steps + step) * this.queries + query) * 2; return [this.arrays.path[at] / GRAIN, this.arrays.path[at + 1] / GRAIN]; }

  /** How often every slot found something: Uint32Array [queries]. */
  firing(least) {
    const counts = new Uint32Array(this.queries);
    for (let picture = 0; picture < this.pictures; picture++) for (let query = 0; query < this.queries; query++) if (this.score(picture, query) >= least) counts[query]++;
    return counts;
  }

  /** Mean distance of the centres from one step to the next, and from each to the last, in shares of the picture. */
  movement() {
    const [moved, left] = [new Float64Array(this.steps), new Float64Array(this.steps)];
    const count = this.pictures * this.queries;
    for (let picture = 0; picture < this.pictures; picture++) for (let query = 0; query < this.queries; query++) {
      const stops = Array.from({ length: this.steps }, (_, step) => this.centre(picture, step, query));
      stops.forEach(([x, y], step) => {
        if (step) moved[step] += Math.hypot(x - stops[step - 1][0], y - stops[step - 1][1]) / count;
        left[step] += Math.hypot(x - stops.at(-1)[0], y - stops.at(-1)[1]) / count;
      });
    }
    return { moved, left };
  }

  /** [L][levels] share of attention, the mean of all pictures; null with a single level. */
  levelShares() {
    if (!this.arrays.share) return null;
    const levels = this.arrays.share.length / this.pictures / this.layers;
    return Array.from({ length: this.layers }, (_, layer) => Array.from({ length: levels }, (_, level) => {
      let sum = 0;
      for (let picture = 0; picture < this.pictures; picture++) sum += this.arrays.share[(picture * this.layers + layer) * levels + level];
      return sum / this.pictures;
    }));
  }
}

function join(parts) {
  const whole = new parts[0].constructor(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
}

let server = null;
let turn = 0;
const kept = new Map();                               // detector, weights and picture -> block

export async function ask(name, request) {
  const answer = await server[name](request).catch(() => null);
  if (!answer || answer.error) throw new Error(answer ? told(answer.error) : say.unreachable);
  return answer;
}

/** Called by the panel that has the server's functions. Counts anew whenever detector, weights or source change. */
export function connect(functions) {
  server = functions;
  onSelection(["run", "page"], ({ run, page }) => run && (!page || page === "statistics") && count());
  on(["source"], () => get().run && count());
  onSelection(["own"], () => state.source === "own" && count());
}

/** Pictures that a source names: keys, or null for the stored set. */
export function pictures(source) {
  const { own, examples, weights } = get();
  if (source === "set") return null;
  return source === "own" ? own ?? [] : examples.filter(({ data }) => !data || data === weights || !examples.some((each) => each.data === weights)).map(({ id }) => `example:${id}`);
}

let last = "";

/** Load or run what is asked for; a newer wish stops an older one after the picture in work. */
export async function count(again = false) {
  const { run } = get();
  const { variant: model, weights } = run.facts;
  const wish = JSON.stringify([model, weights, state.source, pictures(state.source)]);
  if (wish === last && !again) return;
  last = wish;
  const mine = ++turn;
  const current = () => mine === turn;
  set({ trouble: "", progress: { done: 0, total: 0 } });
  try {
    const blocks = state.source === "set" ? await wholeSet(model, weights) : await each(model, weights, pictures(state.source), current);
    if (!current()) return;
    set({ data: blocks?.length ? new Tally(blocks) : null, progress: null, trouble: blocks ? "" : say.noSet });
    if (!blocks && !state.asked) set({ source: "examples" });         // something to look at, until the visitor chooses
  } catch (error) {
    if (current()) { last = ""; set({ data: null, progress: null, trouble: error.message }); }
  }
}

async function wholeSet(model, weights) {
  const answer = await ask("stored_slots", { model, weights });
  return answer.none ? null : [unpack(answer.pack)];
}

async function each(model, weights, keys, current) {
  const blocks = [];
  for (const [done, picture] of keys.entries()) {
    if (!current()) return blocks;
    set({ progress: { done, total: keys.length } });
    const key = [model, weights, picture].join(" ");
    if (!kept.has(key)) kept.set(key, unpack((await ask("picture_slots", { picture, model, weights })).pack));
    blocks.push(kept.get(key));
  }
  return blocks;
}

/** Give up what is being run; what has come stays. */
export function stop() { turn++; last = ""; set({ progress: null }); }
