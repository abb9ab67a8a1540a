/* The fields of a run as a form: each with its kind's control, a sentence of help, and a mark with a way back where it was changed. */
import { el, write } from "../dom.js";
import { number, words } from "../words.js";

const say = await words("train");

/** {node, show(base, changes)}: `table` lists the fields; `change(name, value)` is called with undefined for "as it was". */
export function form(table, change) {
  const rows = table.map((field) => row(field, change));
  const groups = [...new Set(table.map(({ group }) => group))];
  const node = el("div", { class: "field-groups" }, groups.map((group) => el("section", {}, el("h3", {}, say.groups[group]),
    el("div", { class: "field-grid" }, rows.filter(({ field }) => field.group === group).map((each) => each.node)))));
  return { node, show: (base, changes = {}) => rows.forEach((each) => each.show(base[each.field.name], changes[each.field.name])) };
}

function row(field, change) {
  const id = `atlas-field-${crypto.randomUUID?.() ?? Math.random()}`;
  const [trouble, help] = [el("p", { class: "field-trouble", role: "alert", id: `${id}-trouble` }), el("p", { class: "help", id }, say.help[field.name])];
  const input = control(field, (value) => {
    const wrong = problem(field, value);
    write(trouble, wrong);
    input.setAttribute("aria-invalid", String(Boolean(wrong)));
    if (!wrong) change(field.name, same(value, base) ? undefined : value);
  });
  input.setAttribute("aria-describedby", `${id} ${id}-trouble`);
  let base;
  const back = el("button", { type: "button", class: "quiet reset", onclick: () => { write(trouble, ""); change(field.name, undefined); } }, say.reset);
  const mark = el("span", { class: "modified", hidden: true }, say.modified, back);
  const node = el("div", { class: "field" }, el("div", { class: "field-head" }, el("label", { for: `${id}-input` }, say.fields[field.name]), mark), input, trouble, help);
  input.id = `${id}-input`;
  const show = (wanted, changed) => {
    base = wanted;
    const value = changed ?? wanted;
    mark.hidden = changed === undefined;
    node.classList.toggle("is-modified", !mark.hidden);
    back.title = say.resetTo(spoken(field, wanted));
    if (value === undefined || document.activeElement === input) return;
    if (field.kind === "switch") input.checked = value; else input.value = String(value);
  };
  return { field, node, show };
}

function control(field, put) {
  if (field.kind === "switch") {
    const box = el("input", { type: "checkbox", class: "toggle", onchange: () => put(box.checked) });
    return box;
  }
  if (field.kind === "choice") {
    const select = el("select", { onchange: () => put(select.value) }, field.choices.map((name) => el("option", { value: name }, say.choices[name] ?? name)));
    return select;
  }
  const input = el("input", { type: "number", step: field.kind === "whole" ? 1 : "any", min: field.least, max: field.most,
    onchange: () => put(input.value === "" ? NaN : Number(input.value)) });
  return input;
}

function problem(field, value) {
  if (!["whole", "number"].includes(field.kind)) return "";
  const sound = Number.isFinite(value) && value >= field.least && value <= field.most && (field.kind === "number" || Number.isInteger(value));
  return sound ? "" : say.bounds(field.kind === "whole", precise(field.least), precise(field.most));
}

const same = (a, b) => a === b || (typeof a === "number" && typeof b === "number" && Math.abs(a - b) <= 1e-12 * Math.abs(b));
const precise = (value) => (Math.abs(value) < 0.001 && value ? value.toExponential() : number(value, Number.isInteger(value) ? 0 : 3));
export const spoken = (field, value) => (field.kind === "switch" ? (value ? say.on : say.off) : field.kind === "choice" ? say.choices[value] ?? value : typeof value === "number" ? precise(value) : String(value ?? ""));
