/* The table of classes: which id became which index, how many boxes each has, and the pictures of one when its row is pressed. */
import { el } from "../dom.js";
import { classColour } from "../paint.js";
import { number, words } from "../words.js";

const say = await words("dataset");

export function classes(rows, press) {
  const most = Math.max(1, ...rows.map(({ train }) => train));
  const made = rows.map((row) => line(row, most, () => press(row.index)));
  const head = el("tr", {}, [say.id, say.index, say.name, say.inTrain, say.inVal].map((word, column) => el("th", { scope: "col", class: column === 2 ? "name" : "number" }, word)), el("td", {}));
  const body = el("tbody", {}, made.map(({ node }) => node));
  const node = el("section", { class: "data-part" }, el("h2", {}, say.classes), el("p", { class: "help" }, say.classesHelp),
    el("div", { class: "class-scroll" }, el("table", { class: "class-table" }, el("thead", {}, head), body)));
  return { node, press: (label) => made.forEach(({ button }, index) => button.setAttribute("aria-pressed", String(index === label))) };
}

function line({ id, index, name, train, val }, most, press) {
  const button = el("button", { type: "button", class: "quiet class-name", "aria-pressed": "false", title: say.showClass, onclick: press }, el("i", { class: "swatch", style: { background: classColour(index) } }), el("span", {}, name));
  const bar = el("span", { class: "class-bar" }, el("i", { style: { width: `${(100 * train) / most}%`, background: classColour(index) } }));
  const cells = [id, index].map((value) => el("td", { class: "number" }, String(value)));
  const counts = [train, val].map((value) => el("td", { class: value ? "number" : "number none" }, number(value)));
  return { button, node: el("tr", {}, cells, el("th", { scope: "row", class: "name" }, button), counts, el("td", { class: "bar" }, bar)) };
}
