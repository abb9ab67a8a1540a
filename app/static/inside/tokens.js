/* Which tokens the encoder refined, how well that fits what the decoder read, and what another share would keep. */
import { el, write } from "../dom.js";
import { tokens as mask } from "../looks.js";
import { context, frame, heat, levelColour, picture } from "../paint.js";
import { number, percent, words } from "../words.js";

const say = await words("inside");

export function tokens(block) {
  const [kept, read] = [say.kept, say.received].map((name) => ({ canvas: el("canvas", { role: "img", "aria-label": name }), name }));
  const input = el("input", { type: "range", min: 1, max: 100, step: 1, "aria-label": say.ratio });
  const [value, told] = [el("output", {}), el("p", { class: "note", role: "status" })];
  const levels = el("div", { class: "legend" });
  let [last, run_] = [null, null];
  input.addEventListener("input", () => last && paint(last));
  block.append(el("div", { class: "special-row" }, [kept, read].map(({ canvas, name }) => el("figure", {}, el("div", { class: "inside-mat small" }, canvas), el("figcaption", {}, name)))),
    el("label", { class: "slider" }, el("span", {}, say.ratio), input, value), levels, told);
  return { title: say.tokens, caption: say.tokensCaption, wide: true, term: "sparse", shows: ({ run }) => run.hasTokens, paint };

  function paint(now) {
    last = now;
    const found = now.run.tokens();
    const seen = found.scores.reduce((count, score) => count + !Number.isNaN(score), 0);
    const own = found.kept.reduce((a, b) => a + b, 0);
    if (run_ !== now.run) { run_ = now.run; input.value = Math.max(1, Math.round((100 * own) / seen)); }
    const count = Math.round((seen * input.value) / 100);
    const same = Math.abs(count - own) <= seen / 200 + 1;
    const best = same ? found.kept : top(found.scores, count);
    const wanted = found.received && top(found.received, same ? own : count);
    write(value, `${input.value} %`);
    input.style.setProperty("--share", `${input.value}%`);
    for (const [{ canvas }, draw] of [[kept, (ctx, f) => mask(ctx, f, found, (i) => best[i])], [read, (ctx, f) => found.received && heat(ctx, f, received(found))]]) {
      const { ctx, width, height } = context(canvas);
      if (!width) continue;
      const f = frame(width, height, now.image);
      picture(ctx, now.image, f, 0.3);
      draw(ctx, f);
    }
    levels.replaceChildren(...found.levels.map(({ start, h, w }, level) => el("span", { class: "key" }, el("i", { style: { background: levelColour(level) } }),
      say.keptOf(level, best.subarray(start, start + h * w).reduce((a, b) => a + b, 0), h * w))));
    const both = wanted ? best.reduce((sum, one, i) => sum + (one && wanted[i]), 0) / Math.max(1, same ? own : count) : null;
    write(told, [same ? say.asKept(number(own), percent(own / seen)) : say.asIf(number(count)), both === null ? "" : say.agreement(percent(both))].join(" "));
  }
}

/** The best `count` of the scores, as 0 and 1. */
function top(scores, count) {
  const order = [...scores.keys()].filter((i) => !Number.isNaN(scores[i])).sort((a, b) => scores[b] - scores[a]);
  const found = new Uint8Array(scores.length);
  for (const i of order.slice(0, count)) found[i] = 1;
  return found;
}

/** Attention by token, each level in its own scale by area, so that the small levels do not outshine the others. */
function received({ received: paid, levels }) {
  const peak = [...paid].sort((a, b) => b - a)[Math.floor(paid.length / 200)] || 1;
  return { values: paid, peak, levels };
}
