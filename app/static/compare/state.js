/* What the Compare page shows: the chosen detectors, their runs on the one picture, the object pointed at, the part of the picture. */
import * as bus from "../bus.js";
import { Run } from "../run.js";
import { ask } from "../session.js";
import { store } from "../store.js";
import { align } from "./align.js";

export const MOST = 4;
export const LETTERS = "ABCD";
const KEPT = 24;

export const { get, set, on, onFrame } = store({
  models: [],         // [{model, weights}], two to four
  runs: [],           // a Run for each model, or null while it is on its way
  errors: [],         // a sentence for each model that failed, or null
  groups: [],         // objects of all runs, aligned
  hover: null,        // key of the group pointed at; wins over the pinned one
  pinned: null,       // key of the pinned group
  view: null,         // [x0, y0, x1, y1] of the picture, null: all of it
  pair: [0, 1],       // the two that the wipe shows, and whose recipes are compared
  recipes: null,      // ids of any two other variants to compare the recipes of
  wipe: false,
  share: 0.5,         // where the wipe stands
});

const kept = new Map();                               // runs of this visit, by picture and detector
let turn = 0;
let fresh = true;

export const same = (a, b) => a.model === b.model && a.weights === b.weights;
export const active = () => { const { hover, pinned, groups } = get(); return groups.find(({ key }) => key === (hover ?? pinned)) ?? null; };
/** What weights are called: a visitor's own are "job:<id>" and have a name. */
export const called = (model, weights) => bus.get().variants.find(({ id }) => id === model)?.own?.[weights] ?? weights;

export const ready = () => get().runs.length > 0 && get().runs.every(Boolean);

/** Choose the detectors anew; what they found is sent for where it is not here. */
export function choose(models) {
  const chosen = models.slice(0, MOST);
  const pair = get().pair.map((place, i) => (place < chosen.length ? place : i));
  fresh = true;
  set({ models: chosen, pair: pair[0] === pair[1] ? [0, 1] : pair, hover: null, pinned: null });
  load();
}

/** Choose one side of the pair; choosing the other side's detector swaps them. */
export function choosePair(side, at) {
  const pair = [...get().pair];
  if (pair[1 - side] === at) pair[1 - side] = pair[side];
  pair[side] = at;
  set({ pair, recipes: null });
}

/** Runs of all chosen detectors on the present picture. */
export async function load() {
  const now = ++turn;
  const { picture } = bus.get();
  if (!picture) return;
  const { models } = get();
  const runs = models.map((one) => here(picture, one));
  set({ runs: [...runs], errors: models.map(() => null), groups: [] });
  regroup();
  for (const [i, one] of models.entries()) {            // in turn: the server has one line
    if (runs[i] || now !== turn) continue;
    try {
      const answer = await ask("start_run", { picture, ...one });
      if (answer.cancelled || now !== turn) continue;
      keep(picture, one, new Run(answer.pack));
      set({ runs: get().runs.map((run, k) => (k === i ? here(picture, one) : run)) });
    } catch (error) {
      if (now === turn) set({ errors: get().errors.map((text, k) => (k === i ? error.message : text)) });
    }
    if (now === turn) regroup();
  }
}

const name = (picture, { model, weights }) => `${picture}|${model}|${weights}`;

function here(picture, one) {
  const { run } = bus.get();
  const seen = run && bus.get().picture === picture && run.facts.variant === one.model && run.facts.weights === one.weights;
  return seen ? run : kept.get(name(picture, one)) ?? null;
}

function keep(picture, one, run) {
  kept.set(name(picture, one), run);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value);
}

/** Align again: after a run has come, and when the threshold moves. */
export function regroup() {
  const { runs } = get();
  const { threshold } = bus.get();
  const groups = runs.length > 1 && ready() ? align(runs, threshold) : [];
  const there = (key) => (groups.some((group) => group.key === key) ? key : null);
  const first = groups.length && fresh ? groups[0].key : null;         // begin with the largest difference in hand
  set({ groups, hover: there(get().hover), pinned: groups.length ? there(get().pinned) ?? first : get().pinned });
  if (groups.length) fresh = false;
}

/** Pin an object, or none, and bring it to the middle of every picture. */
export function pin(key, centre = false) {
  set({ pinned: key, hover: null });
  const group = get().groups.find((each) => each.key === key);
  if (centre && group) set({ view: around(group.box) });
  const own = get().runs.indexOf(bus.get().run);        // the other pages follow, where their detector is among these
  if (group && own >= 0 && group.members[own] !== null) bus.set({ query: group.members[own], hover: null });
}

/** The object with some air; a small one is not blown up beyond a sixth of the picture. */
function around([cx, cy, w, h]) {
  const side = Math.min(1, Math.max(2.4 * Math.max(w, h), 0.3));
  const low = (centre) => Math.max(0, Math.min(1 - side, centre - side / 2));
  return side >= 1 ? null : [low(cx), low(cy), low(cx) + side, low(cy) + side];
}
