/* The address bar says what is looked at: read once at the start, written after every change without a new entry. */
import { DEFAULTS, get, on } from "./bus.js";

const count = (text) => (/^\d{1,6}$/.test(text ?? "") ? Number(text) : null);
const share = (text) => (text && Number(text) >= 0 && Number(text) <= 1 ? Number(text) : null);

/** What the address asks for; what makes no sense counts as absent. Layers and heads count from 1 there. */
export function asked() {
  const words = new URLSearchParams(location.search);
  const [layer, head] = [count(words.get("layer")), count(words.get("head"))];
  return {
    picture: words.get("picture"), model: words.get("model"), weights: words.get("weights"), query: count(words.get("query")),
    layer: layer ? layer - 1 : null, head: head ? head - 1 : null,
    page: words.get("page"), threshold: share(words.get("threshold")) ?? DEFAULTS.threshold, top: count(words.get("top")) || DEFAULTS.top,
  };
}

/** The address of the present view. */
export function address() {
  const state = get();
  const words = new URLSearchParams(location.search);
  const said = {
    page: state.page === DEFAULTS.page ? null : state.page,
    picture: state.picture, model: state.model, weights: state.weights, query: state.query,
    layer: state.layer === null ? null : state.layer + 1, head: state.head === null ? null : state.head + 1,
    threshold: state.threshold === DEFAULTS.threshold ? null : state.threshold.toFixed(2), top: state.top === DEFAULTS.top ? null : state.top,
  };
  for (const [name, value] of Object.entries(said)) {
    if (value === null || value === undefined) words.delete(name);
    else words.set(name, String(value));
  }
  return `${location.pathname}?${words.toString().replaceAll("%3A", ":").replaceAll("%2F", "/")}`;
}

let timer = 0;
on(["picture", "model", "weights", "query", "layer", "head", "threshold", "top", "run"], (state) => {
  if (!state.run) return;
  clearTimeout(timer);                                // browsers refuse more than a hundred changes in half a minute
  timer = setTimeout(() => history.replaceState(history.state, "", address()), 120);
});
