/* One validation picture on a canvas: the objects, what was found, and the query that answers for each object. */
import { box, classColour, context, frame, picture, tag } from "../paint.js";

const [KEPT, MOVED] = ["#ffffff", "#ffb020"];

/** Boxes of the truth are centre and size in 0..1, those found are corners in pixels of the picture. */
export function draw(canvas, image, { objects, now, earlier, moved, names, large, threshold, truth, size }) {
  const { ctx, width, height } = context(canvas);
  if (!width) return;
  const f = frame(width, height, image);
  picture(ctx, image, f, 0.08);
  const taken = [];
  const room = { width, height, taken };
  now.boxes.forEach((corners, at) => found(ctx, f, corners, now, at, { threshold, size, names, large, room }));
  if (!truth) return;
  objects.boxes.forEach((shape, object) => {
    const [query, changed] = [now.matches[object], moved.includes(String(object))];
    box(ctx, f, shape, changed ? MOVED : KEPT, { width: changed ? 2 : 1.2, dash: [4, 3], alpha: changed ? 1 : 0.8, casing: 1.2 });
    mark(ctx, f, shape, changed);
    if (large && query !== undefined) tag(ctx, changed ? `${earlier.matches[object]} → ${query}` : String(query), place(f, shape), changed ? MOVED : KEPT, room);
  });
}

function found(ctx, f, [x0, y0, x1, y1], now, at, { threshold, size: [rows, columns], names, large, room }) {
  if (now.scores[at] < threshold) return;
  const shape = [(x0 + x1) / 2 / columns, (y0 + y1) / 2 / rows, (x1 - x0) / columns, (y1 - y0) / rows];
  const drawn = box(ctx, f, shape, classColour(now.labels[at]), { width: large ? 2 : 1.6, alpha: 0.95 });
  if (large && names.length > 1) tag(ctx, `${names[now.labels[at]] ?? "?"} ${now.scores[at].toFixed(2)}`, drawn, classColour(now.labels[at]), room);
}

/** A dot in the middle of an object: filled where another query answers for it now. */
function mark(ctx, f, [cx, cy], changed) {
  ctx.save();
  ctx.beginPath();
  ctx.arc(f.px(cx), f.py(cy), changed ? 3.6 : 1.8, 0, 7);
  ctx.fillStyle = changed ? MOVED : KEPT;
  ctx.strokeStyle = "rgba(12, 16, 22, .8)";
  ctx.lineWidth = 1.2;
  ctx.fill();
  ctx.stroke();
  ctx.restore();
}

const place = (f, [cx, cy, w, h]) => [f.px(cx - w / 2), f.py(cy - h / 2), w * f.w, h * f.h];
