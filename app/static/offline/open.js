/* The first script of a saved page: takes the data out of it and draws the panels of Explore around them. */
import { set } from "../bus.js";
import { mount as card } from "../card.js";
import { el, icon } from "../dom.js";
import "../keys.js";
import { mount as layers } from "../layers.js";
import { mark } from "../mark.js";
import { mount as queries } from "../queries.js";
import { Detail, Run } from "../run.js";
import { mount as stage } from "../stage.js";
import { title } from "../text.js";
import { words } from "../words.js";

const say = await words("frame");
const kept = JSON.parse(document.getElementById("atlas-kept").textContent);
const run = new Run(kept.pack);
for (const pack of Object.values(kept.details)) {
  const detail = new Detail(pack, run);
  run.details.set(detail.query, detail);
}
const image = new Image();
image.src = kept.image;
await image.decode();

const panel = (name, draw) => {
  const place = el("section", { class: "atlas-panel" });
  queueMicrotask(() => draw(place));
  return el("div", { id: `atlas-${name}` }, place);
};

function turn() {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  set({ theme });
}

set({ ...kept.state, run, image, variants: kept.variants });
document.title = `${run.facts.picture.name} · ${title(run.facts.variant)} · DETR Atlas`;
const tools = el("div", { class: "header-tools" }, el("button", { type: "button", class: "quiet tool", title: say.theme, "aria-label": say.theme, onclick: turn }, icon("theme")));
document.body.append(el("div", { class: "gradio-container" }, el("main", { class: "main" },
  el("div", { id: "atlas-header" }, el("section", { class: "atlas-panel" }, el("div", { class: "header-row" },
    el("span", { class: "wordmark" }, mark(), el("span", {}, "DETR ", el("b", {}, "Atlas"))),
    el("p", { class: "saved-title" }, el("b", {}, `${run.facts.picture.name} · ${title(run.facts.variant)}`), el("span", {}, say.offline(kept.saved))), tools))),
  el("div", { id: "atlas-workspace" }, panel("queries", queries), el("div", { id: "atlas-centre" }, panel("stage", stage), panel("layers", layers)), panel("card", card)))));
