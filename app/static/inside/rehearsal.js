/* What training adds to this picture: noisy copies or further queries, with the run's own findings in place of labels. */
import * as bus from "../bus.js";
import { button, el, write } from "../dom.js";
import { unpack } from "../pack.js";
import { box, classColour, context, frame, layerColour, picture } from "../paint.js";
import { number, told as spoken, words } from "../words.js";

const say = await words("inside");

export function rehearsal(block, server) {
  const [canvas, mask] = [el("canvas", { role: "img", "aria-label": say.rehearsalLabel }), el("canvas", { class: "mask", role: "img", "aria-label": say.maskLabel })];
  const status = el("p", { class: "note", role: "status" });
  const again = button(say.rehearse, () => run_(), { class: "solid" });
  const figures = el("div", { class: "special-row rehearsal", hidden: true }, el("figure", {}, el("div", { class: "inside-mat small" }, canvas), el("figcaption", {}, say.rehearsalName)),
    el("figure", {}, el("div", { class: "mask-place" }, mask), el("figcaption", {}, say.maskName)));
  block.append(el("div", { class: "rehearse" }, again, status), figures);
  let [found, seed, latest] = [null, 0, null];
  const paint = (now) => {
    latest = now;
    const fresh = found?.run === now.run && found?.query === now.query ? found : null;
    figures.hidden = !fresh;
    write(again, fresh ? say.rehearseAgain : say.rehearse);
    if (!fresh) { write(status, ""); return; }
    draw(canvas, now, fresh);
    blocks(mask, fresh.facts.groups);
    write(status, sum(fresh, now));
  };
  return { title: say.rehearsal, caption: say.rehearsalCaption, wide: true, term: "denoising", paint, shows: ({ run }) => Boolean(bus.get().variants.find(({ id }) => id === run.facts.variant)?.rehearses) };

  async function run_() {
    const { run, query } = latest;
    again.disabled = true;
    write(status, say.rehearsing);
    const { threshold, top } = bus.get();
    const queries = [query, ...run.shown(run.layers - 1, threshold, top).filter((other) => other !== query)].slice(0, 12);
    const answer = await server.rehearse_training({ run: run.id, queries, seed: (seed += 1) }).catch(() => null);
    again.disabled = false;
    if (!answer || answer.error) return write(status, answer ? spoken(answer.error) : say.unreachable);
    found = { run, query, ...unpack(answer.pack) };
    paint(latest);
  }
}

/** Queries of the first object, the pinned one's: where they began (dashed) and what the layer made of them. */
function own({ facts, arrays }, at) {
  const [total, list] = [arrays.source.shape[0], []];
  for (let q = 0; q < total; q++) {
    const asked = arrays.matches.data[(facts.layers - 1) * total + q];
    const group = facts.groups.find(({ start, size }) => q >= start && q < start + size);
    if (arrays.source.data[q] === 0 || (!group.keep && arrays.source.data[q] < 0 && asked === 0)) {
      list.push({ restores: asked === 0, label: arrays.labels.data[at * total + q], told: arrays.told.data[q], score: arrays.wanted.data[at * total + q],
        start: arrays.start ? arrays.start.data.subarray(q * 4, q * 4 + 4) : null, box: arrays.boxes.data.subarray((at * total + q) * 4, (at * total + q) * 4 + 4) });
    }
  }
  return list;
}

function draw(canvas, { image, run, query, at }, found) {
  const { ctx, width, height } = context(canvas);
  if (!width) return;
  const list = own(found, at);
  const truth = run.box(run.layers - 1, query);
  const f = frame(width, height, image, surroundings(truth, image, width / height));
  picture(ctx, image, f, 0.45);
  for (const { start, restores } of list) if (start && !Number.isNaN(start[2])) box(ctx, f, start, restores ? "#9fe8b0" : "#ff9d8f", { width: 1, alpha: 0.55, dash: [3, 3], casing: 0 });
  for (const { box: now, restores } of list) if (restores) box(ctx, f, now, layerColour(at, run.layers), { width: 1.4, alpha: 0.8, casing: 0.6 });
  box(ctx, f, truth, classColour(run.label(run.layers - 1, query)), { width: 3 });
}

function surroundings([cx, cy, w, h], image, ratio) {
  const shape = image.naturalWidth / image.naturalHeight;
  let [width, height] = [w * 3.2, h * 3.2];
  if ((width * shape) / height < ratio) width = (height * ratio) / shape; else height = (width * shape) / ratio;
  const fit = Math.min(1, 1 / Math.max(width, height));
  [width, height] = [width * fit, height * fit];
  const place = (centre, size) => Math.max(0, Math.min(1 - size, centre - size / 2));
  const [x, y] = [place(cx, width), place(cy, height)];
  return [x, y, x + width, y + height];
}

/** The self-attention mask as blocks: rows look, columns are looked at; a filled block may be seen. */
function blocks(canvas, groups) {
  const { ctx, width } = context(canvas);
  if (!width) return;
  const total = groups.reduce((sum, { size }) => sum + size, 0);
  const runs = groups.flatMap((group) => Array.from({ length: group.parts }, (_, part) => ({ group, part, size: group.size / group.parts })));
  const weight = (size) => Math.max(size / total, 0.02);               // small groups stay visible
  const whole = runs.reduce((sum, { size }) => sum + weight(size), 0);
  const [line, seen] = ["--rule", "--accent"].map((name) => getComputedStyle(document.documentElement).getPropertyValue(name));
  let y = 0;
  for (const row of runs) {
    const h = (weight(row.size) / whole) * width;
    let x = 0;
    for (const column of runs) {
      const w = (weight(column.size) / whole) * width;
      const [from, to] = [row.group, column.group];
      const sees = from === to ? row.part === column.part : from.sees.some((name) => name === to.name || name === to.name.split(".")[0]);
      ctx.fillStyle = sees ? seen : line;
      ctx.globalAlpha = sees ? 0.85 : 0.5;
      ctx.fillRect(x + 0.5, y + 0.5, Math.max(w - 1, 0.8), Math.max(h - 1, 0.8));
      x += w;
    }
    y += h;
  }
  ctx.globalAlpha = 1;
}

function sum(found, { at, run, query }) {
  const list = own(found, at);
  const asked = list.filter(({ restores }) => restores);
  const flipped = asked.filter(({ told }) => told >= 0 && told !== run.label(run.layers - 1, query)).length;
  const mean = asked.reduce((total, { score }) => total + score, 0) / Math.max(1, asked.length);
  const others = list.filter(({ restores }) => !restores);
  const far = others.reduce((total, { score }) => total + score, 0) / Math.max(1, others.length);
  return [say.copies(asked.length, number(mean, 2), at), flipped ? say.flipped(flipped) : "", others.length ? say.negatives(others.length, number(far, 2)) : ""].filter(Boolean).join(" ");
}
