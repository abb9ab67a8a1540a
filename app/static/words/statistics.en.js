/* Every sentence of the query statistics, in English. */
import { percent, plural } from "../words.js";

const pictures = (count) => `${count} ${plural(count, { one: "picture", other: "pictures" })}`;

export const say = {
  unreachable: "The server does not answer. Check that it is running, then try again.", png: "Save the picture",
  // source
  pictures: "Counted over", sources: { set: "A bundled set", examples: "The examples", own: "Your pictures" }, counts: "An answer counts", least: "Score ≥",
  opening: "Opening …", counting: "Pictures done", running: (done, total) => `Running picture ${done + 1} of ${total} …`, stop: "Stop",
  noSet: "No record of a bundled set is stored for these weights: count over the examples instead.", noOwn: "You have brought no picture in this visit: upload some, then come back.",
  what: (count, queries, weights, source) => `${pictures(count)}${source === "set" ? ` of the ${weights} validation set, not trained on` : ""}, ${queries} query slots.`,
  // slots
  slots: "Where each slot predicts", slotsLabel: "Query slots. Arrows: another slot.", shown: (count, all) => `${count} of ${all}, busiest first`, every: "All slots", slotShort: (query, count) => `#${query} · ${count}`,
  learned: "Slots are learned: each has its own place and size of boxes. One square a slot, one dot a picture (DETR, figure 7).",
  ranks: "In this detector a slot is a rank among the encoder's proposals, not a place: expect no regions, but the first ranks to do the work.",
  small: "small", wide: "large, wide", square: "large, square", tall: "large, tall", below: "below the score",
  // one slot
  slot: (query) => `Query ${query}`, chooseSlot: "Point at a slot to look at it, press to pin it.", slotPicture: "Boxes of the slot", fires: (count, all) => `finds something in ${count} of ${pictures(all)}`,
  spread: "Spread of centres", meanScore: "Mean score", size: "Mean size, of the picture", says: "What it says", silent: "It never reaches the score.",
  // paths
  paths: "Where all queries go", start: "Start", after: (layer) => `Layer ${layer}`, movement: "Movement by layer", moved: "moved by this layer", left: "still to go", ofPicture: "of the picture",
  pathsNote: "Centres of all queries in all pictures, from what the first layer looks from to the last box. However queries begin, they end on the objects (Efficient DETR, 2021). Coloured: answers that count.",
  pathsNoteNoStart: "Centres of all queries in all pictures after every layer; this detector's queries begin without a place. Coloured: answers that count.",
  // charts
  firing: "How often each slot answers", slotsBy: "slots, busiest first", timesFound: "pictures", slotHover: "query %{customdata}: %{y} pictures",
  deadNote: (dead, all, few, count) => `${dead} of ${all} slots never reach the score in ${pictures(count)}; ${few} ${plural(few, { one: "slot gives", other: "slots give" })} half of all answers.`,
  levels: "Attention by feature level", levelsNote: "Mean of all queries, heads and pictures: which scale a layer reads.", oneLevel: "This detector reads a single feature level.",
  level: (level, shape) => `level ${level + 1}${shape ? ` (${shape[1]} × ${shape[0]})` : ""}`,
  classes: "What each slot prefers to say", classHover: "query %{x}, %{y}: %{customdata} times, %{z:.0%} of its answers<extra></extra>", silentAll: "No slot reaches the score.",
  classesNote: (count, purity) => `The ${count} busiest slots. ${purity === null ? "No slot answers often enough to speak of a preference." : `Slots that answer three times or more give ${percent(purity)} of their answers to their favourite class.`}`,
};
