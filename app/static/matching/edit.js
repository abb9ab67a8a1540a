/* Drawing and changing objects on the picture: by pointer, and all of it by keyboard too. */
import { get } from "../bus.js";
import { walkLayer } from "../keys.js";
import { corners, frame } from "../paint.js";
import { change, inside, lab, LEAST, pin, remove, set, solution } from "./lab.js";

const REACH = 9;                                      // px around a handle
const CURSORS = { "-1,-1": "nwse-resize", "1,1": "nwse-resize", "-1,1": "nesw-resize", "1,-1": "nesw-resize", "0,-1": "ns-resize", "0,1": "ns-resize", "-1,0": "ew-resize", "1,0": "ew-resize" };

/** `draft.box` is the box being drawn; `draw` is called when it changes. */
export function editing(canvas, draft, draw) {
  let held = null;                                    // {kind, from, box, ...} while the pointer is down
  const at = (event) => {
    const f = frame(canvas.clientWidth, canvas.clientHeight, get().image);
    const bounds = canvas.getBoundingClientRect();
    const [px, py] = [event.clientX - bounds.left, event.clientY - bounds.top];
    return { f, px, py, x: (px - f.x) / f.w, y: (py - f.y) / f.h };
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!ready() || event.button > 0) return;
    const point = at(event);
    held = { ...grip(point), from: point, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!ready()) return;
    const point = at(event);
    if (!held) { canvas.style.cursor = CURSORS[grip(point).side?.join()] ?? (grip(point).kind === "move" ? "move" : under(point) === null ? "crosshair" : "pointer"); return; }
    held.moved ||= Math.hypot(point.px - held.from.px, point.py - held.from.py) > 4;
    if (held.moved) drag(held, point, draft, draw);
  });
  const release = () => {
    if (held && !held.moved) choose(under(held.from));
    else if (draft.box) add(draft.box);
    held = draft.box = null;
    draw();
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", () => { held = draft.box = null; draw(); });
  canvas.addEventListener("keydown", (event) => keyboard(event));
}

const ready = () => Boolean(get().image && get().run && !get().preview);

/** What a press here would take hold of: a handle or the inside of the chosen object, or a new box. */
function grip({ f, px, py }) {
  const { objects, chosen } = lab();
  if (!objects[chosen]) return { kind: "new" };
  const [x0, y0, x1, y1] = corners(objects[chosen].box).map((side, i) => (i % 2 ? f.py(side) : f.px(side)));
  const side = [near(px, x0, x1), near(py, y0, y1)];
  const out = px < x0 - REACH || px > x1 + REACH || py < y0 - REACH || py > y1 + REACH;
  if (!out && (side[0] || side[1])) return { kind: "resize", side, box: objects[chosen].box };
  return out ? { kind: "new" } : { kind: "move", box: objects[chosen].box };
}

const near = (value, low, high) => (Math.abs(value - low) <= REACH ? -1 : Math.abs(value - high) <= REACH ? 1 : 0);

/** The smallest object under the pointer. */
function under({ x, y }) {
  const found = lab().objects.map(({ box }, i) => ({ i, box })).filter(({ box: [cx, cy, w, h] }) => Math.abs(x - cx) <= w / 2 && Math.abs(y - cy) <= h / 2);
  return found.sort((a, b) => a.box[2] * a.box[3] - b.box[2] * b.box[3])[0]?.i ?? null;
}

function drag({ kind, from, box, side }, { x, y }, draft, draw) {
  if (kind === "new") {
    const [x0, y0, x1, y1] = [Math.min(from.x, x), Math.min(from.y, y), Math.max(from.x, x), Math.max(from.y, y)].map((value) => Math.max(0, Math.min(1, value)));
    draft.box = [(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0];
    return draw();
  }
  reshape(kind === "move" ? moved(box, x - from.x, y - from.y) : stretched(box, side, x - from.x, y - from.y));
}

/** Shifted as a whole, staying in the picture. */
const moved = ([cx, cy, w, h], dx, dy) => [Math.max(w / 2, Math.min(1 - w / 2, cx + dx)), Math.max(h / 2, Math.min(1 - h / 2, cy + dy)), w, h];

/** The sides that are held follow; the others stay. */
function stretched(box, [across, down], dx, dy) {
  let [x0, y0, x1, y1] = corners(box);
  if (across < 0) x0 = Math.min(x0 + dx, x1 - LEAST); else if (across > 0) x1 = Math.max(x1 + dx, x0 + LEAST);
  if (down < 0) y0 = Math.min(y0 + dy, y1 - LEAST); else if (down > 0) y1 = Math.max(y1 + dy, y0 + LEAST);
  return inside([(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0]);
}

const reshape = (box) => change(lab().objects.map((object, i) => (i === lab().chosen ? { ...object, box } : object)));

/** A new object of the class last chosen; a box too small to be meant is forgotten. */
function add(box) {
  if (box[2] < LEAST || box[3] < LEAST) return;
  const { objects, chosen } = lab();
  const { run } = get();
  const name = objects[chosen]?.name ?? objects.at(-1)?.name ?? run.name(run.layers - 1, run.order[0]);
  change([...objects, { name, box: inside(box) }]);
  choose(objects.length);
}

/** Look at an object and its match. */
export function choose(object) {
  set({ chosen: object });
  const query = object === null ? -1 : solution()?.query[object] ?? -1;
  if (query >= 0) pin({ object, query }); else set({ pair: null, hover: null });
}

function keyboard(event) {
  const { objects, chosen } = lab();
  const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!ready() || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = 0.01;
  if (arrow && objects[chosen]) {
    const [dx, dy] = arrow.map((way) => way * step);
    reshape(event.shiftKey ? stretched(objects[chosen].box, [1, 1], dx, dy) : moved(objects[chosen].box, dx, dy));
  } else if (arrow && arrow[0]) walkLayer(arrow[0]);
  else if (["]", "["].includes(event.key) && objects.length) choose(((chosen ?? (event.key === "]" ? -1 : 0)) + (event.key === "]" ? 1 : -1) + objects.length) % objects.length);
  else if (event.key === "n" || event.key === "N") add([0.5, 0.5, 0.2, 0.2]);
  else if (["Delete", "Backspace"].includes(event.key) && objects[chosen]) remove(chosen);
  else if (event.key === "Escape") choose(null);
  else return;
  event.preventDefault();
  event.stopPropagation();
}
