/* Where all queries look from: the places they begin at, and how far the layers have carried them. */
import { el } from "../dom.js";
import { classColour, context, frame, layerColour, picture } from "../paint.js";
import { words } from "../words.js";

const say = await words("inside");

export function starts(block) {
  const canvas = el("canvas", { role: "img", "aria-label": say.starts });
  block.append(el("div", { class: "inside-mat small" }, canvas));
  return { title: say.starts, caption: say.startsCaption, term: "reference", shows: ({ run }) => Boolean(run.anchor(0, 0)), paint };

  function paint({ run, image, query, at }) {
    const { ctx, width, height } = context(canvas);
    if (!width) return;
    const f = frame(width, height, image);
    picture(ctx, image, f, 0.55);
    ctx.beginPath();
    for (let each = 0; each < run.queries; each++) {
      const [from, to] = [run.anchor(0, each), run.anchor(at, each)];
      ctx.moveTo(f.px(from[0]), f.py(from[1])); ctx.lineTo(f.px(to[0]), f.py(to[1]));
    }
    ctx.lineWidth = 1; ctx.strokeStyle = "rgba(255, 255, 255, .35)"; ctx.stroke();
    for (let each = 0; each < run.queries; each++) dot(ctx, f, run.anchor(at, each), 2.1, layerColour(at, run.layers), 0.85);
    dot(ctx, f, run.anchor(0, query), 4, "#ffffff", 1);
    dot(ctx, f, run.anchor(at, query), 6, classColour(run.label(at, query)), 1);
  }
}

function dot(ctx, f, [x, y], radius, colour, alpha) {
  ctx.globalAlpha = alpha;
  ctx.beginPath(); ctx.arc(f.px(x), f.py(y), radius, 0, 7);
  ctx.fillStyle = colour; ctx.fill();
  ctx.lineWidth = 0.8; ctx.strokeStyle = "rgba(12, 16, 22, .8)"; ctx.stroke();
  ctx.globalAlpha = 1;
}
