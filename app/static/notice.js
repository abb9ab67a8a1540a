/* One line at the foot of the window: notice(text, kind) with kind "wait" (stays), "done" (goes by itself) or "error"; notice("") takes it away. */
import { el, write } from "./dom.js";

let place = null;
let timer = 0;

export function notice(text, kind = "done") {
  if (!place) document.body.append(place = el("div", { class: "notice", role: "status" }));
  clearTimeout(timer);
  write(place, text);
  place.dataset.kind = kind;
  if (kind !== "wait" && text) timer = setTimeout(() => write(place, ""), kind === "error" ? 8000 : 2500);
}
