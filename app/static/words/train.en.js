/* The Train page, in English (the data step has words of its own). */
import { plural } from "../words.js";
import { say as units } from "./units.en.js";

const count = (value, one, other) => `${value} ${plural(value, { one, other })}`;

export const say = {
  ...units,
  title: "Fine-tune a detector",
  lead: "Your own pictures and boxes, any detector of the family, one run that goes on in the background. Close the page and come back: nothing is lost.",
  stepsLabel: "Steps",
  steps: { data: "Data", recipe: "Recipe", review: "Review", start: "Start" },
  noData: "choose a data set", back: "Back",
  next: { recipe: "Choose the recipe", review: "Review", start: "To the start" },
  missing: { data: "Choose a data set without blocking findings first.", recipe: "The recipe does not hold yet." },
  seen: (images) => `${images} pictures seen`,

  // recipe
  sum: "What this run will be", noPlan: "Choose a data set first.",
  detector: "Detector", start: "Start from", scratch: "random numbers",
  startHelp: "Trained weights need far fewer pictures than random numbers. Where the classes differ, only the class head starts anew.",
  startOf: {
    bundled: ({ id, AP50 }, number) => [`Weights “${id}”`, AP50 === undefined ? "tiny, came with the Atlas" : `tiny, came with the Atlas, AP50 ${number(AP50 * 100, 1)}`],
    published: ({ id }) => [`Published, ${id.toUpperCase()}`, "the paper's ResNet-50, downloaded once"],
    job: ({ name }) => [name, "your own finished run"],
    scratch: () => ["Random numbers", "tiny, learns from nothing"],
  },
  startShort: (name) => name,
  budget: "How long", budgets: { small: "Small", balanced: "Balanced", best: "Best", epochs: "Epochs" }, epochs: "epochs",
  budgetHelp: {
    small: "A first look: enough to see whether the data teaches what you want.",
    balanced: "For most data sets: about twenty passes, more for small ones, since a detector needs steps.",
    best: "About fifty passes. Worth it when the balanced run is still getting better at its end.",
    epochs: "Passes over the training pictures, as many as you say.",
  },
  image: "Picture size", fitting: "Fitting",
  imageHelp: "Short side in pixels. Larger pictures show small objects; time and memory grow with the area.",
  imageChosen: (side) => `${side} pixels on the short side, so that a middling object of this data set keeps enough of them.`,
  advanced: "Advanced", advancedHelp: "Everything else. The preset fits the size of the data set; a changed field is marked and can be put back.",
  changed: (n) => `${n} modified`, resetAll: "Reset all", modified: "Modified", reset: "Reset", resetTo: (value) => `Back to ${value}`,
  on: "on", off: "off",
  bounds: (whole, least, most) => `Give ${whole ? "a whole number" : "a number"} from ${least} to ${most}.`,
  groups: { length: "Length", learning: "Learning", memory: "Speed and memory", record: "Record", detector: "Detector" },
  fields: {
    images: "Pictures seen", evaluations: "Evaluations", patience: "Early stop, evaluations", seed: "Seed", batch: "Batch", rate: "Learning rate", slow_rate: "Share of slow parts",
    schedule: "Schedule", warmup: "Warm-up steps", weight_decay: "Weight decay", clip: "Gradient clipping", ema: "Weight average", accumulate: "Pieces a step",
    precision: "Precision", cache: "Keep backbone features", views: "Kept views", workers: "Reading processes", checkpoint_seconds: "Checkpoint every, s", queries: "Queries",
  },
  help: {
    images: "The budget: training pictures shown in all, repeats included.",
    evaluations: "How often the detector is measured on the validation pictures, spread evenly; the last one ends the run.",
    patience: "Evaluations in a row without a better AP that end the run; the best weights are kept. 0 never stops early.",
    seed: "Of new weights, order and augmentation. The same seed on the same machine gives the same run.",
    batch: "Pictures per optimizer step. More is steadier and needs more memory; a rate that fits 8 fits 16 with a little more.",
    rate: "How far a step goes. Too high and the loss jumps or becomes no number; too low and nothing happens.",
    slow_rate: "Share of the rate for sampling offsets and reference points, which say where to look and are easily lost.",
    schedule: "How the rate falls towards the end.",
    warmup: "Steps in which the rate rises from zero, so that new heads do not shake trained parts.",
    weight_decay: "Pull of the weights towards zero; a little helps against learning by heart.",
    clip: "Largest gradient norm; larger ones are shortened. 0 turns it off. The papers use 0.1.",
    ema: "Decay of a moving average of the weights, which is what is measured and kept. 0 turns it off.",
    accumulate: "A step computed in so many pieces needs less memory and gives the same numbers.",
    precision: "bf16 and fp16 are faster on most GPUs and need less memory; on a processor leave float32.",
    cache: "A frozen backbone says the same of the same picture each time: its features are computed once. Off: fresh augmentation each time, slower.",
    views: "Different augmentations of the training pictures that are kept. 0 takes as many as there are pictures, at least 1000.",
    workers: "Processes that read and augment pictures; only matters without kept features.",
    checkpoint_seconds: "After a crash the run goes on from the last checkpoint. A stop always writes one.",
    queries: "Most objects a picture can have. Another number than that of the weights starts the queries anew.",
  },
  choices: { no: "float32", linear: "linear, over the last 40 %", step: "a tenth for the last fifth", cosine: "cosine", constant: "constant" },
  row: { data: "Data", detector: "Detector", start: "Starts from", seen: "Pictures seen", steps: "Steps", image: "Picture size", evaluations: "Evaluations" },
  pictures: (train, val) => `${train} to learn from, ${val} to measure on`,
  size: { tiny: "tiny", r50: "ResNet-50" },
  passes: (n) => `${n < 10 ? Math.round(n * 10) / 10 : Math.round(n)} passes over the training pictures`,
  batchOf: (n) => `${count(n, "picture", "pictures")} each`,
  pixels: (short, long) => (short === long ? `up to ${long} × ${long} px` : `${short} px, long side up to ${long}`),

  // review
  cost: "Time and memory", measuring: (ahead) => (ahead ? `Waiting for ${count(ahead, "other measurement", "other measurements")} …` : "Measuring a few steps of this very run on the server …"),
  again: "Measure again", about: (seconds) => `about ${units.duration(seconds)}`,
  costHelp: ({ device }) => `From a dry run of a few steps on ${device}. Other work on this machine makes it slower.`,
  part: { prepare: "Preparing features", train: "Training", evaluate: "Evaluating" },
  partNote: {
    prepare: ({ views }, number) => `${number(views)} views, once; kept for the next run`,
    train: ({ step, steps }, number) => `${number(steps)} steps of ${number(step, 2)} s`,
    evaluate: ({ evaluations, pictures }, number) => `${number(evaluations)} × ${number(pictures)} pictures`,
  },
  memory: "Memory", disk: "Disk", free: (bytes) => `${units.bytes(bytes)} free`,
  changedFrom: "Changed from the preset:", asPreset: "Everything as the preset has it.",
  command: "The same from a command line", copy: "Copy", copied: "Copied", commandHelp: "The run is exactly this; data folders are named as seen from the server's data folder.",

  // start
  startWords: "The run goes into this server's queue and works in the background. It survives a closed page and a restarted server, can be stopped after any step and goes on exactly where it was.",
  name: "Name", startButton: "Start training", starting: "Starting …",
  queue: (ahead) => (ahead ? `${count(ahead, "run is", "runs are")} before yours.` : "Nothing is waiting: it begins at once."),
};
