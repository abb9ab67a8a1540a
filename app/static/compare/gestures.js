/* Fingers, mouse and keys on the compared pictures: point, pin, zoom, pan and wipe; all canvases move together. */
import * as bus from "../bus.js";
import { corners, frame } from "../paint.js";
import { fit } from "./drawing.js";
import { get, pin, set } from "./state.js";

const LEAST = 0.06;                                   // share of the picture's side that may fill a canvas

/** Zoom all pictures; factor < 1 comes closer. `at` is the place of the picture that stays where it is. */
export function zoom(factor, at = null) {
  const [x0, y0, x1, y1] = get().view ?? [0, 0, 1, 1];
  const size = Math.min(1, Math.max(LEAST, (x1 - x0) * factor));
  if (size >= 0.999) return set({ view: null });
  const [px, py] = at ?? [(x0 + x1) / 2, (y0 + y1) / 2];
  show(px - ((px - x0) / (x1 - x0)) * size, py - ((py - y0) / (y1 - y0)) * size, size);
}

/** Move the part of the picture by shares of the part itself. */
export function pan(dx, dy) {
  const { view } = get();
  if (view) show(view[0] + dx * (view[2] - view[0]), view[1] + dy * (view[3] - view[1]), view[2] - view[0]);
}

function show(x, y, size) {
  const low = (value) => Math.max(0, Math.min(1 - size, value));
  set({ view: [low(x), low(y), low(x) + size, low(y) + size] });
}

const KEYS = { "+": () => zoom(0.7), "=": () => zoom(0.7), "-": () => zoom(1 / 0.7), 0: () => set({ view: null }),
  ArrowLeft: () => pan(-0.2, 0), ArrowRight: () => pan(0.2, 0), ArrowUp: () => pan(0, -0.2), ArrowDown: () => pan(0, 0.2), Escape: () => pin(null) };

export function gestures(canvas, handle, cell) {
  const fingers = new Map();
  let moved = 0;
  canvas.addEventListener("keydown", (event) => {
    if (!KEYS[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  canvas.addEventListener("wheel", (event) => {       // a plain wheel scrolls the page; trackpads send their pinch with Ctrl
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(Math.exp(event.deltaY * 0.004), place(canvas, event));
  }, { passive: false });
  canvas.addEventListener("dblclick", (event) => zoom(0.5, place(canvas, event)));
  canvas.addEventListener("pointerdown", (event) => { fingers.set(event.pointerId, event); moved = 0; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return event.pointerType === "touch" ? undefined : set({ hover: under(canvas, event, cell)?.key ?? null });
    moved += Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY);
    if (fingers.size === 2) pinch(fingers, event, canvas);
    else if (moved > 4) pan((before.clientX - event.clientX) / canvas.clientWidth, (before.clientY - event.clientY) / canvas.clientHeight);
    fingers.set(event.pointerId, event);
  });
  const lift = (event) => fingers.delete(event.pointerId);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("pointerup", (event) => {
    if (fingers.size === 1 && moved <= 4) {
      const found = under(canvas, event, cell);
      pin(found && found.key !== get().pinned ? found.key : null);
    }
    lift(event);
  });
  canvas.addEventListener("pointerleave", () => set({ hover: null }));
  slide(canvas, handle);
}

function pinch(fingers, event, canvas) {
  const [other] = [...fingers.values()].filter(({ pointerId }) => pointerId !== event.pointerId);
  const before = fingers.get(event.pointerId);
  const gap = (finger) => Math.hypot(finger.clientX - other.clientX, finger.clientY - other.clientY);
  zoom(gap(before) / Math.max(8, gap(event)), place(canvas, { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 }));
}

/** The place of the picture under a pointer. */
function place(canvas, { clientX, clientY }) {
  const { image } = bus.get();
  const bounds = canvas.getBoundingClientRect();
  const f = frame(bounds.width, bounds.height, image, fit(get().view, bounds.width, bounds.height, image));
  return [(clientX - bounds.left - f.x) / f.w, (clientY - bounds.top - f.y) / f.h];
}

/** The smallest object there of the detector whose boxes are drawn there. */
function under(canvas, event, cell) {
  const { groups, runs, wipe, pair, share } = get();
  if (!bus.get().image || !groups.length) return null;
  const bounds = canvas.getBoundingClientRect();
  const at = wipe ? pair[event.clientX - bounds.left < share * bounds.width ? 0 : 1] : cell;
  const [x, y] = place(canvas, event);
  const final = (group) => runs[at].box(runs[at].layers - 1, group.members[at]);
  const hit = groups.filter((group) => group.members[at] !== null).filter((group) => {
    const [x0, y0, x1, y1] = corners(final(group));
    return x >= x0 && x <= x1 && y >= y0 && y <= y1;
  });
  const area = (group) => final(group)[2] * final(group)[3];
  const found = hit.sort((a, b) => area(a) - area(b))[0] ?? null;
  canvas.style.cursor = found ? "pointer" : get().view ? "grab" : "default";
  return found;
}

/** The line of the wipe: drag it, or move it with the arrows. */
function slide(canvas, handle) {
  const go = (share) => set({ share: Math.max(0, Math.min(1, share)) });
  handle.addEventListener("pointerdown", (event) => { handle.setPointerCapture(event.pointerId); event.preventDefault(); handle.focus(); });
  handle.addEventListener("pointermove", (event) => {
    if (!handle.hasPointerCapture(event.pointerId)) return;
    const bounds = canvas.getBoundingClientRect();
    go((event.clientX - bounds.left) / bounds.width);
  });
  handle.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -0.02, ArrowRight: 0.02, ArrowDown: -0.02, ArrowUp: 0.02, PageDown: -0.2, PageUp: 0.2, Home: -1, End: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    go(get().share + step);
  });
}
