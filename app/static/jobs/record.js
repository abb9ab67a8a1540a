/* What a run has said of itself, column by column. It only grows, except where the run went on from an earlier checkpoint. */

export class Record {
  constructor(id) {
    Object.assign(this, { id, seq: 0, version: 0, names: [], evaluations: [], matching: [] });
    this.train = { step: [], images: [], time: [], loss: [], norm: [], rate: [], terms: {} };
  }

  /** Lines as the server sends them: a list [step, images, time, loss, norm, rate, ...terms] by `names`, or an object of another kind. */
  add({ names, lines, seq }) {
    if (!lines.length) return;
    for (const line of lines) {
      if (Array.isArray(line)) this.step(names, line);
      else if (line.kind === "evaluation") this.evaluations.push(line);
      else if (line.kind === "matching") this.matching.push(line);
      else if (line.kind === "rewind") this.rewind(line.step, line.evaluated ?? line.step);
    }
    this.seq = seq;
    this.version += 1;
  }

  step(names, [step, images, time, loss, norm, rate, ...terms]) {
    const at = this.train.step.length;
    for (const [key, value] of Object.entries({ step, images, time, loss, norm, rate })) this.train[key].push(value);
    names.forEach((name, place) => { (this.train.terms[name] ??= new Array(at).fill(null)).push(terms[place] ?? null); });
    for (const column of Object.values(this.train.terms)) if (column.length === at) column.push(null);
  }

  rewind(step, evaluated) {
    const { terms, ...columns } = this.train;
    const kept = this.train.step.filter((each) => each <= step).length;
    for (const column of [...Object.values(columns), ...Object.values(terms)]) column.length = kept;
    this.evaluations = this.evaluations.filter((line) => line.step <= evaluated);
    this.matching = this.matching.filter((line) => line.step <= evaluated);
  }

  get batch() {
    const { step, images } = this.train;
    return step.length ? images.at(-1) / step.at(-1) : this.evaluations.length ? this.evaluations.at(-1).images / this.evaluations.at(-1).step : 1;
  }

  get best() {
    return this.evaluations.reduce((best, line) => (!best || (line.AP ?? 0) > (best.AP ?? 0) ? line : best), null);
  }

  /** {term, layer, group} of every loss the run has, from names such as "class.2.queries" or "l1.encoder.0.tokens". */
  get parts() {
    return Object.keys(this.train.terms).map((name) => {
      const words = name.split(".");
      return { name, term: words[0], layer: words.slice(1, -1).join("."), group: words.at(-1) };
    });
  }

  /** Decoder layers in order. */
  get layers() {
    return [...new Set(this.parts.map(({ layer }) => layer).filter((layer) => /^\d+$/.test(layer)))].sort((a, b) => a - b);
  }

  /** Training pictures a second between evaluations, without the time that those take. */
  get pace() {
    const marks = [{ images: 0, trained: 0 }, ...this.evaluations.filter(({ trained }) => trained)];
    return marks.slice(1).map(({ images, trained }, at) => ({ images, value: (images - marks[at].images) / Math.max(1e-3, trained - marks[at].trained) }));
  }
}

/** A moving average with the given share of the past; the start is not pulled to zero. */
export function smooth(values, share) {
  let [sum, weight] = [0, 0];
  return values.map((value) => {
    if (value === null || value === undefined) return null;
    sum = sum * share + value;
    weight = weight * share + 1;
    return sum / weight;
  });
}
