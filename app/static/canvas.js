/* Canvases as the page lays them out.

   context(canvas)                     its context, sized to its box on the page and cleared: {ctx, width, height} in CSS pixels.
   shows(canvas, ...inputs)            whether it shows these already, at its present size; from now on it does: draw them.
   sheet(canvas, ctx, inputs, draw)    what does not follow the pointer: draw(ctx) runs again only when an input or the size is another.
   forget(canvas)                      after giving a canvas another size: it is measured anew. */
import { drawer } from "./store.js";

const RATIO = () => Math.min(devicePixelRatio || 1, 2.5);
const sheets = new WeakMap();                         // canvas -> the picture kept for it
const shown = new WeakMap();                          // canvas or kept picture -> what it was drawn from
const drawers = new WeakMap();                        // canvas -> what drew it

/* Sizes are kept: to ask for one between two writes would lay the whole page out once more. */
const sizes = new WeakMap();
const watcher = new ResizeObserver((entries) => {
  for (const { target } of entries) if (String(sizes.get(target)) !== String(measure(target))) drawers.get(target)?.();
});

function measure(canvas) {
  sizes.set(canvas, [canvas.clientWidth, canvas.clientHeight]);
  return sizes.get(canvas);
}

export function forget(canvas) {
  sizes.delete(canvas);
}

export function context(canvas) {
  if (drawer()) drawers.set(canvas, drawer());
  const [ratio, [width, height]] = [RATIO(), sizeOf(canvas)];
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const ctx = canvas.getContext("2d");
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, width, height);
  return { ctx, width, height };
}

function sizeOf(canvas) {
  if (!sizes.has(canvas)) { measure(canvas); watcher.observe(canvas); }
  return sizes.get(canvas);
}

export function shows(canvas, ...inputs) {
  return kept(canvas, [...sizeOf(canvas), ...inputs]);
}

/** Whether something was drawn from these already; from now on it was. */
function kept(drawn, now) {
  const before = shown.get(drawn);
  shown.set(drawn, now);
  return before?.length === now.length && now.every((each, i) => each === before[i]);
}

export function sheet(canvas, ctx, inputs, draw) {
  const made = sheets.get(canvas) ?? document.createElement("canvas");
  if (!kept(made, [canvas.width, canvas.height, ...inputs])) {
    Object.assign(made, { width: canvas.width, height: canvas.height });
    const own = made.getContext("2d");
    own.scale(RATIO(), RATIO());
    draw(own);
    sheets.set(canvas, made);
  }
  ctx.save();
  ctx.resetTransform();
  ctx.drawImage(made, 0, 0);
  ctx.restore();
}
