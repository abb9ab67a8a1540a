/* From a point or a row to the Explore page. */
import * as bus from "../bus.js";
import { turn } from "../nav.js";
import { open } from "../session.js";

/** Weights of a variant that come with the project, those for `data` first; null where there are none. */
export function weightsOf(id, data) {
  const names = bus.get().variants.find((variant) => variant.id === id)?.weights ?? [];
  return names.includes(data) ? data : names[0] ?? null;
}

export async function openWeights(id, data) {
  const weights = id && weightsOf(id, data);
  if (!weights) return;
  turn("explore");
  await open({ model: id, weights }, { query: "best" });
}
