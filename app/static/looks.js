/* How each kind of view is drawn on a picture; nobody asks which detector left it. */
import { headColour, heat, levelColour, points } from "./paint.js";

const INK = "rgba(12, 16, 22, .82)";

/** What a layer's cross-attention of one query looks like: {map, sampled}, whichever it left; both null without any. */
export function seen(kept, at, head, part = null) {
  if (!kept) return { map: null, sampled: null };
  return { map: kept.map(at, head, part), sampled: kept.points(at, head) };
}

/** How dark the picture should be under it. */
export const dimming = ({ map, sampled }, plain = 0) => (map ? 0.35 : sampled ? 0.45 : plain);

/** Draw it with the marks that belong to it. `peak`: what the brightest colour or largest point stands for; size: of points. */
export function look(ctx, f, kept, at, { head = null, part = null, peak = null, size = 9, marks = true } = {}) {
  const { map, sampled } = seen(kept, at, head, part);
  if (map) heat(ctx, f, map, peak ?? map.peak);
  if (marks && kept?.factors(at, head)) bars(ctx, f, kept.factors(at, head), map.levels, size);
  if (sampled) points(ctx, f, peak ? { ...sampled, peak } : sampled, size);
  if (marks) gaussians(ctx, f, kept?.gaussians(at, head) ?? [], size / 9);
}

/** An ellipse of one standard deviation a head, in the head's colour. */
export function gaussians(ctx, f, list, scale = 1) {
  within(ctx, f, () => {
    for (const { x, y, dx, dy, head } of list) {
      const [px, py] = [f.px(x), f.py(y)];
      for (const [width, style] of [[1.4 + 2 * scale, INK], [0.4 + 1.4 * scale, headColour(head)]]) {
        ctx.lineWidth = width; ctx.strokeStyle = style;
        ctx.beginPath(); ctx.ellipse(px, py, Math.min(dx * f.w, 4000), Math.min(dy * f.h, 4000), 0, 0, 7); ctx.stroke();
      }
      ctx.beginPath(); ctx.arc(px, py, 1 + 2.2 * scale, 0, 7);
      ctx.fillStyle = headColour(head); ctx.fill(); ctx.lineWidth = 1; ctx.strokeStyle = INK; ctx.stroke();
    }
  });
}

/** Attention along x under the picture's lower edge and along y at its right edge; levels in their colours. */
export function bars(ctx, f, factors, levels, size = 9) {
  const depth = Math.min(size * 4, f.clip[3] / 6, f.clip[2] / 6);
  const [left, top, width, height] = f.clip;
  within(ctx, f, () => {
    ctx.fillStyle = "rgba(10, 14, 20, .55)";
    ctx.fillRect(left, top + height - depth, width, depth);
    ctx.fillRect(left + width - depth, top, depth, height - depth);
    factors.forEach(({ row, column }, level) => {
      const { reach } = levels[level];
      const [high, far] = [Math.max(...row), Math.max(...column)];
      ctx.fillStyle = factors.length > 1 ? levelColour(level) : "#f9a01b";
      ctx.globalAlpha = 0.9 / factors.length + 0.1;
      const [w, h] = [(f.w * reach[0]) / row.length, (f.h * reach[1]) / column.length];
      row.forEach((value, i) => ctx.fillRect(f.x + i * w, top + height, Math.max(w - 1, 1), (-value / high) * (depth - 3)));
      column.forEach((value, i) => ctx.fillRect(left + width, f.y + i * h, (-value / far) * (depth - 3), Math.max(h - 1, 1)));
    });
  });
}

/** How far a box reaches from its point: left, up, right and down, as rays that end at its sides. */
export function rays(ctx, f, [x, y], [left, up, right, down]) {
  const ends = [[x - left, y, 0, 5], [x, y - up, 5, 0], [x + right, y, 0, 5], [x, y + down, 5, 0]];
  within(ctx, f, () => {
    ctx.lineCap = "round";
    for (const [width, style] of [[4.4, INK], [1.8, "#ffffff"]]) {
      ctx.lineWidth = width; ctx.strokeStyle = style;
      ctx.beginPath();
      for (const [ex, ey, across, along] of ends) {
        ctx.moveTo(f.px(x), f.py(y)); ctx.lineTo(f.px(ex), f.py(ey));
        ctx.moveTo(f.px(ex) - across, f.py(ey) - along); ctx.lineTo(f.px(ex) + across, f.py(ey) + along);
      }
      ctx.stroke();
    }
  });
}

/** Which tokens the encoder refined, in the colours of their levels; `keep` decides, by default what it kept. */
export function tokens(ctx, f, { kept, levels }, keep = (i) => kept[i]) {
  within(ctx, f, () => {
    ctx.fillStyle = "rgba(8, 11, 16, .62)";
    ctx.fillRect(...f.clip);
    [...levels].reverse().forEach(({ h, w, start, reach }, place) => {
      const [cw, ch] = [(f.w * reach[0]) / w, (f.h * reach[1]) / h];
      ctx.fillStyle = levelColour(levels.length - 1 - place);
      ctx.globalAlpha = 0.42;
      for (let i = 0; i < h * w; i++) if (keep(start + i)) ctx.fillRect(f.x + (i % w) * cw + 0.5, f.y + Math.floor(i / w) * ch + 0.5, Math.max(1, cw - 1), Math.max(1, ch - 1));
    });
  });
}

function within(ctx, f, draw) {
  ctx.save();
  ctx.beginPath(); ctx.rect(...f.clip); ctx.clip();
  draw();
  ctx.restore();
}
