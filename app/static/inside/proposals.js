/* The encoder's proposals: where tokens looked like objects, which became queries, and the one this query began as. */
import { el, write } from "../dom.js";
import { box, context, frame, heat, levelColour, picture } from "../paint.js";
import { number, words } from "../words.js";

const say = await words("inside");

export function proposals(block) {
  const canvas = el("canvas", { role: "img", "aria-label": say.proposals });
  const [told, levels] = [el("p", { class: "note" }), el("div", { class: "legend" })];
  block.append(el("div", { class: "inside-mat small" }, canvas), levels, told);
  return { title: say.proposals, term: "proposal", caption: say.proposalsCaption, shows: ({ run }) => run.hasProposals, paint };

  function paint({ run, image, query }) {
    const { ctx, width, height } = context(canvas);
    const map = run.proposalMap();
    const chosen = run.arrays["proposals.chosen"]?.data;
    if (width) {
      const f = frame(width, height, image);
      picture(ctx, image, f, 0.3);
      if (map.levels.length) heat(ctx, f, map);
      for (const other of run.order.slice(0, 60)) box(ctx, f, run.proposal(other).box, "#ffffff", { width: 1, alpha: 0.3, casing: 0 });
      box(ctx, f, run.proposal(query).box, "#ffffff", { width: 2.4, dash: [4, 3] });
    }
    write(told, say.began(number(run.proposal(query).score, 2), rankOf(run, query) + 1, run.queries));
    const counts = map.levels.map(({ start, h, w }) => (chosen ? chosen.filter((token) => token >= start && token < start + h * w).length : null));
    levels.replaceChildren(...(chosen ? counts.map((count, level) => el("span", { class: "key" }, el("i", { style: { background: levelColour(level) } }), say.chosenOf(level, count))) : []));
  }
}

const rankOf = (run, query) => { const all = run.arrays["proposals.scores"].data; return all.filter((score) => score > all[query]).length; };
