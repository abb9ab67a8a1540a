/* The Jobs page: the list, and everything about the chosen job. */
import { el } from "../dom.js";
import { curves } from "./curves.js";
import { head } from "./head.js";
import { list } from "./list.js";
import { log } from "./log.js";
import { pictures } from "./pictures.js";
import { connect } from "./poll.js";
import { results } from "./results.js";
import { on } from "./state.js";

export function mount(place, server) {
  const parts = [results(), curves(), pictures(), log()];
  place.append(el("div", { class: "desk" }, list(), el("main", { class: "job" }, head(), ...parts)));
  on(["job"], ({ job }) => parts.forEach((part) => part.classList.toggle("unknown", !job)));
  connect(server);
}
