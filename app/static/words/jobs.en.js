/* The Jobs page, in English. */
import { number, plural } from "../words.js";
import { say as train } from "./train.en.js";
import { say as units } from "./units.en.js";

const count = (value, one, other) => `${value} ${plural(value, { one, other })}`;
const listed = (names, all, shown = names.slice(0, 6)) => shown.map((name) => `“${name}”`).join(", ") + (all > shown.length ? `, and ${all - shown.length} more` : "");

export const say = {
  ...units, name: train.name,
  jobs: "Jobs", loading: "Reading the jobs …", noJobs: "No job yet.", newRun: "New run", overlay: "Draw into the curves", demo: "example", demoName: "Tree crowns from the air",
  demoWords: "A finished example that came with the Atlas",
  states: { queued: "Queued", preparing: "Preparing", running: "Running", stopping: "Stopping", stopped: "Stopped", failed: "Failed", interrupted: "Interrupted", finished: "Finished", warning: "Warning" },
  reasons: [
    [/^a stop was asked for$/i, () => "you asked for a stop"], [/^SIG\w+ was received$/, () => "the process was asked to end"],
    [/^AP has not risen for (\d+) evaluations\.?$/, (n) => `ended early: AP had not risen for ${count(n, "evaluation", "evaluations")}`],
    [/^(\d+) of (\d+) views$/, (done, all) => `features of ${done} of ${all} views`],
  ],
  position: (place) => `· place ${place}`, ahead: (n) => `${count(n, "job is", "jobs are")} before it`,
  since: (seconds) => `since ${units.duration(seconds)}`, on: (data) => `on ${data}`, from: (start) => `from ${start}`, fromNothing: "from random numbers", device: (name) => `on ${name}`,
  step: "Step", passes: "Passes", left: "Time left", speed: "Speed", perSecond: (value) => `${value} pictures/s`, spent: "Trained", memory: "Memory", best: "Best", created: "Created", patience: "Ends early after", evaluationsMore: (n) => `${n} more without a better AP`,
  of: (now, all) => `${now} / ${all}`,
  actions: { stop: "Stop", kill: "End at once", resume: "Resume", clone: "Clone with edits", delete: "Delete" }, cancel: "Cancel",
  deleteSure: (name) => `Delete “${name}” with its weights, curves and log? This cannot be undone.`,

  // errors
  alerts: { memory: "Out of memory", diverged: "The loss is no longer a number", disk: "The disk is full", data: "The data cannot be read", killed: "The process was killed", error: "The run failed" },
  meanings: {
    memory: "The pictures of one step did not fit. Half of them at once gives the same numbers and needs about half the memory.",
    diverged: "The learning rate was too high for this data, or rose too fast. The last checkpoint is from before.",
    "memory.clone": "The pictures of one step did not fit, and the batch cannot be halved again. Smaller pictures or another batch will fit.",
    disk: "The last checkpoint is whole. Make room, then resume.",
    killed: "Something outside ended it, often the system when memory runs short. The last checkpoint is whole.",
  },
  warned: (n) => count(n, "warning", "warnings"),
  warnings: {
    unmatched: ({ steps }) => ["Nothing to match", `The pictures of the last ${count(steps, "step", "steps")} had no boxes, so no query was matched to an object and the detector learns to see nothing. Stop the run and look at the data set.`],
    flat: ({ evaluations, AP, step }) => ["AP is flat", `It has not risen for ${count(evaluations, "evaluation", "evaluations")}; the best is ${number(100 * AP, 1)} at step ${step}, and its weights are kept. Another rate or more pictures may help more than further steps.`],
    unseen: ({ classes, count: n }) => [n === 1 ? "A class is never predicted" : `${n} classes are never predicted`, `No detection scored 0.3 or more for ${listed(classes, n)}. Look at the boxes, bring more pictures, or train longer.`],
    scarce: ({ free }) => ["The disk is nearly full", `The server has ${units.bytes(free)} left, and the next checkpoint may not fit. Delete old jobs and data sets.`],
  },
  next: { stop: "Stop the run", smaller: "Retry with half the batch", resume: "Resume", slower: "Clone with a lower rate", clone: "Clone with edits" }, detail: "What the run said",

  // clone
  cloneTitle: (name) => `The same as “${name}”, with edits`, cloneName: (name) => `${name}, again`, startClone: "Start",
  changedFields: (n) => (n ? `${count(n, "field", "fields")} changed.` : "Nothing changed yet."),

  // results
  results: "Results", resultsNote: "of the best weights", resultsSoFar: "of the best weights so far", download: "Download all (zip)", explore: "Explore", compare: "Compare with the start", notYet: "There are no weights before the first evaluation.",
  python: "Load in Python", command: "Command line",

  // curves
  curves: "Curves", curvesNote: "drag to zoom, double click to go back; the zoom stays while data arrives", noCurves: "The first numbers come after a few steps.",
  seen: "pictures seen", loss: "loss", total: "Total", parts: "Parts", byLayer: (term) => `${term} by layer`, layer: (number) => `layer ${Number(number) + 1}`, lossViews: "Which losses",
  terms: { class: "Class", l1: "L1", giou: "GIoU", objectness: "Objectness", inner: "Inside" },
  lossGroups: { denoising: "Denoising", many: "One-to-many", proposals: "Proposals", tokens: "Encoder", scheme: "Scheme" },
  charts: { loss: "Loss", quality: "Quality", matching: "Assignment instability", classes: "AP by class", rate: "Learning rate", norm: "Gradient norm", pace: "Pictures per second", memory: "Memory" },
  chartNotes: {
    loss: "unweighted, smoothed", quality: "validation pictures, COCO's numbers; the star is the best AP", matching: "objects that another query answers for than at the evaluation before",
    classes: "at the chosen evaluation; the mark is the first one", rate: "", norm: "before clipping", pace: "training alone, between evaluations", memory: "at each evaluation",
  },
  savePicture: "Save as picture", gigabytes: " GB",

  // pictures
  samples: "Validation pictures", samplesNote: "always the same ones; click one to see its queries", noSamples: "They come with the first evaluation.",
  evaluation: "Evaluation", evaluationAt: (step) => `step ${step}`, firstEvaluation: "the first evaluation", play: "Play the evaluations", threshold: "Score ≥", truth: "Objects",
  flips: (moved, objects) => `${moved} of ${count(objects, "object", "objects")} changed to another query since the evaluation before`,
  movedHere: (n) => `${n} changed`, sampleLabel: (number, moved, objects) => `Picture ${number}: ${moved} of ${objects} objects changed their query`,
  legend: { truth: "object (labelled)", found: "found", kept: "same query as before", moved: "another query than before" },

  // log
  history: "History", log: "Log", search: "Lines with …", saveLog: "Download", noLog: "Nothing here.", tail: (lines) => `last ${lines} lines`, matches: (found, most) => (found >= most ? `the last ${most} matches` : `${count(found, "line", "lines")}`),
};
