/* Which picture and detector: the same choice as on every page. */
import { choosers, gallery, uploader } from "../choose.js";
import { el } from "../dom.js";
import { say } from "../text.js";

export function mount(place) {
  place.classList.add("source-bar");
  place.append(el("div", { class: "source-part grow" }, el("h2", {}, say.examples), gallery()),
    el("div", { class: "source-part own" }, el("h2", {}, say.own), el("div", { class: "own-buttons" }, uploader())), ...choosers("matching-"));
}
