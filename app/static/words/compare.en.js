/* Every sentence of the Compare page, in English. */
import { number } from "../words.js";

export const say = {
  // choice
  pictures: "Examples", own: "Your own picture", threshold: "Score ≥", add: "Add a detector", remove: "Leave it out",
  detector: (letter) => `Detector ${letter}`, weights: (letter) => `Weights of ${letter}`,
  // pictures
  mode: "Arrangement", beside: "Side by side", wipe: "Wipe", wipeHandle: "Where one picture ends and the other begins", against: " against ",
  zoom: "Zoom", closer: "Closer", further: "Further away", whole: "Whole picture", picture: "Save the pictures (PNG)",
  gestures: "Click an object to pin it. Double click, pinch or Ctrl and wheel: zoom. Drag: move.",
  running: "Running the detector …",
  counted: (found, alone) => `${found} ${found === 1 ? "object" : "objects"}${alone ? `, ${alone} only here` : ""}`,
  canvas: (name, count) => `${name}: ${count}. Plus and minus zoom, arrows move, Escape unpins.`,
  legend: "Thick boxes: not every detector found the object, or they call it differently. Thin boxes: all agree. Boxes of two detectors are about one object from an IoU of 0.5. " +
    "Dashed: seen, but below the threshold. Dotted white: nothing there.",
  // differences
  differences: "Objects, by score gap", saveList: "Save the list (JSON)", kindsLabel: "Show only", every: "All",
  kinds: { one: "Only one", some: "Some", class: "Class differs", all: "All agree" },
  only: (letter) => `only ${letter}`, without: (letters) => `not ${letters}`, object: "Object", gap: "Gap", layerShort: (layer) => `L${layer}`,
  waiting: "Waiting for the detectors …", nothing: "No object reaches the threshold.", weak: "Below the threshold", absent: "No query of this detector ended here.",
  // one object
  oneObject: "The object", hint: "Point at a box or a row to see the object in every detector; click to pin it.",
  onlyFound: (letter) => `Only ${letter} found it.`, missedBy: (letters) => `Not found by ${letters}.`, foundByAll: (count) => (count === 2 ? "Found by both." : `Found by all ${count}.`),
  classesDiffer: "Their classes differ.", overlap: (least) => `Least IoU with the best box: ${number(least, 2)}.`,
  nearly: (name, score) => `Below the threshold: ${name} ${number(score, 2)}`, query: (query) => `query ${query}`,
  step: (layer, iou, same) => `Layer ${layer}: IoU with the final box ${number(iou, 2)}${same ? "" : ", another class"}`,
  settled: (layer, layers) => `locked on at layer ${layer} of ${layers}`,
  lockedMeans: (least) => `Locked on: from this layer to the last, the class is the final one and the IoU with the final box at least ${least}.`,
  toExplore: "Open in Explore", toInside: "Open in Inside",
  // costs
  costs: "What it costs, what it reaches", again: "Measure again", measuring: (name) => `Measuring ${name} …`, notMeasured: "Could not be measured: try again.",
  ms: (value) => `${value < 10 ? number(value, 1) : Math.round(value)} ms`, pixels: ([height, width]) => `${width} × ${height} px`, images: (count) => `${count} pictures`,
  costsNote: "Times are medians of five runs of this picture on this server, batch 1, after one run that does not count; other visitors' work slows them, so compare rows of one table. " +
    "Multiply-adds are counted by running the network at the input size shown; papers call them FLOPs. AP is that of these weights on their validation pictures, told by their card: it is not COCO AP.",
  rows: { parameters: "Parameters", computation: "Multiply-adds", prepare: "Prepare the picture", network: "Network", read: "Read out boxes", input: "Input", precision: "Precision",
    device: "Device", queries: "Queries", layers: "Decoder layers", ap: "AP", ap50: "AP50", trained: "Trained on" },
  meaning: { parameters: "All that is learned, the backbone included", computation: "10⁹ multiply-adds of one picture", ap: "Mean over IoU 0.50 to 0.95" },
  // recipes
  recipes: "How the recipes differ", with: "and", side: (side) => (side ? "Second recipe" : "First recipe"), reading: "Reading the recipes …", notRead: "The recipes could not be read: try again.",
  sameRecipe: "Both are the same detector: only their weights differ.",
  changedParts: (changed, all) => `${changed} of ${all} parts differ, in the recipes as published (ResNet-50). Press a part to read its code.`,
  above: "Detectors above", others: "Other detectors", wiped: (side) => (side ? "On the right" : "On the left"),
  code: "The code of the parts that differ",
};
