/* The assignment problem: shortest augmenting paths with potentials (Kuhn 1955; Jonker and Volgenant 1987).
   Rows times columns squared at worst, so that sixty objects among nine hundred queries take a few milliseconds. */

/** `cost` [rows x columns], row by row -> for every row the column that it gets, at the lowest total cost; -1 where there are too few. */
export function assign(cost, rows, columns) {
  if (rows <= columns) return solve((row, column) => cost[row * columns + column], rows, columns);
  const found = new Int32Array(rows).fill(-1);
  solve((row, column) => cost[column * columns + row], columns, rows).forEach((row, column) => { found[row] = column; });
  return found;
}

/** At least as many columns as rows. Row and column 0 stand for "not yet", so that real ones count from 1. */
function solve(at, rows, columns) {
  const [u, v] = [new Float64Array(rows + 1), new Float64Array(columns + 1)];
  const [owner, before] = [new Int32Array(columns + 1), new Int32Array(columns + 1)];
  const [least, seen] = [new Float64Array(columns + 1), new Uint8Array(columns + 1)];
  for (let row = 1; row <= rows; row++) {
    owner[0] = row;
    least.fill(Infinity);
    seen.fill(0);
    let column = 0;
    do {                                              // the cheapest way from this row to a free column
      seen[column] = 1;
      column = step(at, owner[column], column, { u, v, owner, before, least, seen, columns });
    } while (owner[column]);
    for (; column; column = before[column]) owner[column] = owner[before[column]];
  }
  const found = new Int32Array(rows).fill(-1);
  for (let column = 1; column <= columns; column++) if (owner[column]) found[owner[column] - 1] = column - 1;
  return found;
}

/** Look from `row` at every column not yet seen; shift the potentials so that the nearest one costs nothing more. */
function step(at, row, from, { u, v, owner, before, least, seen, columns }) {
  let [nearest, shift] = [0, Infinity];
  for (let column = 1; column <= columns; column++) {
    if (seen[column]) continue;
    const reduced = at(row - 1, column - 1) - u[row] - v[column];
    if (reduced < least[column]) { least[column] = reduced; before[column] = from; }
    if (least[column] < shift) { shift = least[column]; nearest = column; }
  }
  for (let column = 0; column <= columns; column++) {
    if (seen[column]) { u[owner[column]] += shift; v[column] -= shift; } else least[column] -= shift;
  }
  return nearest;
}
