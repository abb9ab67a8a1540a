/* Everything about one query: class scores per layer and its slice of every view. */
import { unpack } from "./pack.js";
import { levelsOf } from "./run.js";

const largest = (values) => values.reduce((a, b) => Math.max(a, b), 0);

export class Detail {
  constructor(base64, run) {
    const { facts, arrays } = unpack(base64);
    Object.assign(this, { query: facts.query, arrays, run });
  }

  /** Scores of every class at a layer. */
  scores(layer) {
    const classes = this.arrays.scores.shape[1];
    return this.arrays.scores.data.subarray(layer * classes, (layer + 1) * classes);
  }

  /** [heads, places] of one array in 8 bits -> numbers of one head, or of all as their mean (null) or largest ("max"). */
  shares(name, head) {
    const { data, shape: [heads, places] } = this.arrays[`${name}weights`];
    const scale = this.arrays[`${name}scale`].data;
    const values = new Float32Array(places);
    if (typeof head === "number") {
      const m = Math.min(head, heads - 1);
      for (let i = 0; i < places; i++) values[i] = data[m * places + i] * (scale[m] / 255);
      return values;
    }
    for (let m = 0; m < heads; m++) for (let i = 0; i < places; i++) {
      const value = data[m * places + i] * (scale[m] / 255);
      values[i] = head === "max" ? Math.max(values[i], value) : values[i] + value / heads;
    }
    return values;
  }

  /** Dense attention of a layer and head (null: mean, "max": largest), or of one summand of its scores alone:
      {values, peak, levels: [{h, w, start, reach}]}; null where attention is not dense. */
  map(layer, head, part = null) {
    const view = this.run.view(layer);
    if (view?.kind === "factors") return this.product(view, head);
    if (view?.kind !== "map") return null;
    const values = this.shares(`${view.path}.${part && view.parts?.includes(part) ? `${part}.` : ""}`, head);
    return { values, peak: largest(values), levels: levelsOf(view.shapes, view.reach) };
  }

  /** What is read along x and along y, [{row, column}] by level; null where attention has no such factors. */
  factors(layer, head) {
    const view = this.run.view(layer);
    if (view?.kind !== "factors") return null;
    const [row, column] = [this.shares(`${view.path}.row.`, head), this.shares(`${view.path}.column.`, head)];
    let [x, y] = [0, 0];
    return view.shapes.map(([h, w]) => ({ row: row.subarray(x, (x += w)), column: column.subarray(y, (y += h)) }));
  }

  product(view, head) {
    const levels = levelsOf(view.shapes, view.reach);
    const last = levels.at(-1);
    const values = new Float32Array(last.start + last.h * last.w);
    const heads = typeof head === "number" ? [head] : [...Array(view.heads).keys()];
    for (const m of heads) this.factors(view.layer, m).forEach(({ row, column }, level) => {
      const { start, w, h } = levels[level];
      for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) {
        const at = start + y * w + x;
        const value = row[x] * column[y];
        values[at] = head === "max" ? Math.max(values[at], value) : values[at] + value / heads.length;
      }
    });
    return { values, peak: largest(values), levels };
  }

  /** Where the heads were told to look: [{x, y, dx, dy, head}], one standard deviation each; [] where nobody told them. */
  gaussians(layer, head) {
    const path = this.run.view(layer)?.path;
    const [centre, deviation] = [this.arrays[`${path}.centre`]?.data, this.arrays[`${path}.deviation`]?.data];
    if (!centre) return [];
    const all = Array.from({ length: centre.length / 2 }, (_, m) => ({ x: centre[2 * m], y: centre[2 * m + 1], dx: deviation[2 * m], dy: deviation[2 * m + 1], head: m }));
    return typeof head === "number" ? all.filter(({ head: m }) => m === head) : all;
  }

  /** Numbers that a part shared by the layers said of the query; [] where it said none at this layer. Rows may begin later. */
  numbers(name, layer) {
    const found = this.arrays[`numbers.${name}`];
    if (!found) return [];
    const row = layer - (this.run.layers - found.shape[0]);
    return row < 0 ? [] : found.data.subarray(row * found.shape[1], (row + 1) * found.shape[1]);
  }

  /** The place that a head read most: {token, score, parts: {name: score}, normaliser}; null where scores are not kept. */
  peak(layer, head) {
    const view = this.run.view(layer);
    const scores = view && this.arrays[`${view.path}.peak.scores`];
    if (!scores) return null;
    const [score, ...parts] = scores.data.subarray(head * scores.shape[1], (head + 1) * scores.shape[1]);
    return { token: this.arrays[`${view.path}.peak.token`].data[head], score, normaliser: this.arrays[`${view.path}.peak.normaliser`].data[head],
      parts: Object.fromEntries((view.parts ?? []).map((name, i) => [name, parts[i]])) };
  }

  /** Self-attention: {values: how much this query listened to each, peak, heard: how much each listened to it}; null without. */
  others(layer, head) {
    const view = this.run.view(layer, "self_attention");
    if (view?.kind !== "between") return null;
    const values = this.shares(`${view.path}.`, head);
    return { values, peak: largest(values), heard: this.arrays[`${view.path}.heard`]?.data ?? null };
  }

  /** Sampled points of a layer and head (null: all): {points: [{x, y, weight, level, head}], peak, share per level}. */
  points(layer, head) {
    const view = this.run.view(layer);
    if (view?.kind !== "points") return null;
    const [heads, levels, points] = [view.heads, view.levels, view.points];
    const places = this.arrays[`${view.path}.locations`].data;
    const weights = this.arrays[`${view.path}.weights`].data;
    const chosen = typeof head === "number" ? [Math.min(head, heads - 1)] : [...Array(heads).keys()];
    const found = [];
    const share = new Array(levels).fill(0);
    for (const m of chosen) for (let l = 0; l < levels; l++) for (let p = 0; p < points; p++) {
      const at = (m * levels + l) * points + p;
      const weight = weights[at] / chosen.length;
      share[l] += weight;
      found.push({ x: places[2 * at], y: places[2 * at + 1], weight, level: l, head: m });
    }
    found.sort((a, b) => a.weight - b.weight);
    return { points: found, peak: found.at(-1)?.weight ?? 0, share };
  }
}
