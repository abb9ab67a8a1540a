/* What the check says of a data set: the verdict, every finding, pictures with their boxes, classes and measures. */
import { el, icon, write } from "../dom.js";
import { exportJson } from "../export.js";
import { title } from "../text.js";
import { date, number, words } from "../words.js";
import { classes } from "./classes.js";
import { measures } from "./measures.js";
import { get, on } from "./plan.js";
import { samples } from "./samples.js";
import { mark } from "./verdict.js";

const say = await words("dataset");
const ORDER = ["blocking", "warning", "fine"];

/** `remove(id)` deletes a data set. */
export function report(ask, remove) {
  const node = el("section", { class: "data-report", "aria-label": say.report });
  const here = { brief: null, report: null, fit: null, turn: 0 };
  const parts = { samples: samples(ask), measures: measures() };

  async function show(brief) {
    const turn = ++here.turn;
    Object.assign(here, { brief, report: null, fit: null });
    node.setAttribute("aria-busy", "true");
    try {
      const answer = await ask("data_report", { id: brief.id });
      if (turn !== here.turn) return;
      here.report = answer.report;
      draw();
      await suit();
    } catch (error) {
      if (turn === here.turn) node.replaceChildren(el("p", { class: "plan-trouble", role: "alert" }, error.message));
    }
    node.setAttribute("aria-busy", "false");
  }

  function draw() {
    const { brief, report: told } = here;
    parts.findings = findings((finding) => parts.samples.of(finding));
    parts.samples.start(brief.id, told.facts.classes.map(({ name }) => name), (state) => { parts.findings.press(state.finding); parts.classes?.press(state.label); });
    parts.classes = classes(told.facts.classes, (label) => parts.samples.ofClass(label));
    parts.tiles = tiles();
    node.replaceChildren(head(brief, told, save, () => remove(brief.id)), parts.tiles.node, parts.findings.node, parts.samples.node, parts.classes.node, parts.measures.node);
    update();
  }

  /** What depends on the detector that is being planned. */
  async function suit() {
    const { variant, plan } = get();
    const { brief, turn, report: told } = here;
    if (!variant || !told?.facts.boxes) return;
    const request = { id: brief.id, variant, size: plan?.size ?? "tiny", short: plan?.short, long: plan?.long };
    const wanted = JSON.stringify(request);
    if (here.wanted === wanted && here.fit) return;
    here.wanted = wanted;
    const fit = await ask("data_fit", request).catch(() => null);
    if (turn !== here.turn || here.wanted !== wanted || !fit) return;
    here.fit = { ...fit, name: title(variant) };
    update();
  }

  function update() {
    const { report: told, fit } = here;
    const all = [...told.findings, ...(fit?.findings ?? [])].sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict));
    parts.tiles.show(told.facts, fit);
    parts.findings.show(all);
    parts.measures.show(told.facts, fit);
  }

  const save = () => exportJson({ name: here.brief.name, ...here.report, ...(here.fit ? { detector: here.fit } : {}) }, here.brief.name, "report");
  on(["variant", "plan"], () => here.report && suit());
  return { node, show };
}

function head(brief, told, save, remove) {
  const when = brief.own ? date(brief.created * 1000) : say.bundled[brief.id]?.[1] ?? "";
  const sure = el("button", { type: "button", class: "quiet danger", hidden: true, onclick: remove }, say.sure);
  const away = el("button", { type: "button", class: "quiet", onclick: () => { sure.hidden = !sure.hidden; } }, say.remove);
  return el("header", { class: "data-head" }, mark(told.verdict, true),
    el("div", { class: "data-title" }, el("h1", {}, brief.title), el("p", {}, el("b", {}, say.verdictLine[told.verdict]), " ", say.layoutLine[told.layout] ?? "", " ", when)),
    el("div", { class: "data-tools" }, el("button", { type: "button", class: "quiet", onclick: save }, icon("save"), say.save), brief.own ? away : null, brief.own ? sure : null));
}

/** The numbers one looks for first. */
function tiles() {
  const names = ["pictures", "boxes", "classes", "most", "small"];
  const made = Object.fromEntries(names.map((name) => [name, { value: el("b", {}), line: el("small", {}) }]));
  const node = el("dl", { class: "tiles" }, names.map((name) => el("div", {}, el("dt", {}, say.tile[name]), el("dd", {}, made[name].value, made[name].line))));
  const put = (name, value, line) => { write(made[name].value, value); write(made[name].line, line); };
  return { node, show(facts, fit) {
    const { train, val } = { train: { pictures: 0, boxes: 0 }, val: { pictures: 0, boxes: 0 }, ...facts.splits };
    put("pictures", number(facts.pictures), say.split(number(train.pictures), number(val.pictures)));
    put("boxes", number(facts.boxes), say.perPicture(number(facts.per_picture.mean, 1)));
    put("classes", number(facts.classes.length), "");
    put("most", number(facts.per_picture.most), fit ? say.queries(number(fit.fit.queries), fit.name) : "");
    const all = fit ? fit.fit.small + fit.fit.medium + fit.fit.large : 0;
    put("small", all ? `${number((100 * fit.fit.small) / all)} %` : "–", fit ? say.resized(fit.fit.short) : "");
  } };
}

/** One row a finding; pressing it shows the pictures where it occurs. */
function findings(filter) {
  const [list, remarks, summary] = [el("ul", { class: "findings" }), el("ul", { class: "findings" }), el("summary", {})];
  const none = el("p", { class: "help" }, say.noFindings);
  const aside = el("details", { class: "remarks" }, summary, remarks);
  const node = el("section", { class: "data-part" }, el("h2", {}, say.findings), none, list, aside);
  let rows = [];
  function show(all) {
    rows = all.map((finding) => row(finding, () => filter(finding)));
    const [fine, grave] = [true, false].map((wanted) => rows.filter(({ finding }) => (finding.verdict === "fine") === wanted).map((each) => each.node));
    list.replaceChildren(...grave);
    remarks.replaceChildren(...fine);
    none.hidden = grave.length > 0;
    aside.hidden = !fine.length;
    write(summary, say.remarks(fine.length));
  }
  return { node, show, press: (finding) => rows.forEach((each) => each.button?.setAttribute("aria-pressed", String(each.finding.code === finding?.code && finding !== null))) };
}

function row(finding, press) {
  const [what, advice] = inWords(finding);
  const inside = [mark(finding.verdict), el("span", { class: "finding-words" }, el("b", {}, what), el("span", {}, advice)), finding.mended ? el("span", { class: "mended" }, icon("done"), say.mended) : null];
  const pictured = finding.examples.some(({ picture }) => picture);
  const button = pictured ? el("button", { type: "button", class: "finding", "aria-pressed": "false", title: say.showExamples, onclick: press }, inside) : null;
  const notes = finding.examples.map(({ note }) => note).filter(Boolean);
  const details = notes.length ? el("details", { class: "finding-notes" }, el("summary", {}, say.where(notes.length, finding.count)), el("ul", {}, notes.map((note) => el("li", {}, note)))) : null;
  return { finding, button, node: el("li", { "data-code": finding.code }, button ?? el("div", { class: "finding" }, inside), details) };
}

/** [what it is, what to do], in the visitor's language where it has words for it. */
function inWords({ code, sentence, count, values }) {
  const known = say.codes[code];
  const [, what, advice] = /^(.+?)\. (.*)$/s.exec(sentence) ?? [null, sentence, ""];
  if (!known) return [what, advice];
  const counted = /: [\d,]+$/.test(what);
  const [name, then] = known;
  return [counted ? `${name}: ${number(count)}` : name, typeof then === "function" ? then({ ...values, kind: say.kinds[values.kind] ?? values.kind }) : then];
}
