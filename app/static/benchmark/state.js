/* What the Benchmark page shows, and what it computes from the stored runs. Pure: no element, no server. */
import { store } from "../store.js";

export const { get, set, on, onFrame } = store({
  tables: null,       // what the server keeps
  data: "scenes",
  budget: "images",   // what every detector was given the same of
  measure: "AP",
  family: null,       // a section of the survey, or null for all
  marked: null,       // variant under the pointer or chosen
  narrow: false,      // the page has no room for names beside the lines
  sort: "AP", up: false,
});

const share = (read) => ({ read, share: true });
/** What can be read off an evaluation. `share`: between 0 and 1, told in hundredths. */
export const MEASURES = {
  AP: share((e) => e.AP), AP50: share((e) => e.AP50), AP75: share((e) => e.AP75), APs: share((e) => e.APs), APm: share((e) => e.APm), APl: share((e) => e.APl),
  AR100: share((e) => e.AR100), loose1: share((e) => e.loose?.["0.1"]), loose2: share((e) => e.loose?.["0.2"]), loose3: share((e) => e.loose?.["0.3"]), loose4: share((e) => e.loose?.["0.4"]),
  instability: share((e) => e.matching?.instability), IS: { read: (e) => e.matching?.IS, share: false }, loss: { read: (e) => e.losses?.total, share: false },
};
export const value = (name, evaluation) => { const { read, share } = MEASURES[name]; const found = read(evaluation); return found === null || found === undefined ? null : share ? found * 100 : found; };

const mean = (list) => (list.length ? list.reduce((a, b) => a + b, 0) / list.length : null);
const known = (list) => list.filter((each) => Number.isFinite(each));
const spread = (list) => { const numbers = known(list); return { mean: mean(numbers), low: numbers.length ? Math.min(...numbers) : null, high: numbers.length ? Math.max(...numbers) : null, count: numbers.length }; };

const system = (tables, id) => tables.systems?.[id] ?? { name: id, short: id, section: "mentions" };
const told = (tables) => (tables?.convergence?.runs ?? []).filter((run) => run.evaluations?.length);
const among = (runs, key) => [...new Set(runs.map((run) => run[key]))];

/** The data sets that there are runs of, and the budgets of all runs or of those on one data set. */
export const dataSets = (tables) => among(told(tables), "data");
export const budgets = (tables, data = null) => among(told(tables).filter((run) => data === null || run.data === data), "budget");
/** The choice of a data set: the budget stays if there are such runs on it. */
export const onData = ({ tables, budget }, data) => { const held = budgets(tables, data); return { data, budget: held.includes(budget) ? budget : held[0] ?? "images", family: null }; };
const wanted = ({ tables, data, budget }) => told(tables).filter((run) => run.data === data && run.budget === budget);
export const families = (state) => { const here = new Set(wanted(state).map(({ variant }) => system(state.tables, variant).section)); return (state.tables?.sections ?? []).filter(({ id }) => here.has(id)); };

/** One entry a variant: its runs, its points (mean, low, high over the seeds) and its last evaluations. */
export function learners(state) {
  const groups = Map.groupBy ? Map.groupBy(wanted(state), ({ variant }) => variant) : grouped(wanted(state));
  return [...groups].map(([id, runs]) => {
    const length = Math.min(...runs.map(({ evaluations }) => evaluations.length));
    const points = Array.from({ length }, (_, i) => {
      const at = runs.map(({ evaluations }) => evaluations[i]);
      return { images: mean(at.map((e) => e.images)), seconds: mean(known(at.map((e) => e.seconds))), ...spread(at.map((e) => value(state.measure, e))), evaluations: at };
    });
    return { id, ...system(state.tables, id), runs, points, last: runs.map(({ evaluations }) => evaluations.at(-1)), about: state.tables.convergence.variants?.[id] ?? {} };
  });
}

function grouped(runs) {
  const groups = new Map();
  for (const run of runs) groups.set(run.variant, [...(groups.get(run.variant) ?? []), run]);
  return groups;
}

export const inFamily = (state, learner) => !state.family || learner.section === state.family;
export const lastOf = (learner, measure) => spread(learner.last.map((e) => value(measure, e)));

/** Of the same seed and budget; bundled weights were given unequal numbers of pictures. */
const comparable = (run, other) => run.seed === other.seed && (run.budget !== "bundled" || run.images === other.images);

/** Child less parent at the end of the same budget, seed by seed, and what their papers say of the same two. */
export function gains(state) {
  const all = learners(state);
  return all.flatMap((child) => {
    const parent = all.find(({ id }) => id === child.about.parent);
    if (!parent) return [];
    const pairs = child.runs.map((run) => [run, parent.runs.find((other) => comparable(run, other))]).filter(([, other]) => other);
    const differences = pairs.map(([run, other]) => value("AP", run.evaluations.at(-1)) - value("AP", other.evaluations.at(-1)));
    const claimed = child.ap && parent.ap ? child.ap - parent.ap : null;
    return differences.length ? [{ child, parent, ...spread(differences), claimed }] : [];
  });
}

/** Seconds a thousand pictures take to train on. */
export const pace = (learner) => mean(known(learner.last.map(({ seconds, images }) => (Number.isFinite(seconds) ? (seconds * 1000) / images : null))));
export const memory = (learner) => Math.max(...learner.points.flatMap(({ evaluations }) => known(evaluations.map((e) => e.memory))), 0) || null;
