/* The picture of the Explore page: what is drawn on it, back to front. */
import { active, get, layer } from "./bus.js";
import { dimming, look, rays, seen, tokens } from "./looks.js";
import { around, box, classColour, context, frame, heat, picture, tag, trail } from "./paint.js";
import { detail } from "./session.js";
import { number } from "./words.js";

/** The whole picture, or the surroundings of the pinned query. */
export function place({ run, image, query, zoom }, width, height) {
  return frame(width, height, image, zoom && query !== null ? around(run, query, image, width / height, 2.6) : undefined);
}

/** Everything visible, back to front. */
export function paint(canvas, state) {
  const { ctx, width, height } = context(canvas);
  const { image, run, preview } = state;
  if (preview) return picture(ctx, preview, frame(width, height, preview), 0.25);
  if (!image || !run) return;
  const f = place(state, width, height);
  const [query, at] = [active(), layer()];
  const kept = detail(query);
  const looking = state.attention && query !== null && kept;
  const found = seen(looking, at, state.head, state.part);
  picture(ctx, image, f, dimming(found, query !== null ? 0.15 : 0));
  if (state.tokens && run.hasTokens) tokens(ctx, f, run.tokens());
  if (found.map) look(ctx, f, kept, at, state);
  if (state.proposals && run.hasProposals) proposals(ctx, f, run, query);
  if (state.boxes) others(ctx, f, state, at, query, { width, height, taken: [] });
  if (query === null) return;
  const colour = classColour(run.label(at, query));
  if (found.sampled) look(ctx, f, kept, at, { head: state.head, size: pointSize(f, run.box(at, query)) });
  if (state.trail) trail(ctx, f, run, query, at);
  const shape = box(ctx, f, run.box(at, query), colour, { width: 3 });
  const anchor = state.trail && run.anchor(at, query);
  if (anchor && kept?.numbers("sides", at).length) rays(ctx, f, anchor, kept.numbers("sides", at));
  else if (anchor) reference(ctx, f, anchor);
  tag(ctx, `${run.name(at, query)} ${number(run.score(at, query), 2)}`, shape, colour, { width, height, taken: [] });
}

/** The boxes of the other shown queries, quiet while one is looked into; best on top, named where there is room. */
function others(ctx, f, { run, threshold, top }, at, query, bounds) {
  const shown = run.shown(at, threshold, top).filter((other) => other !== query);
  const shapes = new Map([...shown].reverse().map((other) => [other, box(ctx, f, run.box(at, other), classColour(run.label(at, other)), query === null ? {} : { width: 1.2, alpha: 0.55 })]));
  if (query === null) for (const other of shown) tag(ctx, `${run.name(at, other)} ${number(run.score(at, other), 2)}`, shapes.get(other), classColour(run.label(at, other)), bounds);
}

/** Radius of the heaviest point: small objects get small points, so that they stay visible. */
export function pointSize(f, [, , w, h]) {
  return Math.max(3.5, Math.min(10, Math.sqrt(w * f.w * h * f.h) / 11));
}

/** A cross where the layer looked from. */
export function reference(ctx, f, anchor) {
  const [x, y] = [f.px(anchor[0]), f.py(anchor[1])];
  for (const [width, style] of [[4.5, "rgba(12,16,22,.85)"], [2, "#fff"]]) {
    ctx.lineWidth = width; ctx.strokeStyle = style; ctx.lineCap = "round";
    ctx.beginPath(); ctx.moveTo(x - 7, y); ctx.lineTo(x + 7, y); ctx.moveTo(x, y - 7); ctx.lineTo(x, y + 7); ctx.stroke();
  }
}

/** What the encoder proposed: how much each place looked like an object, a thin box a query, its own one thick. */
function proposals(ctx, f, run, query) {
  if (query === null) heat(ctx, f, run.proposalMap());
  for (const other of run.order.slice(0, get().top)) {
    const { box: proposed, score } = run.proposal(other);
    box(ctx, f, proposed, "#ffffff", other === query ? { width: 2, dash: [3, 3] } : { width: 1, alpha: 0.35 + 0.6 * score, casing: 0 });
  }
}
