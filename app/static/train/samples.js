/* Pictures of a data set with their boxes drawn: a mixed page, those of a class, or those where a finding occurs. */
import { el, write } from "../dom.js";
import { box, classColour, context, frame, picture, tag } from "../paint.js";
import { number, words } from "../words.js";
import { closely } from "./closely.js";

const say = await words("dataset");
const FAULT = "#ff3b30";

export function samples(ask) {
  const heading = el("h2", {});
  const all = el("button", { type: "button", class: "quiet", hidden: true, onclick: () => go({ finding: null, label: null, page: 0 }) }, say.showAll);
  const back = el("button", { type: "button", class: "quiet", "aria-label": say.earlier, onclick: () => go({ page: here.page - 1 }) }, "←");
  const next = el("button", { type: "button", class: "quiet", "aria-label": say.later, onclick: () => go({ page: here.page + 1 }) }, "→");
  const place = el("span", { class: "note" });
  const grid = el("div", { class: "samples" });
  const node = el("section", { class: "data-part" }, el("header", { class: "panel-head" }, heading, all, el("span", { class: "pager" }, back, place, next)), grid);
  const here = { id: "", names: [], page: 0, label: null, finding: null, turn: 0, changed: () => {} };

  function start(id, names, changed) {
    Object.assign(here, { id, names, changed });
    grid.replaceChildren();
    go({ finding: null, label: null, page: 0 });
  }

  async function go(wanted) {
    Object.assign(here, wanted);
    const turn = ++here.turn;
    here.changed(here);
    const marks = here.finding && marksOf(here.finding);
    write(heading, here.finding ? say.examplesOf : here.label === null ? say.samples : say.samplesOf(here.names[here.label] ?? ""));
    all.hidden = !here.finding && here.label === null;
    const request = { id: here.id, page: here.page, ...(marks ? { names: [...marks.keys()] } : here.label === null ? {} : { label: here.label }) };
    const answer = await ask("data_samples", request).catch((error) => ({ error }));
    if (turn !== here.turn) return;
    if (answer.error) return grid.replaceChildren(el("p", { class: "empty" }, answer.error.message));
    const last = Math.max(1, Math.ceil(answer.total / answer.size));
    write(place, say.page(number(here.page + 1), number(last)));
    back.disabled = here.page < 1;
    next.disabled = here.page + 1 >= last;
    back.parentElement.hidden = last < 2;
    grid.classList.toggle("few", answer.total < 4);
    const names = answer.pictures.filter(({ missing }) => !missing).map(({ name }) => name);
    const look = (first) => closely(names, first, (name) => ask("data_picture", { id: here.id, name }), (canvas, each) => draw(canvas, each, here.names, marks?.get(each.name)));
    grid.replaceChildren(...answer.pictures.map((each) => cell(each, here.names, marks?.get(each.name), look)));
    if (!answer.pictures.length) grid.replaceChildren(el("p", { class: "empty" }, say.noSamples));
  }

  /** Press the same again to see all. */
  const of = (finding) => go({ finding: here.finding?.code === finding.code ? null : finding, label: null, page: 0 });
  const ofClass = (label) => go({ label: here.label === label ? null : label, finding: null, page: 0 });
  return { node, start, of, ofClass };
}

/** Picture -> where in it the finding occurs. */
function marksOf({ examples }) {
  const found = new Map();
  for (const { picture: name, box: where, note } of examples) {
    if (name) found.set(name, [...(found.get(name) ?? []), { where, note }]);
  }
  return found;
}

function cell(each, names, marks = [], look) {
  const canvas = el("canvas", { role: "img", "aria-label": say.drawn(each.name, each.boxes?.length ?? 0) });
  const notes = marks.map(({ note }) => note).filter((note) => note && note !== each.name);
  const caption = el("figcaption", { title: each.name }, el("b", {}, each.name.split("/").at(-1)), el("span", {}, each.missing ? say.missing : [say.splits[each.split], say.count(each.boxes.length)].filter(Boolean).join(" · ")),
    ...notes.slice(0, 2).map((note) => el("span", { class: "fault", title: note }, note)));
  if (each.missing) return el("figure", { class: "sample" }, canvas, caption);
  draw(canvas, each, names, marks);
  return el("figure", { class: "sample" }, el("button", { type: "button", class: "sample-open", title: say.closely, onclick: () => look(each.name) }, canvas), caption);
}

/** Draws when the picture is decoded, and again whenever the canvas changes its size. */
async function draw(canvas, each, names, marks = []) {
  const image = new Image();
  image.src = `data:image/jpeg;base64,${each.jpeg}`;
  await image.decode();
  const now = () => canvas.clientWidth && canvas.drawnFrom === image && paint(canvas, image, each, names, marks);
  canvas.drawnFrom = image;
  new ResizeObserver(now).observe(canvas);
  now();
}

const short = (name) => ([...name].length > 18 ? `${[...name].slice(0, 17).join("")}…` : name);

function paint(canvas, image, { width, height, boxes }, names, marks) {
  const { ctx, width: w, height: h } = context(canvas);
  const f = frame(w, h, image);
  const faults = marks.filter(({ where }) => where);
  picture(ctx, image, f);
  const crowded = boxes.length > 12;
  const shapes = boxes.map(([cx, cy, bw, bh, label]) => box(ctx, f, [cx, cy, bw, bh], classColour(label), { width: crowded ? 1.2 : 1.8, casing: crowded ? 0.8 : 1.4, alpha: faults.length ? 0.55 : 1 }));
  const taken = [];
  if (!crowded && names.length > 1) shapes.forEach((shape, i) => tag(ctx, short(names[boxes[i][4]] ?? "?"), shape, classColour(boxes[i][4]), { width: w, height: h, taken }));
  for (const { where: [x, y, bw, bh] } of faults) box(ctx, f, [(x + bw / 2) / width, (y + bh / 2) / height, bw / width, bh / height], FAULT, { width: 2.2, dash: [5, 3] });
}
