/* What the panels of the matching lab share: objects, weights, the pair looked at, and who is matched to what. */
import { get, layer, on as onSelection, set as select } from "../bus.js";
import { unpack } from "../pack.js";
import { classColour, corners } from "../paint.js";
import { open } from "../session.js";
import { store } from "../store.js";
import { told } from "../words.js";
import { matrices, total } from "./cost.js";
import { oneToOne } from "./schemes.js";
import { say } from "./text.js";

export const LEAST = 0.012;                           // side of the smallest object that can be drawn, of the picture

const state = {
  objects: [],        // {name, label, box}: label is -1 where the detector has no such class; changed by copying
  source: "",         // where they came from: "labels", "detections" or "drawn"
  weights: {},        // {term: weight} as the sliders say
  official: {},       // as the recipe says
  says: null,         // {says, points} of the present run, once they are here
  pair: null,         // pinned {object, query}
  hover: null,        // previewed {object, query}; query may be null
  chosen: null,       // object being edited
  term: "total",      // what the matrix shows
  order: "score",     // of its columns: "score" or "match"
  every: false,       // whether it shows all queries
  trouble: "",        // a sentence
};
export const { get: lab, set, on, onFrame } = store(state);

const kept = new Map();                               // picture -> {objects, source} as the visitor left them
let server = null;

export const objectColour = (place) => classColour(place);
export const shownPair = () => state.hover ?? state.pair;
export const shownObject = () => state.hover?.object ?? state.chosen;
export const matching = () => get().run?.facts.matching ?? null;

/** Called by the panel that has the server's functions. */
export function connect(functions) {
  server = functions;
  if (!cameForThis()) return watch();
  let begun = false;
  onSelection(["run", "examples"], ({ run, examples, weights }) => {
    if (begun || !run || !examples.length) return;
    begun = true;
    const few = examples.filter(({ data, boxes }) => data === weights && boxes?.length).sort((a, b) => Math.abs(a.boxes.length - 5) - Math.abs(b.boxes.length - 5))[0];
    if (few) open({ picture: `example:${few.id}` }, { query: "best" });
    watch();
  });
}

/** Follow the run while the page is open; other pages' runs are caught up with when the visitor comes back. */
function watch() {
  let followed = null;
  onSelection(["run", "page"], ({ run, page }) => {
    if (!run || run === followed || page !== "matching") return;
    followed = run;
    follow(run);
  });
}

/** Whether the visitor's address named this page but no picture: then one with few objects is easier to read. */
function cameForThis() {
  const asked = new URL(performance.getEntriesByType("navigation")[0]?.name ?? location.href).searchParams;
  return asked.get("page") === "matching" && !asked.get("picture") && !asked.get("model");
}

export async function ask(name, request) {
  const answer = await server[name](request).catch(() => null);
  if (!answer || answer.error) throw new Error(answer ? told(answer.error) : say.unreachable);
  return answer;
}

/** A new run: its objects and weights at once, its class scores when they come. */
async function follow(run) {
  const { picture } = get();
  const official = Object.fromEntries(Object.entries(run.facts.matching?.cost ?? {}).map(([term, { weight }]) => [term, weight]));
  const same = JSON.stringify(official) === JSON.stringify(state.official);
  const { objects, source } = kept.get(picture) ?? given(run);
  set({ objects: objects.map((object) => labelled(object, run)), source, official, weights: same ? state.weights : official, says: null, pair: null, hover: null, chosen: null, trouble: "" });
  if (!run.facts.matching) return set({ trouble: say.oldRun });
  try {
    run.says ??= unpack((await ask("class_scores", { run: run.id })).pack).arrays;
  } catch (error) {
    if (get().run === run) set({ trouble: error.message });
    return;
  }
  if (get().run !== run) return;
  set({ says: run.says });
  set({ pair: ambiguous() });
}

const labelled = (object, run) => ({ ...object, label: run.names.indexOf(object.name) });

/** The example's labels, or what the detector found. */
export function given(run = get().run) {
  const { picture, examples } = get();
  const example = examples.find(({ id }) => `example:${id}` === picture);
  if (!example?.boxes?.length) return { objects: found(run), source: "detections" };
  const objects = example.boxes.map(([x0, y0, x1, y1], i) => ({ name: example.labels[i],
    box: [(x0 + x1) / 2 / example.width, (y0 + y1) / 2 / example.height, (x1 - x0) / example.width, (y1 - y0) / example.height] }));
  return { objects, source: "labels" };
}

/** The last layer's answers above the threshold, as objects to correct. */
function found(run) {
  const last = run.layers - 1;
  return run.shown(last, get().threshold, 40).map((query) => ({ name: run.name(last, query), box: inside([...run.box(last, query)]) }));
}

/** A box cut to the picture, [cx, cy, w, h]. */
export function inside(box) {
  const [x0, y0, x1, y1] = corners(box).map((side) => Math.max(0, Math.min(1, side)));
  return [(x0 + x1) / 2, (y0 + y1) / 2, Math.max(x1 - x0, LEAST), Math.max(y1 - y0, LEAST)];
}

/** The visitor's objects; a pair whose object is gone goes with it. */
export function change(objects, more = {}) {
  const gone = (pair) => pair && pair.object >= objects.length;
  kept.set(get().picture, { objects, source: "drawn" });
  set({ objects: objects.map((object) => labelled(object, get().run)), source: "drawn", hover: null, pair: gone(state.pair) ? null : state.pair, ...more });
}

export function remove(object) {
  change(state.objects.filter((_, i) => i !== object), { chosen: null, pair: null });
  set({ pair: ambiguous() });
}

/** Back to the labels, or to what was found. */
export function restore() {
  kept.delete(get().picture);
  const { objects, source } = given();
  set({ objects: objects.map((object) => labelled(object, get().run)), source, chosen: null, hover: null, pair: null });
  set({ pair: ambiguous() });
}

/** Pin a pair; the query is then the pinned one everywhere. */
export function pin(pair) {
  set({ pair, hover: null });
  if (pair?.query != null) select({ query: pair.query, hover: null });
}

const costs = { key: [], layers: [] };
const solved = { key: [], layers: [] };

/** Remembers what was computed for a layer until one of `inputs` is another. */
function remembered(memory, inputs, at, make) {
  if (memory.key.length !== inputs.length || inputs.some((input, i) => input !== memory.key[i])) Object.assign(memory, { key: inputs, layers: [] });
  return (memory.layers[at] ??= make());
}

/** {parts, cost, pairs, query: Int32Array by object} of a layer, or null until the scores are here. */
export function solution(at = layer()) {
  const { run } = get();
  const { objects, says, weights } = state;
  if (!run || !says || run.says !== says) return null;
  const parts = remembered(costs, [run, says, objects], at, () => matrices(run, says, at, objects, run.facts.matching.cost));
  return remembered(solved, [parts && run, objects, weights, says], at, () => {
    const cost = total(parts, weights);
    const pairs = oneToOne(cost, objects.length, run.queries);
    const query = new Int32Array(objects.length).fill(-1);
    for (const pair of pairs) query[pair.object] = pair.query;
    return { parts, cost, pairs, query };
  });
}

/** Objects whose query differs from the layer before. */
export function flips(at) {
  const [now, before] = [solution(at), at > 0 ? solution(at - 1) : null];
  return now && before ? [...now.query.keys()].filter((object) => now.query[object] !== before.query[object]) : [];
}

/** The object whose match was closest to going elsewhere, with the query that nearly got it. */
export function ambiguous() {
  const { run } = get();
  const now = solution();
  let [best, margin] = [null, Infinity];
  for (const { object, query } of now?.pairs ?? []) {
    const row = now.cost.subarray(object * run.queries, (object + 1) * run.queries);
    row.forEach((cost, other) => {
      const gap = Math.abs(cost - row[query]);
      if (other !== query && gap < margin) [best, margin] = [{ object, query: other }, gap];
    });
  }
  return best;
}
