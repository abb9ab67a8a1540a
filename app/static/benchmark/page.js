/* Benchmark: the choice, the curves, the table, gains on the parents, speed, and how to read it. */
import { button, el, write } from "../dom.js";
import { exportButton, exportJson } from "../export.js";
import { language, told, words } from "../words.js";
import { curves } from "./curves.js";
import { gains } from "./gains.js";
import { notes } from "./notes.js";
import { speed } from "./speed.js";
import { budgets, dataSets, families, get, MEASURES, on, onData, set } from "./state.js";
import { table } from "./table.js";

const say = await words("benchmark");

export function mount(place, server) {
  const status = el("p", { class: "empty", role: "status" }, say.reading);
  const part = (name, fill) => { const section = el("section", { class: `benchmark-part ${name}` }); fill(section); return section; };
  place.append(el("header", { class: "benchmark-head" }, el("h1", {}, say.title), paragraph("lead", say.intro, say.bundledIntro)), status, chooser(),
    part("learn", (section) => { curves(section); section.append(paragraph("note", say.curveNote, say.bundledNote)); table(section); section.append(el("p", { class: "note" }, say.tableNote)); }),
    part("gain", gains), part("run", speed), part("read", notes));
  new ResizeObserver(() => place.clientWidth && set({ narrow: place.clientWidth < 760 })).observe(place);
  load(server, status);
}

/** A paragraph that has other words for the bundled weights, which were not trained under one budget. */
function paragraph(kind, equal, bundled) {
  const place = el("p", { class: kind });
  on(["budget"], ({ budget }) => write(place, budget === "bundled" ? bundled : equal));
  return place;
}

async function load(server, status) {
  const found = await server.benchmark_tables({}).catch(() => null);
  if (!found || found.error) return write(status, found?.error ? told(found.error) : say.unread);
  status.hidden = true;
  const data = dataSets(found);
  set({ tables: found, ...onData({ tables: found, budget: "images" }, data.includes("scenes") ? "scenes" : data[0] ?? "scenes") });
}

function chooser() {
  const group = (key, label) => el("div", { class: "chips", role: "group", "aria-label": label });
  const [data, budget, sections] = [group("data", say.data), group("budget", say.budget), group("family", say.family)];
  const measure = el("select", { id: "atlas-benchmark-measure", onchange: () => set({ measure: measure.value }) }, Object.keys(MEASURES).map((name) => el("option", { value: name }, say.measures[name])));
  const save = exportButton(say.save, () => exportJson(get().tables, "detr-benchmark"));
  const chip = (key, value, label, press, mark = null) => button([mark, label].filter(Boolean), press, { class: "switch", "aria-pressed": "false", "data-key": key, "data-value": value });
  on(["tables", "data", "budget"], (state) => {
    data.replaceChildren(...dataSets(state.tables).map((name) => chip("data", name, say.datasets[name] ?? name, () => set(onData(get(), name)))));
    budget.replaceChildren(...budgets(state.tables, state.data).map((name) => chip("budget", name, say.budgets[name] ?? name, () => set({ budget: name, family: null }))));
    sections.replaceChildren(...(state.tables ? families(state) : []).map(({ id, name }) => chip("family", id, name[language] ?? name.en, () => set({ family: get().family === id ? null : id }), el("i", { class: `benchmark-dot section-${id}` }))));
    budget.hidden = budgets(state.tables).length < 2;
  });
  const line = el("div", { class: "benchmark-choice" }, data, budget, el("label", { class: "measure" }, el("span", {}, say.measure), measure), sections, save);
  on(["tables", "data", "budget", "family"], (state) => {
    line.hidden = !state.tables?.convergence;
    for (const face of line.querySelectorAll(".switch")) face.setAttribute("aria-pressed", String(state[face.dataset.key] === face.dataset.value));
  });
  return line;
}
