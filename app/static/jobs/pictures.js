/* The fixed validation pictures at every evaluation: what was predicted, which query answers for which object, and which changed. */
import { on as listen } from "../bus.js";
import { el, icon, write } from "../dom.js";
import { words } from "../words.js";
import { draw } from "./picture.js";
import { ask } from "./poll.js";
import { get, on, onFrame, record, set } from "./state.js";

const say = await words("jobs");
const PAUSE = 900;
const [FEW, LEVELS] = [8, [0.5, 0.4, 0.3, 0.2, 0.1]];  // objects that another page should begin with, and the scores it may ask of them
const images = new Map();                             // "job number" -> Image
const view = { threshold: 0.3, truth: true, large: null, player: 0 };

export function pictures() {
  const grid = el("div", { class: "sample-grid" });
  const [words, empty] = [el("p", { class: "sample-words", role: "status" }), el("p", { class: "empty" }, say.noSamples)];
  const slider = evaluationSlider();
  const body = el("div", {}, el("div", { class: "sample-tools" }, slider.node, threshold(), truth()), words, grid, legend());
  const node = el("section", { class: "replay", "aria-label": say.samples }, el("header", { class: "panel-head" }, el("h2", {}, say.samples), el("p", { class: "note" }, say.samplesNote)), empty, body);
  let tiles = [];
  on(["samples", "chosen"], ({ samples, chosen }) => {
    const known = samples && Object.keys(samples.steps).length > 0;
    empty.hidden = Boolean(known);
    body.hidden = !known;
    if (!known) { grid.replaceChildren(); tiles = []; return; }
    if (grid.dataset.job === chosen && tiles.length === samples.pictures.length) return;
    Object.assign(grid.dataset, { job: chosen });
    view.large = null;
    tiles = samples.pictures.map((picture, number) => tile(chosen, picture, number, redraw));
    grid.replaceChildren(...tiles.map((each) => each.node));
  });
  const redraw = onFrame(["samples", "at", "grown"], (state) => {
    const { step, before } = present(state);
    if (step === null) return;
    slider.show(state, step);
    const moved = tiles.map((each) => each.show(state.samples, step, before, view));
    const [flips, objects] = [0, 1].map((at) => moved.reduce((sum, each) => sum + each[at], 0));
    write(words, `${say.evaluationAt(step)}${quality(step)} · ${before === null ? say.firstEvaluation : say.flips(flips, objects)}`);
  });
  listen(["theme"], redraw);
  addEventListener("resize", redraw);
  document.addEventListener("atlas-samples", redraw);
  return node;
}

const steps = (samples) => Object.keys(samples?.steps ?? {}).map(Number).sort((a, b) => a - b);

/** The evaluation shown and the one before it. */
function present({ samples, at }) {
  const all = steps(samples);
  if (!all.length) return { step: null, before: null };
  const place = all.includes(at) ? all.indexOf(at) : all.length - 1;
  return { step: all[place], before: place ? all[place - 1] : null };
}

function quality(step) {
  const line = record()?.evaluations.find((each) => each.step === step);
  return line ? ` · AP50 ${(line.AP50 ?? 0).toFixed(3)}` : "";
}

const changed = () => document.dispatchEvent(new Event("atlas-samples"));

function evaluationSlider() {
  const input = el("input", { type: "range", min: 0, step: 1, id: "atlas-evaluation", oninput: () => { stop(); move(Number(input.value)); } });
  const output = el("output", { for: "atlas-evaluation" });
  const play = el("button", { type: "button", class: "quiet", "aria-label": say.play, title: say.play, onclick: () => (view.player ? stop() : start()) }, icon("play"));
  const move = (place) => { const all = steps(get().samples); set({ at: place >= all.length - 1 ? null : all[place] }); };
  const stop = () => { clearInterval(view.player); view.player = 0; play.replaceChildren(icon("play")); };
  const start = () => {
    play.replaceChildren(icon("pause"));
    if (Number(input.value) >= Number(input.max)) move(0);
    view.player = setInterval(() => {
      if (Number(input.value) >= Number(input.max) || !input.isConnected) return stop();
      move(Number(input.value) + 1);
    }, PAUSE);
  };
  on(["chosen"], stop);
  const show = ({ samples }, step) => {
    const all = steps(samples);
    input.max = String(all.length - 1);
    input.value = String(all.indexOf(step));
    input.style.setProperty("--share", `${all.length > 1 ? (100 * all.indexOf(step)) / (all.length - 1) : 100}%`);
    input.setAttribute("aria-valuetext", say.evaluationAt(step));
    write(output, `${all.indexOf(step) + 1} / ${all.length}`);
  };
  return { node: el("label", { class: "slider evaluation" }, play, el("span", {}, say.evaluation), input, output), show };
}

function threshold() {
  const output = el("output", {}, view.threshold.toFixed(2));
  const paint = () => input.style.setProperty("--share", `${view.threshold * 100}%`);
  const input = el("input", { type: "range", min: 0.05, max: 0.95, step: 0.05, value: view.threshold, oninput: () => { view.threshold = Number(input.value); write(output, view.threshold.toFixed(2)); paint(); changed(); } });
  paint();
  return el("label", { class: "slider" }, el("span", {}, say.threshold), input, output);
}

function truth() {
  const button = el("button", { type: "button", class: "switch", "aria-pressed": "true", onclick: () => { view.truth = !view.truth; button.setAttribute("aria-pressed", String(view.truth)); changed(); } }, say.truth);
  return button;
}

const legend = () => el("ul", { class: "sample-legend" }, ["truth", "found", "kept", "moved"].map((kind) => el("li", {}, el("i", { "data-kind": kind }), say.legend[kind])));

/** One picture; a click shows it large, with the numbers of the queries. */
function tile(job, picture, number, redraw) {
  const canvas = el("canvas", { style: { "aspect-ratio": `${picture.size[1]} / ${picture.size[0]}` } });
  const badge = el("span", { class: "sample-badge", hidden: true });
  const node = el("button", { type: "button", class: "replay-tile", "aria-pressed": "false", onclick: () => { view.large = view.large === number ? null : number; changed(); } }, canvas, badge);
  fetchPicture(job, number).then(redraw, () => {});
  const show = (samples, step, before, options) => {
    const large = options.large === number;
    node.classList.toggle("large", large);
    node.setAttribute("aria-pressed", String(large));
    const now = samples.steps[step][number];
    const earlier = before === null ? null : samples.steps[before][number];
    const moved = now && earlier ? Object.keys(now.matches).filter((object) => earlier.matches[object] !== undefined && earlier.matches[object] !== now.matches[object]) : [];
    const image = images.get(`${job} ${number}`);
    if (image && now) draw(canvas, image, { ...options, objects: samples.pictures[number], now, earlier, moved, names: samples.names, large, size: picture.size });
    badge.hidden = !moved.length;
    write(badge, moved.length ? say.movedHere(moved.length) : "");
    node.setAttribute("aria-label", say.sampleLabel(number + 1, moved.length, Object.keys(now?.matches ?? {}).length));
    return [moved.length, Object.keys(now?.matches ?? {}).length];
  };
  return { node, show };
}

async function fetchPicture(job, number) {
  const key = `${job} ${number}`;
  if (images.has(key)) return;
  const { jpeg } = await ask("job_picture", { job, number });
  const image = new Image();
  image.src = `data:image/jpeg;base64,${jpeg}`;
  await image.decode();
  images.set(key, image);
  if (images.size > 64) images.delete(images.keys().next().value);
}

/** The picture that is looked at large, else the one with most to see, as a file for the other pages, with a threshold that shows its objects. */
export async function pictureFile(job) {
  const { samples } = get();
  const all = steps(samples);
  const best = record()?.best?.step;
  const seen = samples.steps[all.includes(best) ? best : all.at(-1)];
  const above = (number, least) => seen[number].scores.filter((score) => score >= least).length;
  const number = view.large ?? seen.reduce((most, _, each) => (above(each, view.threshold) > above(most, view.threshold) ? each : most), 0);
  const enough = Math.min(FEW, samples.pictures[number].labels.length);
  const threshold = LEVELS.find((least) => above(number, least) >= enough) ?? LEVELS.at(-1);
  await fetchPicture(job, number);
  return { name: `validation-${number + 1}.jpg`, data: images.get(`${job} ${number}`).src.split(",")[1], threshold };
}
