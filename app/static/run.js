/* One picture through one detector, as the browser keeps it. Mirrors app/runs.py. */
import { unpack } from "./pack.js";

export class Run {
  constructor(base64) {
    const { facts, arrays } = unpack(base64);
    Object.assign(this, { facts, arrays, id: facts.run, names: facts.names, layers: facts.layers, queries: facts.queries });
    const last = (this.layers - 1) * this.queries;
    const scores = arrays.scores.data;
    this.order = Array.from({ length: this.queries }, (_, q) => q).sort((a, b) => scores[last + b] - scores[last + a] || a - b);
    this.rank = new Map(this.order.map((q, place) => [q, place]));
    this.details = new Map();
  }

  score(layer, query) { return this.arrays.scores.data[layer * this.queries + query]; }
  label(layer, query) { return this.arrays.labels.data[layer * this.queries + query]; }
  name(layer, query) { return this.names[this.label(layer, query)] ?? "?"; }

  /** [cx, cy, w, h] in 0..1 of the picture. */
  box(layer, query) {
    const at = (layer * this.queries + query) * 4;
    return this.arrays.boxes.data.subarray(at, at + 4);
  }

  /** What the layer looked from: [x, y] or [cx, cy, w, h]; null where the detector has no anchors. */
  anchor(layer, query) {
    if (!this.arrays.anchors) return null;
    const at = (layer * this.queries + query) * 4;
    const found = this.arrays.anchors.data.subarray(at, at + 4);
    return Number.isNaN(found[2]) ? found.subarray(0, 2) : found;
  }

  /** The encoder's proposal a query began as: {box, score}; null in one-stage detectors. */
  proposal(query) {
    if (!this.arrays["proposals.boxes"]) return null;
    return { box: this.arrays["proposals.boxes"].data.subarray(query * 4, query * 4 + 4), score: this.arrays["proposals.scores"].data[query] };
  }

  /** The encoder's score of every place of every level, as `heat` draws it. */
  proposalMap() {
    const values = Float32Array.from(this.arrays["proposals.map"]?.data ?? [], (value) => value / 255);
    let start = 0;
    const levels = values.length ? this.facts.levels.map(([h, w], i) => ({ h, w, start: (start += h * w) - h * w, reach: this.facts.reach[i] })) : [];
    return { values, peak: values.reduce((a, b) => Math.max(a, b), 0), levels };
  }

  get hasProposals() { return Boolean(this.arrays["proposals.boxes"]); }

  /** The best `top` queries by final score whose score at `layer` reaches the threshold. */
  shown(layer, threshold, top) {
    return this.order.slice(0, top).filter((query) => this.score(layer, query) >= threshold);
  }

  /** Facts of what a decoder layer's cross-attention left: {path, kind, heads, ...} or null. */
  view(layer, role = "cross_attention") {
    const path = `decoder.layers.${layer}.${role}`;
    const facts = this.facts.views[path];
    return facts ? { path, ...facts } : null;
  }
}

/** Everything about one query: class scores per layer and its slice of every view. */
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

  /** Dense attention of a layer and head (null: mean): {values, peak, levels: [{h, w, start, reach}]}. */
  map(layer, head) {
    const view = this.run.view(layer);
    if (view?.kind !== "map") return null;
    const { data, shape } = this.arrays[`${view.path}.weights`];
    const scale = this.arrays[`${view.path}.scale`].data;
    const [heads, tokens] = shape;
    const chosen = head === null ? [...Array(heads).keys()] : [Math.min(head, heads - 1)];
    const values = new Float32Array(tokens);
    for (const m of chosen) {
      const factor = scale[m] / 255 / chosen.length;
      for (let i = 0; i < tokens; i++) values[i] += data[m * tokens + i] * factor;
    }
    let start = 0;
    const levels = view.shapes.map(([h, w], i) => ({ h, w, start: (start += h * w) - h * w, reach: view.reach[i] }));
    return { values, peak: values.reduce((a, b) => Math.max(a, b), 0), levels };
  }

  /** Sampled points of a layer and head (null: all): {points: [{x, y, weight, level, head}], peak, share per level}. */
  points(layer, head) {
    const view = this.run.view(layer);
    if (view?.kind !== "points") return null;
    const [heads, levels, points] = [view.heads, view.levels, view.points];
    const places = this.arrays[`${view.path}.locations`].data;
    const weights = this.arrays[`${view.path}.weights`].data;
    const chosen = head === null ? [...Array(heads).keys()] : [Math.min(head, heads - 1)];
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
