/* Where every system stands. Pure and deterministic: the same systems always give the same picture, and no two boxes touch.

   byYear(systems, width): columns are years. Children of the same year stand under their parent, indented; later ones stand to the
   right of a lane that comes down beside the parent's column. A row of a column holds one box or one line, never both.
   outline(systems, width): one column, everyone under their parent, for narrow screens.
   Both -> {nodes: Map id -> {x, y, w, h, row}, links: [{from, to, path, borrowed}], bands: [{year, x, w}], width, height}. */

const TOP = 34, ROW = 30, HIGH = 24, INDENT = 14, LANE = 8, AIR = 15, EDGE = 9;

/** Children by parent, elders first; systems whose parent is not among them are roots. */
function kinship(systems) {
  const known = new Map(systems.map((system) => [system.id, system]));
  const children = new Map(systems.map(({ id }) => [id, []]));
  const roots = systems.filter(({ id, parent }) => !(known.has(parent) && parent !== id && children.get(parent).push(known.get(id))));
  return { known, children, roots };
}

export function byYear(systems, width) {
  const { known, children, roots } = kinship(systems);
  const years = [...new Set(systems.map(({ year }) => year))].sort();
  const column = (id) => years.indexOf(known.get(id).year);
  const size = (id) => 1 + children.get(id).reduce((sum, child) => sum + size(child.id), 0);
  const rows = placeRows(roots, { children, column, size }, years.length);
  const lanes = lanesOf(systems, children, column, rows, years.length);
  const gutters = lanes.counts.map((count, i) => (i < years.length - 1 ? AIR * 2 + LANE * Math.max(0, count - 1) : 0));
  const wide = Math.max(112, (width - 2 * EDGE - gutters.reduce((a, b) => a + b, 0)) / years.length);
  const bands = years.map((year, i) => ({ year, x: EDGE + i * wide + gutters.slice(0, i).reduce((a, b) => a + b, 0), w: wide }));
  const nodes = new Map();
  for (const { id } of systems) {
    const { row, depth } = rows.get(id);
    nodes.set(id, { x: bands[column(id)].x + depth * INDENT, y: TOP + row * ROW, w: wide - depth * INDENT, h: HIGH, row });
  }
  const lane = (id) => { const band = bands[column(id)]; return band.x + band.w + AIR + lanes.of.get(id) * LANE; };
  const links = systems.filter(({ id, parent }) => known.has(parent) && parent !== id).map(({ id, parent }) => ({ from: parent, to: id, borrowed: false,
    path: column(parent) === column(id) ? elbow(nodes.get(parent), nodes.get(id)) : round(nodes.get(parent), nodes.get(id), lane(parent)) }));
  return { nodes, bands, links: [...links, ...borrowed(systems, known, nodes)], width: bands.at(-1).x + wide + EDGE, height: TOP + 8 + (1 + Math.max(...[...rows.values()].map(({ row }) => row))) * ROW };
}

/** Row and indentation of everyone: a block of one year takes neighbouring rows, then each member's later children, the last member's first. */
function placeRows(roots, { children, column, size }, columns) {
  const rows = new Map();
  const taken = Array.from({ length: columns }, () => new Set());
  let lowest = 0;
  const block = (id, depth = 0) => [{ id, depth }, ...children.get(id).filter((child) => column(child.id) === column(id)).flatMap((child) => block(child.id, depth + 1))];
  const place = (id, from, crossed) => {
    const members = block(id);
    const fits = (row) => crossed.every((c) => !taken[c].has(row)) && members.every((_, i) => !taken[column(id)].has(row + i));
    let row = from;
    while (!fits(row)) row++;
    crossed.forEach((c) => taken[c].add(row));
    members.forEach((member, i) => { rows.set(member.id, { row: row + i, depth: member.depth }); taken[column(id)].add(row + i); lowest = Math.max(lowest, row + i); });
    [...members].reverse().forEach((member, i) => descend(member.id, members.length > 1 && i === members.length - 1 ? lowest + 1 : rows.get(member.id).row, i));
  };
  const descend = (id, from, later) => {
    const here = column(id);
    const heirs = children.get(id).filter((child) => column(child.id) > here).sort((a, b) => size(b.id) - size(a.id));
    const start = later ? Math.max(from, lowest + 1) : from;
    for (const child of heirs) place(child.id, start, Array.from({ length: column(child.id) - here - 1 }, (_, i) => here + 1 + i));
  };
  for (const root of roots) place(root.id, 0, []);
  return rows;
}

/** A lane beside the column for everyone with later children: whoever stands higher is further left. */
function lanesOf(systems, children, column, rows, columns) {
  const of = new Map();
  const counts = Array(columns).fill(0);
  const parents = systems.filter(({ id }) => children.get(id).some((child) => column(child.id) > column(id))).sort((a, b) => rows.get(a.id).row - rows.get(b.id).row);
  const ends = Array.from({ length: columns }, () => []);            // last row of each lane: one that has ended is used again
  for (const { id } of parents) {
    const c = column(id);
    const last = Math.max(...children.get(id).filter((child) => column(child.id) > c).map((child) => rows.get(child.id).row));
    const free = ends[c].findIndex((end) => end < rows.get(id).row);
    const lane = free < 0 ? ends[c].length : free;
    ends[c][lane] = last;
    of.set(id, lane);
    counts[c] = ends[c].length;
  }
  return { of, counts };
}

const middle = (node) => node.y + node.h / 2;

/** From the right side, down a lane, to the left side, with rounded corners. */
function round(from, to, lane) {
  const [y0, y1] = [middle(from), middle(to)];
  if (y0 === y1) return `M${from.x + from.w} ${y0}H${to.x}`;
  const r = Math.min(6, Math.abs(y1 - y0) / 2) * Math.sign(y1 - y0);
  const a = Math.abs(r);
  return `M${from.x + from.w} ${y0}H${lane - a}Q${lane} ${y0} ${lane} ${y0 + r}V${y1 - r}Q${lane} ${y1} ${lane + a} ${y1}H${to.x}`;
}

/** Down from under a parent to a child that stands below and further in. */
function elbow(from, to) {
  const [x, y] = [from.x + INDENT / 2, middle(to)];
  return `M${x} ${from.y + from.h}V${y - 5}Q${x} ${y} ${x + 5} ${y}H${to.x}`;
}

/** Second parents: a bow on the right side within a column, else from side to side. */
function borrowed(systems, known, nodes) {
  return systems.flatMap(({ id, borrows }) => (borrows ?? []).filter((other) => known.has(other) && other !== id).map((other) => {
    const [a, b] = [nodes.get(other), nodes.get(id)];
    const [x0, y0, y1] = [a.x + a.w, middle(a), middle(b)];
    const later = b.x > x0;
    const x1 = later ? b.x : b.x + b.w;
    const bend = later ? (x1 - x0) / 2 : 22;
    return { from: other, to: id, borrowed: true, path: `M${x0} ${y0}C${x0 + bend} ${y0} ${later ? x1 - bend : x1 + bend} ${y1} ${x1} ${y1}` };
  }));
}

export function outline(systems, width) {
  const { known, children, roots } = kinship(systems);
  const nodes = new Map();
  const walk = (id, depth) => {
    const x = 1 + depth * 13;
    nodes.set(id, { x, y: nodes.size * 38 + 2, w: Math.max(120, Math.min(236, width - x - 46)), h: 30, row: nodes.size });
    for (const child of children.get(id)) walk(child.id, depth + 1);
  };
  for (const root of roots) walk(root.id, 0);
  const links = systems.filter(({ id, parent }) => known.has(parent) && parent !== id).map(({ id, parent }) => ({ from: parent, to: id, borrowed: false, path: elbow(nodes.get(parent), nodes.get(id)) }));
  return { nodes, links, bands: [], width, height: nodes.size * 38 };
}
