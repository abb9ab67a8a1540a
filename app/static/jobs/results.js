/* What a run leaves: a zip, its model on the other pages, and the lines that load it in Python. */
import { set as common } from "../bus.js";
import { el, write } from "../dom.js";
import { turn } from "../nav.js";
import { ask, open } from "../session.js";
import { number, words } from "../words.js";
import { pictureFile } from "./pictures.js";
import { get, isActive, on, record, set } from "./state.js";

const say = await words("jobs");

export function results() {
  const [numbers, note] = [el("dl", { class: "result-numbers" }), el("p", { class: "note" })];
  const download = el("a", { class: "button solid", download: "" }, say.download);
  const explore = el("button", { type: "button", onclick: () => look(explore) }, say.explore);
  const compare = el("button", { type: "button", onclick: () => against(compare) }, say.compare);
  const code = el("code", {});
  const snippet = el("details", { class: "snippet" }, el("summary", {}, say.python), el("pre", { tabindex: 0 }, code));
  const command = el("code", {});
  const asked = el("details", { class: "snippet" }, el("summary", {}, say.command), el("pre", { tabindex: 0 }, command));
  const node = el("section", { class: "results", "aria-label": say.results }, el("header", { class: "panel-head" }, el("h2", {}, say.results), note),
    numbers, el("div", { class: "line" }, download, explore, compare), snippet, asked);
  on(["job", "grown"], ({ job }) => {
    node.hidden = !job;
    if (!job) return;
    const ready = Boolean(job.weights);
    download.hidden = !job.download;
    if (job.download) { download.href = job.download; download.download = `${job.file}.zip`; }
    explore.disabled = compare.disabled = !ready;
    compare.hidden = !job.base;
    for (const button of [explore, compare]) button.title = ready ? "" : say.notYet;
    write(note, record()?.best ? (isActive(job) ? say.resultsSoFar : say.resultsNote) : "");
    write(code, snippetOf(job));
    write(command, job.command);
    numbers.replaceChildren(...table().map(([key, value]) => el("div", {}, el("dt", {}, key), el("dd", {}, value))));
  });
  return node;
}

/** COCO's numbers at the best evaluation. */
function table() {
  const best = record()?.best;
  if (!best) return [];
  return ["AP", "AP50", "AP75", "APs", "APm", "APl"].filter((key) => best[key] !== null && best[key] !== undefined).map((key) => [key, number(100 * best[key], 1)]);
}

/** A picture that the run was measured on, through its best weights. */
const look = (button) => working(button, async (picture, { variant, weights }, threshold) => {
  common({ variants: (await ask("catalogue")).variants });              // with this job's weights, which may be new
  await turn("explore");
  await open({ picture, model: variant, weights }, { query: "best" });
  common({ threshold });
});

/** The same detector before and after, side by side. */
const against = (button) => working(button, async (picture, { variant, base, weights }, threshold) => {
  const said = new URLSearchParams({ page: "compare", picture, compare: [base, weights].map((each) => `${variant}@${each}`).join(","), threshold });
  location.assign(`${location.pathname}?${said}`);
});

async function working(button, go) {
  button.disabled = true;
  try {
    const { job } = get();
    const file = await pictureFile(job.id);
    const { key } = await ask("add_picture", { name: file.name, data: file.data });
    await go(key, job, file.threshold);
  } catch (error) {
    set({ problem: error.message });
  } finally {
    button.disabled = false;
  }
}

const snippetOf = (job) => `import detr_core
from PIL import Image

detector = detr_core.load("${job.variant}", "best.safetensors")     # from the zip
found = detector.predict(Image.open("picture.jpg"))
for name, score, box in zip(found.names, found.scores, found.boxes):
    print(f"{name} {score:.2f}", box.tolist())`;
