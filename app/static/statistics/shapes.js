/* DETR's colours of boxes: green small, red wide, blue tall, and between them what is large and square (Carion et al. 2020, figure 7). */

const SMALL = [64, 178, 96];
const WIDE = [222, 68, 58];
const TALL = [62, 112, 232];

/** Of a box [cx, cy, w, h]: from green to red or blue as it grows, by the longer side. */
export function shapeColour([, , w, h]) {
  const size = Math.min(1, Math.max(0, (Math.max(w, h) - 0.12) / 0.35));
  const tall = Math.min(1, Math.max(0, 0.5 + Math.log2((h || 1e-6) / (w || 1e-6)) / 2));
  const large = WIDE.map((value, i) => value + (TALL[i] - value) * tall);
  return `rgb(${SMALL.map((value, i) => Math.round(value + (large[i] - value) * size)).join()})`;
}
