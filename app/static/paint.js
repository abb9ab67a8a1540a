/* Drawing on canvases. Coordinates of pictures are 0..1; a frame says where the picture lies on the canvas. */
export { context, forget, sheet, shows } from "./canvas.js";

/* Colours with a meaning keep it everywhere: feature levels, heads, decoder layers, classes. */
export const LEVELS = ["#4cc9f0", "#80ed99", "#ffd166", "#ff7096", "#c77dff", "#f4a261"];
const CLASSES = ["#ff8a3d", "#4dabf7", "#69db7c", "#e599f7", "#ffd43b", "#3bc9db", "#ff8787", "#b197fc", "#c0eb75", "#faa2c1", "#66d9e8", "#e0a878",
  "#f06595", "#748ffc", "#38d9a9", "#da77f2", "#fcc419", "#22b8cf", "#ff6b6b", "#9775fa", "#94d82d", "#eebefa", "#a5d8ff", "#c2a36b"];
const HEADS = ["#f94144", "#f8961e", "#f9c74f", "#90be6d", "#43aa8b", "#4d9de0", "#7b6cf6", "#d65db1"];
const INK = "rgba(12, 16, 22, .82)";

export const levelColour = (level) => LEVELS[level % LEVELS.length];
export const headColour = (head) => HEADS[head % HEADS.length];
export const classColour = (label) => CLASSES[label % CLASSES.length];

/** Early layers pale, the last one full: from sky blue to amber. */
export function layerColour(layer, layers) {
  const t = layers > 1 ? layer / (layers - 1) : 1;
  const mix = (a, b) => Math.round(a + (b - a) * t);
  return `rgb(${mix(150, 255)}, ${mix(205, 176)}, ${mix(255, 32)})`;
}

/** The frame that shows `view` ([x0, y0, x1, y1] of the picture, default all of it) as large as fits. */
export function frame(width, height, image, view = [0, 0, 1, 1]) {
  const [vw, vh] = [(view[2] - view[0]) * image.naturalWidth, (view[3] - view[1]) * image.naturalHeight];
  const scale = Math.min(width / vw, height / vh);
  const [w, h] = [image.naturalWidth * scale, image.naturalHeight * scale];
  const [left, top] = [(width - vw * scale) / 2, (height - vh * scale) / 2];
  const at = { x: left - view[0] * w, y: top - view[1] * h, w, h };
  return { ...at, clip: [left, top, vw * scale, vh * scale], px: (x) => at.x + x * w, py: (y) => at.y + y * h };
}

export function picture(ctx, image, f, dim = 0) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(...f.clip);
  ctx.clip();
  ctx.imageSmoothingQuality = "high";
  ctx.drawImage(image, f.x, f.y, f.w, f.h);
  if (dim) { ctx.fillStyle = `rgba(10, 14, 20, ${dim})`; ctx.fillRect(...f.clip); }
  ctx.restore();
}

const corners = ([cx, cy, w, h]) => [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2];
export { corners };

/** Intersection over union of two boxes. */
export function overlap(a, b) {
  const [p, q] = [corners(a), corners(b)];
  const inner = Math.max(0, Math.min(p[2], q[2]) - Math.max(p[0], q[0])) * Math.max(0, Math.min(p[3], q[3]) - Math.max(p[1], q[1]));
  return inner / (a[2] * a[3] + b[2] * b[3] - inner || 1);
}

/** A box with a dark casing, so that it stands out on any picture. */
export function box(ctx, f, cxcywh, colour, { width = 2, alpha = 1, dash = [], casing = 1.6 } = {}) {
  const [x0, y0, x1, y1] = corners(cxcywh);
  const shape = [f.px(x0), f.py(y0), (x1 - x0) * f.w, (y1 - y0) * f.h];
  ctx.save();
  ctx.globalAlpha = alpha;
  ctx.lineJoin = "round";
  if (casing) { ctx.strokeStyle = INK; ctx.lineWidth = width + casing; ctx.strokeRect(...shape); }
  ctx.strokeStyle = colour; ctx.lineWidth = width; ctx.setLineDash(dash); ctx.strokeRect(...shape);
  ctx.restore();
  return shape;
}

/** A small flag with text above a box, or below or inside it where another flag stands; left out where all are taken. */
export function tag(ctx, text, [x, y, , h], colour, { width: right, height: bottom, taken }) {
  ctx.save();
  ctx.font = "600 12px 'Atlas Sans', system-ui, sans-serif";
  const width = ctx.measureText(text).width + 12;
  const left = Math.max(2, Math.min(x - 1, right - width - 2));
  const free = (top) => top >= 2 && top + 19 <= bottom - 2 && !taken.some((other) => left < other.left + other.width && other.left < left + width && Math.abs(top - other.top) < 19);
  const top = [y - 21, y + h + 2, y + 2, y - 41].find(free);
  if (top !== undefined) {
    taken.push({ left, top, width });
    ctx.fillStyle = colour;
    ctx.beginPath(); ctx.roundRect(left, top, width, 19, 4); ctx.fill();
    ctx.fillStyle = "#10151c"; ctx.textBaseline = "middle";
    ctx.fillText(text, left + 6, top + 10);
  }
  ctx.restore();
}

/* Dark violet over crimson and amber to pale yellow; faint where there is nothing, so that the picture stays visible. */
const STOPS = [[0, [38, 12, 81, 0]], [0.15, [87, 16, 110, 0.32]], [0.4, [188, 55, 84, 0.54]], [0.7, [249, 142, 9, 0.64]], [1, [252, 255, 164, 0.74]]];
const RAMP = Array.from({ length: 256 }, (_, i) => {
  const t = i / 255;
  const upper = Math.max(1, STOPS.findIndex(([at]) => at >= t));
  const [[t0, low], [t1, high]] = [STOPS[upper - 1], STOPS[upper]];
  return low.map((value, k) => value + (high[k] - value) * ((t - t0) / (t1 - t0)));
});

/** Dense attention over the picture; levels lie on top of one another. `peak` is what the brightest colour stands for. */
export function heat(ctx, f, map, peak = map.peak) {
  ctx.save();
  ctx.beginPath(); ctx.rect(...f.clip); ctx.clip();
  ctx.imageSmoothingEnabled = true;
  for (const { h, w, start, reach } of map.levels) {
    const small = new OffscreenCanvas(w, h);
    const pixels = new ImageData(w, h);
    for (let i = 0; i < h * w; i++) {
      const [r, g, b, a] = RAMP[Math.min(255, Math.round((map.values[start + i] / (peak || 1)) * 255))];
      pixels.data.set([r, g, b, a * 255], i * 4);
    }
    small.getContext("2d").putImageData(pixels, 0, 0);
    ctx.drawImage(small, f.x, f.y, f.w * reach[0], f.h * reach[1]);
  }
  ctx.restore();
}

/** Sampled points: area follows weight, colour says the level. */
export function points(ctx, f, { points: list, peak }, largest = 9) {
  ctx.save();
  ctx.beginPath(); ctx.rect(...f.clip); ctx.clip();
  for (const { x, y, weight, level } of list) {
    const radius = Math.max(1.1, largest * Math.sqrt(weight / (peak || 1)));
    ctx.beginPath(); ctx.arc(f.px(x), f.py(y), radius, 0, 7);
    ctx.globalAlpha = 0.45 + 0.5 * (weight / (peak || 1));
    ctx.fillStyle = levelColour(level); ctx.fill();
    ctx.globalAlpha = 0.8; ctx.strokeStyle = INK; ctx.lineWidth = 0.8; ctx.stroke();
  }
  ctx.restore();
}

/** The centres a query passed through: what it first looked from, then its box's centre after every layer. */
export function pathOf(run, query) {
  const stops = [];
  const proposal = run.proposal(query);
  const first = run.anchor(0, query) ?? proposal?.box;
  if (first) stops.push({ x: first[0], y: first[1], box: first.length === 4 ? first : null, layer: -1 });
  for (let layer = 0; layer < run.layers; layer++) {
    const box = run.box(layer, query);
    stops.push({ x: box[0], y: box[1], box, layer });
  }
  return stops;
}

/** Ghost boxes of every layer and the line through their centres; the present layer's stop is filled. */
export function trail(ctx, f, run, query, current, { ghosts = true, dot = 4 } = {}) {
  const stops = pathOf(run, query);
  const layers = run.layers;
  if (ghosts) for (const { box: ghost, layer } of stops) {
    if (ghost && layer !== current) box(ctx, f, ghost, layer < 0 ? "#ffffff" : layerColour(layer, layers), { width: 1.2, alpha: 0.5, dash: layer < 0 ? [2, 3] : [5, 4] });
  }
  ctx.save();
  ctx.lineCap = ctx.lineJoin = "round";
  for (const [width, style] of [[4, INK], [1.8, "#fff"]]) {
    ctx.lineWidth = width; ctx.strokeStyle = style;
    ctx.beginPath();
    stops.forEach(({ x, y }, i) => ctx[i ? "lineTo" : "moveTo"](f.px(x), f.py(y)));
    ctx.stroke();
  }
  for (const { x, y, layer } of stops) {
    const [px, py, here] = [f.px(x), f.py(y), layer === current];
    ctx.lineWidth = 1.6; ctx.strokeStyle = INK;
    ctx.beginPath();
    if (layer < 0) ctx.rect(px - dot, py - dot, 2 * dot, 2 * dot); else ctx.arc(px, py, here ? dot + 2 : dot, 0, 7);
    ctx.fillStyle = layer < 0 ? "#fff" : layerColour(layer, layers);
    ctx.fill(); ctx.stroke();
    if (here) { ctx.strokeStyle = "#fff"; ctx.beginPath(); ctx.arc(px, py, dot + 4, 0, 7); ctx.stroke(); }
  }
  ctx.restore();
}

/** The part of the picture that holds a query's whole path with some air, in the canvas's own proportions. */
export function around(run, query, image, ratio, air = 1.7, least = 0.16) {
  const edges = pathOf(run, query).map(({ x, y, box: found }) => (found ? corners(found) : [x, y, x, y]));
  let [x0, y0, x1, y1] = [0, 1, 2, 3].map((i) => Math[i < 2 ? "min" : "max"](...edges.map((edge) => edge[i])));
  const shape = image.naturalWidth / image.naturalHeight;             // of the picture, to compare shares with pixels
  let [w, h] = [Math.max((x1 - x0) * air, least), Math.max((y1 - y0) * air, least)];
  if ((w * shape) / h < ratio) w = (h * ratio) / shape; else h = (w * shape) / ratio;
  const fit = Math.min(1, 1 / Math.max(w, h));
  [w, h] = [w * fit, h * fit];
  const place = (centre, size) => Math.max(0, Math.min(1 - size, centre - size / 2));
  [x0, y0] = [place((x0 + x1) / 2, w), place((y0 + y1) / 2, h)];
  return [x0, y0, x0 + w, y0 + h];
}
