/* One picture through one detector, as the browser keeps it. Mirrors app/runs.py. */
import { unpack } from "./pack.js";

export { Detail } from "./detail.js";

/** Where each level's tokens begin, with its size and its far edge in pictures: [{h, w, start, reach}]. */
export function levelsOf(shapes, reach) {
  let start = 0;
  return shapes.map(([h, w], i) => ({ h, w, start: (start += h * w) - h * w, reach: reach[i] }));
}

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
    const levels = values.length ? levelsOf(this.facts.levels, this.facts.reach) : [];
    return { values, peak: values.reduce((a, b) => Math.max(a, b), 0), levels };
  }

  get hasProposals() { return Boolean(this.arrays["proposals.boxes"]); }

  get hasTokens() { return Boolean(this.arrays["tokens.kept"]); }

  /** What the encoder said of its tokens and did with them: {scores, kept, received, levels}; null where it refines all of them. */
  tokens() {
    if (!this.hasTokens) return null;
    const { "tokens.scores": scores, "tokens.kept": kept, "tokens.received": received } = this.arrays;
    return { scores: scores.data, kept: kept.data, received: received?.data, levels: levelsOf(this.facts.levels, this.facts.reach) };
  }

  /** Queries that began at the same place as this one, itself among them: several patterns ask from one point. */
  siblings(query) {
    const own = this.anchor(0, query);
    if (!own) return [query];
    return this.order.filter((other) => this.anchor(0, other).every((value, i) => Math.abs(value - own[i]) < 1e-6)).sort((a, b) => a - b);
  }

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
