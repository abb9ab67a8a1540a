/* The first script of a saved page: takes the data out of it and draws the panels of Explore and of Inside around them. */
import { get, on, set } from "../bus.js";
import { mount as card } from "../card.js";
import { el, icon } from "../dom.js";
import { mount as change } from "../inside/change.js";
import { mount as formula } from "../inside/formula.js";
import { mount as mosaic } from "../inside/mosaic.js";
import { mount as others } from "../inside/others.js";
import { mount as path } from "../inside/path.js";
import { mount as special } from "../inside/special.js";
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

/** A panel as the app has it; what would ask the server gets no answer. */
const panel = (name, draw) => {
  const place = el("section", { class: "atlas-panel" });
  queueMicrotask(() => draw(place, new Proxy({}, { get: () => async () => null })));
  return el("div", { id: `atlas-${name}` }, place);
};

function turn() {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  set({ theme });
}

/** Tabs for the two pages that are in here. */
function pages(places) {
  const tabs = Object.keys(places).map((page) => el("a", { role: "tab", href: "#", onclick: (event) => { event.preventDefault(); set({ page }); } }, say.pages[page]));
  on(["page"], ({ page }) => Object.keys(places).forEach((name, at) => {
    places[name].hidden = name !== page;
    tabs[at].setAttribute("aria-selected", String(name === page));
  }));
  return el("nav", { class: "pages", role: "tablist", "aria-label": say.pagesLabel }, tabs);
}

set({ ...kept.state, run, image, variants: kept.variants });
document.title = `${run.facts.picture.name} · ${title(run.facts.variant)} · DETR Atlas`;
const tools = el("div", { class: "header-tools" }, el("button", { type: "button", class: "quiet tool", title: say.theme, "aria-label": say.theme, onclick: turn }, icon("theme")));
const places = {
  explore: el("div", {}, el("div", { id: "atlas-workspace" }, panel("queries", queries), el("div", { id: "atlas-centre" }, panel("stage", stage), panel("layers", layers)), panel("card", card))),
  inside: el("div", { class: "saved" }, el("div", { id: "atlas-inside" }, panel("inside-path", path), panel("inside-change", change), panel("inside-mosaic", mosaic), panel("inside-others", others),
    panel("inside-formula", formula), panel("inside-special", special))),
};
if (!places[get().page]) set({ page: "explore" });
document.body.append(el("div", { class: "gradio-container" }, el("main", { class: "main" },
  el("div", { id: "atlas-header" }, el("section", { class: "atlas-panel" }, el("div", { class: "header-row" },
    el("span", { class: "wordmark" }, mark(), el("span", {}, "DETR ", el("b", {}, "Atlas"))), pages(places),
    el("p", { class: "saved-title" }, el("b", {}, `${run.facts.picture.name} · ${title(run.facts.variant)}`), el("span", {}, say.offline(kept.saved))), tools))),
  places.explore, places.inside)));
