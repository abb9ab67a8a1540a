/* Whose pictures are counted, by which detector, and from which score on an answer counts. */
import { on as onBus } from "../bus.js";
import { choosers, uploader } from "../choose.js";
import { el, write } from "../dom.js";
import { number } from "../words.js";
import { connect, on, pictures, set, stop, tally } from "./tally.js";
import { say } from "./text.js";

export function mount(place, server) {
  place.classList.add("source-bar");
  const line = el("p", { class: "tally-line", "aria-live": "polite" });
  const bar = el("progress", { max: 1, value: 0, "aria-label": say.counting });
  const halt = el("button", { type: "button", class: "quiet", onclick: stop }, say.stop);
  place.append(
    el("div", { class: "source-part grow" }, el("h2", {}, say.pictures), el("div", { class: "tally-source" }, segments(), uploader()), el("div", { class: "tally-state" }, line, bar, halt)),
    el("div", { class: "source-part" }, el("h2", {}, say.counts), least()), ...choosers("statistics-"));
  const show = () => {
    const { data, progress, trouble, source } = tally();
    bar.hidden = halt.hidden = !progress?.total;
    if (progress?.total) bar.value = progress.done / progress.total;
    const empty = source === "own" && !pictures("own").length;
    write(line, progress ? (progress.total ? say.running(progress.done, progress.total) : say.opening) : trouble || (empty ? say.noOwn : data ? say.what(data.pictures, data.queries, data.weights, source) : ""));
    line.classList.toggle("trouble", Boolean(trouble));
  };
  on(["data", "progress", "trouble", "source"], show);
  onBus(["own"], show);
  connect(server);
}

function segments() {
  const buttons = ["set", "examples", "own"].map((source) => {
    const count = el("small", {});
    const button = el("button", { type: "button", onclick: () => set({ asked: true, source }) }, say.sources[source], count);
    on(["source"], (state) => button.setAttribute("aria-pressed", String(state.source === source)));
    onBus(["own", "examples", "weights"], () => write(count, source === "set" ? "" : String(pictures(source).length)));
    return button;
  });
  return el("div", { class: "segment-row", role: "group", "aria-label": say.pictures }, buttons);
}

function least() {
  const input = el("input", { type: "range", min: 0.05, max: 0.95, step: 0.05, id: "atlas-statistics-least", "aria-label": say.counts, oninput: () => set({ least: Number(input.value) }) });
  const value = el("output", { for: input.id });
  on(["least"], (state) => { input.value = state.least; write(value, number(state.least, 2)); input.style.setProperty("--share", `${((state.least - 0.05) / 0.9) * 100}%`); });
  return el("label", { class: "slider" }, el("span", {}, say.least), input, value);
}
