/* From a point or a row to the Explore page. */
import * as bus from "../bus.js";
import { turn } from "../nav.js";
import { open } from "../session.js";

/** Weights of a variant that come with the project, those for `data` first; null where there are none. */
export function weightsOf(id, data) {
  const names = bus.get().variants.find((variant) => variant.id === id)?.weights ?? [];
  return names.includes(data) ? data : names[0] ?? null;
}

/** Another kind of example than the one looked at, where these weights were taught on it; a visitor's own picture stays. */
function fitting(weights) {
  const { examples, picture } = bus.get();
  const looked = examples.find(({ id }) => picture === `example:${id}`);
  const other = looked && looked.data !== weights && examples.find(({ data }) => data === weights);
  return other ? { picture: `example:${other.id}` } : {};
}

/** Until the catalogue is here and the page's first picture too, or it is known that there is none: what is chosen earlier waits. */
const settled = () => new Promise((resolve) => {
  const stop = bus.on(["variants", "picture", "status"], ({ variants, picture, status }) => {
    if (variants.length && (picture || ["error", "empty"].includes(status?.kind))) queueMicrotask(() => { stop(); resolve(); });
  });
});

export async function openWeights(id, data) {
  await settled();
  const weights = id && weightsOf(id, data);
  if (!weights) return;
  turn("explore");
  await open({ model: id, weights, ...fitting(weights) }, { query: "best" });
}
