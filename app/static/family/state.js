/* What the Family page shows: the systems, the chosen one, and what they are narrowed to. */
import { store } from "../store.js";

export const { get, set, on, onFrame } = store({
  systems: [],        // parents before children
  sections: [], kinds: [], survey: null,
  selected: null,     // id of the system whose card is shown
  hover: null,
  asked: 0,           // grows when a card is asked for with a click or Enter: a narrow page then scrolls to it
  search: "",
  year: null,         // or null for all
  section: null, kind: null,
  built: false,       // only what is built here
});

const folded = (text) => String(text).toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ");

/** Whether a system is among those asked for; every word of the search must be somewhere in what is told of it. */
export function matches(system, { search, year, section, kind, built }) {
  if (year && system.year !== year) return false;
  if (section && system.section !== section) return false;
  if (kind && system.kind !== kind) return false;
  if (built && !system.built) return false;
  if (!search.trim()) return true;
  const text = folded([system.id, system.name, system.title, system.venue, system.authors, ...Object.values(system.idea ?? {}), ...Object.values(system.claim ?? {})].join(" "));
  return folded(search).trim().split(" ").every((word) => text.includes(word));
}
