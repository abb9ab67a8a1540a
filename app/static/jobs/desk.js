/* The Jobs page: the list, and everything about the chosen job. */
import { el } from "../dom.js";
import { curves } from "./curves.js";
import { head } from "./head.js";
import { list } from "./list.js";
import { log } from "./log.js";
import { pictures } from "./pictures.js";
import { connect } from "./poll.js";
import { results } from "./results.js";

export function mount(place, server) {
  place.append(el("div", { class: "desk" }, list(), el("main", { class: "job" }, head(), results(), curves(), pictures(), log())));
  connect(server);
}
