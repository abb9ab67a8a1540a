/* One button a layer, with how many objects changed hands there. */
import { get, layer, on as onBus, set as select } from "../bus.js";
import { el, write } from "../dom.js";
import { layerColour } from "../paint.js";
import { flips, lab, on } from "./lab.js";
import { say } from "./text.js";

export function layers() {
  const group = el("div", { class: "layer-pick", role: "radiogroup", "aria-label": say.layers, onkeydown: walk });
  const cells = [];
  const show = () => {
    const { run } = get();
    if (!run) return;
    while (cells.length < run.layers) cells.push(cell(cells.length));
    if (group.childElementCount !== run.layers + 1) group.replaceChildren(el("span", {}, say.layers), ...cells.slice(0, run.layers).map(({ button }) => button));
    cells.slice(0, run.layers).forEach(({ button, count }, at) => {
      const changed = lab().says ? flips(at).length : 0;
      write(count, changed ? `⇄ ${changed}` : "");
      button.setAttribute("aria-checked", String(at === layer()));
      button.tabIndex = at === layer() ? 0 : -1;
      button.setAttribute("aria-label", [say.layer(at, run.layers), at ? say.flips(changed) : ""].filter(Boolean).join(", "));
      button.title = at ? say.flips(changed) : say.firstLayer;
      button.style.setProperty("--colour", layerColour(at, run.layers));
    });
  };
  onBus(["run", "layer"], show);
  on(["says", "weights", "objects"], show);
  return group;
}

function cell(at) {
  const count = el("small", {});
  const choose = () => select({ layer: at === get().run.layers - 1 ? null : at });
  return { count, button: el("button", { type: "button", role: "radio", onclick: choose }, el("i", {}), String(at + 1), count) };
}

function walk(event) {
  const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
  if (!step) return;
  event.preventDefault();
  event.stopPropagation();
  const last = get().run.layers - 1;
  const next = Math.max(0, Math.min(last, layer() + step));
  select({ layer: next === last ? null : next });
  event.currentTarget.children[next + 1].focus();
}
