/* What only some detectors have, each part shown where its data is there: nobody asks for a detector's name. */
import { badge } from "../badge.js";
import * as bus from "../bus.js";
import { el, write } from "../dom.js";
import { words } from "../words.js";
import { factors, gaussian, parts } from "./parts.js";
import { modulation, scale } from "./numbers.js";
import { proposals } from "./proposals.js";
import { rehearsal } from "./rehearsal.js";
import { siblings } from "./siblings.js";
import { starts } from "./starts.js";
import { tokens } from "./tokens.js";
import { always, get, on } from "./state.js";

const say = await words("inside");

export function mount(place, server) {
  const blocks = [parts, gaussian, factors, modulation, scale, starts, siblings, tokens, proposals, (block) => rehearsal(block, server)].map(make);
  const none = el("p", { class: "empty" }, say.nothingSpecial);
  const grid = el("div", { class: "special-grid" }, blocks.map(({ block }) => block));
  place.append(el("header", { class: "panel-head" }, el("h2", {}, say.special)), none, grid);
  const draw = always((now) => {
    if (!now) return;
    for (const { block, shows } of blocks) block.hidden = !shows(now);
    none.hidden = blocks.some(({ block }) => !block.hidden);
    for (const { block, paint } of blocks) if (!block.hidden) paint(now);
  });
  bus.on(["variants"], draw);
  bus.on(["image"], ({ image }) => image && place.style.setProperty("--aspect", image.naturalWidth / image.naturalHeight));
  new ResizeObserver(draw).observe(grid);
  on(["failed"], () => { const { failed } = get(); if (failed) bus.set({ status: { kind: "error", text: failed } }); });
}

/** A titled block; `build(block)` fills it and says {title, caption, wide, term, shows(now), paint(now)}. */
function make(build) {
  const block = el("section", { class: "special" });
  const { title, caption, wide, term, shows, paint } = build(block);
  block.classList.toggle("wide", Boolean(wide));
  const said = el("p", { class: "inside-caption" });
  write(said, caption);
  block.prepend(el("header", { class: "special-name" }, el("h3", {}, title), term ? badge(term) : null));
  block.append(said);
  return { block, shows, paint };
}
