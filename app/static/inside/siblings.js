/* Several queries from one place: the same point asked with several patterns. */
import * as bus from "../bus.js";
import { el } from "../dom.js";
import { box, classColour, context, frame, picture } from "../paint.js";
import { reference } from "../scene.js";
import { number, words } from "../words.js";

const say = await words("inside");
const MOST = 8;

export function siblings(block) {
  const canvas = el("canvas", { role: "img", "aria-label": say.siblings });
  const list = el("div", { class: "sibling-list" });
  block.append(el("div", { class: "inside-mat small" }, canvas), list);
  return { title: say.siblings, caption: say.siblingsCaption, shows: ({ run, query }) => { const count = run.siblings(query).length; return count > 1 && count <= MOST; }, paint };

  function paint({ run, image, query, at }) {
    const family = run.siblings(query);
    const { ctx, width, height } = context(canvas);
    if (width) {
      const f = frame(width, height, image);
      picture(ctx, image, f, 0.45);
      for (const each of family) box(ctx, f, run.box(at, each), classColour(run.label(at, each)), { width: each === query ? 3 : 1.6, dash: each === query ? [] : [5, 4] });
      reference(ctx, f, run.anchor(0, query));
    }
    list.replaceChildren(...family.map((each) => el("button", { type: "button", "aria-pressed": String(each === query), onclick: () => bus.set({ query: each }) },
      el("i", { class: "swatch", style: { background: classColour(run.label(at, each)) } }), `#${each} ${run.name(at, each)} ${number(run.score(at, each), 2)}`)));
  }
}
