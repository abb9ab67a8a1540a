/* Words of the header and the Explore page in the visitor's language, and the names of detectors. */
import { words } from "./words.js";

export const say = await words("explore");
const ideas = await words("variants");

const CAPITALS = new Set(["detr", "dn", "dab", "dino", "smca", "deta", "hoi", "up", "ks", "cf", "wb", "ao2", "sam", "sap", "pp", "rt", "lw", "rf", "h", "l"]);

/** A detector's name from its id: deformable_detr_two_stage -> Deformable DETR, two stage. */
export function title(id) {
  if (!id) return "";
  const [name, rest] = id.split(/_(?=refine$|two_stage$)/);
  const words = name.split("_").map((word) => (CAPITALS.has(word) ? word.toUpperCase() : word[0].toUpperCase() + word.slice(1)));
  return words.join(" ") + (rest ? `, ${{ refine: say.refine, two_stage: say.twoStage }[rest]}` : "");
}

/** A detector's idea in one sentence, for an entry of the catalogue. */
export const idea = ({ id, idea: english }) => ideas[id] ?? english;
