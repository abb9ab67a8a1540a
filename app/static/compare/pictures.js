/* One canvas a detector, all at the same place of the picture: point at an object in one and see it in all. Or two in one, wiped. */
import * as bus from "../bus.js";
import { button, el, icon, write } from "../dom.js";
import { exportButton, exportPng } from "../export.js";
import { context } from "../paint.js";
import { title } from "../text.js";
import { words } from "../words.js";
import { paint, paintWipe } from "./drawing.js";
import { gestures, zoom } from "./gestures.js";
import { active, choosePair, get, LETTERS, on, onFrame, ready, set } from "./state.js";

const say = await words("compare");

export function mount(place) {
  const grid = el("div", { class: "compare-grid" });
  const note = el("p", { class: "compare-note" });
  const cells = [];
  place.append(tools(), grid, note);
  on(["models", "wipe"], ({ models, wipe }) => {
    const count = wipe ? 1 : models.length;
    while (cells.length < count) cells.push(makeCell(cells.length));
    grid.replaceChildren(...cells.slice(0, count).map(({ figure }) => figure));
    grid.style.setProperty("--columns", String(wipe ? 1 : Math.max(1, models.length)));
    grid.dataset.wipe = String(wipe);
  });
  const draw = onFrame(null, (state) => cells.slice(0, state.wipe ? 1 : state.models.length).forEach((cell, at) => refresh(cell, at, state)));
  bus.on(["image", "threshold", "theme"], draw);
  new ResizeObserver(draw).observe(grid);
  on(["groups", "runs", "errors"], (state) => write(note, explain(state)));
}

function explain({ runs, errors }) {
  if (errors.some(Boolean)) return "";
  return runs.length && ready() ? say.legend : "";
}

function tools() {
  const modes = [[false, say.beside], [true, say.wipe]].map(([wipe, label]) => {
    const face = button(label, () => set({ wipe }), { class: "switch" });
    on(["wipe"], (state) => face.setAttribute("aria-pressed", String(state.wipe === wipe)));
    return face;
  });
  const sides = [0, 1].map((side) => el("select", { class: "wipe-side", "aria-label": say.wiped(side), onchange: (event) => choosePair(side, Number(event.target.value)) }));
  on(["models", "pair", "wipe"], ({ models, pair, wipe }) => sides.forEach((select, side) => {
    select.hidden = !wipe || models.length < 3;
    select.replaceChildren(...models.map((one, at) => el("option", { value: at, selected: at === pair[side] }, `${LETTERS[at]}  ${title(one.model)}`)));
  }));
  const whole = button(say.whole, () => set({ view: null }), { class: "quiet" });
  on(["view"], ({ view }) => { whole.disabled = !view; });
  const step = (label, sign, factor) => button(sign, () => zoom(factor), { class: "quiet zoom", title: label, "aria-label": label });
  return el("div", { class: "compare-tools" }, el("div", { class: "switches", role: "group", "aria-label": say.mode }, modes), sides,
    el("div", { class: "zooms", role: "group", "aria-label": say.zoom }, step(say.closer, "+", 0.7), step(say.further, "−", 1 / 0.7), whole),
    el("span", { class: "note wide" }, say.gestures), exportButton(say.picture, savePicture));
}

function makeCell(at) {
  const canvas = el("canvas", { tabindex: 0, role: "img" });
  const [badge, name, count] = [el("span", { class: "letter" }), el("b", { class: "compare-name" }), el("span", { class: "note" })];
  const other = { badge: el("span", { class: "letter" }), name: el("b", { class: "compare-name" }) };
  other.place = el("span", { class: "second" }, other.badge, other.name);
  const status = el("p", { class: "compare-status", role: "status" });
  const handle = el("div", { class: "wipe-handle", role: "slider", tabindex: 0, "aria-label": say.wipeHandle, "aria-valuemin": 0, "aria-valuemax": 100 }, icon("wipe"));
  const figure = el("figure", { class: "compare-cell" }, el("figcaption", {}, badge, name, other.place, count), el("div", { class: "compare-mat" }, canvas, handle, status));
  gestures(canvas, handle, at);
  return { figure, canvas, badge, name, other, count, status, handle };
}

const letter = (badge, at) => { write(badge, LETTERS[at]); badge.dataset.model = LETTERS[at]; };

function refresh(cell, at, state) {
  const { image } = bus.get();
  const { ctx, width, height } = context(cell.canvas);
  caption(cell, at, state);
  if (!image || !width) return;
  cell.canvas.style.setProperty("--aspect", image.naturalWidth / image.naturalHeight);
  if (state.wipe) paintWipe(ctx, width, height, image, state, active());
  else paint(ctx, width, height, image, state, at, active());
}

function caption({ figure, canvas, badge, name, other, count, status, handle }, at, { models, runs, errors, groups, wipe, pair, share }) {
  const shown = wipe ? pair : [at];
  figure.dataset.wipe = String(wipe);
  handle.hidden = !wipe;
  handle.style.left = `${share * 100}%`;
  handle.setAttribute("aria-valuenow", String(Math.round(share * 100)));
  letter(badge, shown[0]);
  write(name, title(models[shown[0]]?.model));
  other.place.hidden = !wipe;
  if (wipe) { letter(other.badge, pair[1]); write(other.name, title(models[pair[1]]?.model)); }
  const waiting = shown.find((i) => !runs[i]);
  const trouble = shown.map((i) => errors[i]).find(Boolean);
  write(status, trouble ?? (waiting !== undefined ? say.running : ""));
  status.dataset.kind = trouble ? "error" : "wait";
  const alone = groups.filter(({ kind, leader }) => kind === "one" && leader === at).length;
  const found = groups.filter(({ members }) => members[at] !== null).length;
  write(count, wipe || waiting !== undefined ? "" : groups.length ? say.counted(found, alone) : "");
  canvas.setAttribute("aria-label", say.canvas(shown.map((i) => title(models[i]?.model)).join(say.against), count.textContent));
}

/** All canvases side by side, with their names. */
function savePicture() {
  const cells = [...document.querySelectorAll("#atlas-compare-pictures .compare-cell")];
  const canvases = cells.map((cell) => cell.querySelector("canvas"));
  const [head, gap] = [44, 16];
  const sheet = el("canvas", { width: canvases.reduce((sum, each) => sum + each.width + gap, -gap), height: Math.max(...canvases.map((each) => each.height)) + head });
  const ctx = sheet.getContext("2d");
  const style = getComputedStyle(document.documentElement);
  ctx.fillStyle = style.getPropertyValue("--sheet").trim();
  ctx.fillRect(0, 0, sheet.width, sheet.height);
  let x = 0;
  canvases.forEach((canvas, i) => {
    ctx.fillStyle = style.getPropertyValue("--ink").trim();
    ctx.font = "600 22px 'Atlas Sans', system-ui, sans-serif";
    ctx.fillText([...cells[i].querySelectorAll("figcaption > b, .second:not([hidden]) > b")].map((each) => each.textContent).join(say.against), x + 4, 30, canvas.width);
    ctx.drawImage(canvas, x, head);
    x += canvas.width + gap;
  });
  exportPng(sheet, "compare", ...get().models.map(({ model }) => model));
}
