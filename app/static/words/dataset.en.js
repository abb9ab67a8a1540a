/* The data step of the Train page, in English. Findings are told in the server's own sentences. */
import { number, plural } from "../words.js";

const count = (value, one, other) => `${number(value)} ${plural(value, { one, other })}`;

export const say = {
  own: "Your own data", sets: "Data sets", report: "What the check says", came: "Came with the Atlas",
  choose: "Choose a zip", drop: "or drop it here", layouts: "Pictures with boxes in COCO, Pascal VOC or YOLO layout. The check tells which, and mends what is safe. Only you see them.",
  folder: "Or a folder on the server", useFolder: "Use",
  noZip: "This is no zip: pack the folder of the data set as .zip.", empty: "The file is empty: choose another one.", large: (most) => `The archive is too large: up to ${number(most)} MB are taken here.`,
  unreadable: "The file could not be read: choose it again.", again: "Connection lost, trying again …", putAway: "Put away",
  stages: { uploading: "Sending …", waiting: "In line …", unpacking: "Unpacking …", reading: "Looking into every picture …", mending: "Mending and converting …" },
  bundled: { trees: ["Trees from above", "Aerial pictures of the NEON sites with boxes by DeepForest."], scenes: ["Scenes", "Generated scenes, rendered when they are needed."] },
  size: (pictures, boxes, classes) => `${count(pictures, "picture", "pictures")}, ${count(boxes, "box", "boxes")}, ${count(classes, "class", "classes")}`,
  verdicts: { fine: "fine", warning: "warning", blocking: "blocking" },
  verdictLine: { fine: "Sound.", warning: "Usable, with something to look at.", blocking: "Cannot be trained on before it is mended." },
  layoutLine: { coco: "COCO layout.", voc: "Pascal VOC layout.", yolo: "YOLO layout." },
  save: "Report", remove: "Delete", sure: "Delete for good",
  tile: { pictures: "Pictures", boxes: "Boxes", classes: "Classes", most: "Most in a picture", small: "Small objects" },
  split: (train, val) => `${train} train, ${val} validation`, perPicture: (mean) => `${mean} per picture`,
  queries: (queries, name) => `${queries} queries in ${name}`, resized: (short) => `below 32 px at size ${short}`,
  findings: "Findings", noFindings: "Nothing to mend and nothing to look at.", remarks: (n) => count(n, "remark", "remarks"), mended: "mended", showExamples: "Show the pictures where this occurs",
  where: (shown, all) => (shown < all ? `Where: the first ${number(shown)} of ${number(all)}` : "Where"),
  kinds: {}, codes: {},
  samples: "Samples with their boxes", samplesOf: (name) => `Samples with “${name}”`, examplesOf: "Where the finding occurs", showAll: "Show all", noSamples: "No pictures to show.",
  closely: "Look closely", close: "Close", earlier: "Earlier pictures", later: "More pictures", page: (page, pages) => `${page} / ${pages}`,
  drawn: (name, boxes) => `${name} with ${count(boxes, "box", "boxes")}`, count: (boxes) => count(boxes, "box", "boxes"), missing: "cannot be shown", splits: { train: "train", val: "validation", test: "test" },
  classes: "Classes", classesHelp: "The id in your files, the index inside the detector, and the name. The number of classes follows from this table.",
  id: "id", index: "index", name: "name", inTrain: "train", inVal: "val", showClass: "Show pictures with this class",
  sides: "How large the objects are", asBrought: "as brought", afterResize: "after resizing", sideAxis: "side (root of the area), px", objects: "objects",
  sidesHelp: (name, short) => `Before and after ${name} resizes the short side to ${short} px. Objects below 8 px are hardly found.`, sidesBefore: "In the pictures as they were brought.",
  counts: "How many a picture has", countAxis: "objects", pictures: "pictures", queryLine: (queries) => `${queries} queries `, countsHelp: "A detector finds at most as many objects as it has queries.",
  centres: "Where they lie", centresHelp: "Centres of all boxes over the area of the pictures: the stronger the colour, the more of them.",
};
