/* The export menu of the header: a picture of the page, the run's numbers, the view as a page of its own, and the code of it. */
import { get } from "./bus.js";
import { showCode } from "./code.js";
import { el, icon } from "./dom.js";
import { exportBlob, exportJson, exportText } from "./export.js";
import { menu } from "./menu.js";
import { notice } from "./notice.js";
import { ask, detail } from "./session.js";
import { snapshot } from "./snapshot.js";
import { words } from "./words.js";

const say = await words("frame");

export const exportMenu = () => menu([icon("save"), el("span", {}, say.exportMenu)], say.exportMenu, [
  { say: say.exportPng, press: () => making(async (name) => exportBlob(await snapshot(document.getElementById(`atlas-page-${get().page}`)), "png", ...name), false) },
  { say: say.exportNpz, press: () => making(async (name) => exportBlob(bytes((await ask("run_archive", { run: get().run.id })).npz), "npz", ...name)) },
  { say: say.exportJson, press: () => making((name) => exportJson(numbers(get()), ...name)) },
  { say: say.exportHtml, press: () => making(async (name) => exportText(await (await import("./offline/make.js")).page(), "html", ...name)) },
  { say: say.showCode, press: showCode },
]);

/** Says that something is on its way, and why it did not come. */
async function making(make, ofRun = true) {
  const { run, page } = get();
  if (ofRun && !run) return notice(say.noRun, "error");
  const { name, key } = run?.facts.picture ?? {};
  notice(say.exporting, "wait");
  try {
    const file = await make(ofRun ? ["atlas", key?.startsWith("example:") ? key.slice(8) : name, run.facts.variant] : ["atlas", page, name]);
    notice(say.exported(file));
  } catch (error) {
    notice(error.message, "error");
  }
}

function bytes(base64) {
  const text = atob(base64);
  return new Blob([Uint8Array.from(text, (letter) => letter.charCodeAt(0))], { type: "application/zip" });
}

/** Every query at every layer; of the pinned one its class scores and where it looked. Boxes are [cx, cy, w, h] in 0..1 of the picture. */
export function numbers({ run, query, threshold }) {
  const layers = [...Array(run.layers).keys()];
  const told = (which) => ({ query: which, proposal: run.proposal(which), layers: layers.map((at) => ({
    name: run.name(at, which), score: run.score(at, which), box: run.box(at, which), reference: run.anchor(at, which) })) });
  const kept = detail(query);
  const pinned = kept && { query, layers: layers.map((at) => ({ scores: kept.scores(at), attention: kept.map(at, null) ?? kept.points(at, null) })) };
  const { picture, variant, weights, names, input, levels, timing, device } = run.facts;
  return { picture: { name: picture.name, width: picture.width, height: picture.height }, variant, weights, names, input, levels, timing, device, threshold,
    queries: run.order.map(told), pinned };
}
