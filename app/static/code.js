/* The code of a view: showCode() opens a panel with the Python that computes what the present page shows, and the calls that ask a
   running Atlas for it. The text itself is written by codes.js. */
import { get } from "./bus.js";
import { codeOf } from "./codes.js";
import { copy } from "./clipboard.js";
import { el, icon, write } from "./dom.js";
import { notice } from "./notice.js";
import { words } from "./words.js";

const say = await words("frame");

export async function showCode() {
  const state = get();
  if (!state.run) return notice(say.noRun, "error");
  const { python, client } = await codeOf(state);
  const dialog = el("dialog", { class: "code", "aria-label": say.codeTitle, onclose: () => dialog.remove(), onclick: (event) => event.target === dialog && dialog.close() },
    el("section", { class: "atlas-panel" },
      el("header", { class: "panel-head" }, el("h2", {}, say.codeTitle), el("button", { type: "button", class: "quiet", title: say.close, "aria-label": say.close, onclick: () => dialog.close() }, icon("close"))),
      el("p", { class: "note" }, isExample(state) ? say.codeNote : `${say.codeNote} ${say.codeOwn}`), block(say.codePython, python, "python"), block(say.codeClient, client, "client")));
  document.body.append(dialog);
  dialog.showModal();
}

function block(title, text, name) {
  const button = el("button", { type: "button", class: "quiet", onclick: async () => { await copy(text); write(button, say.copiedCode); } }, say.copy);
  return el("div", { class: "code-block" }, el("header", {}, el("h3", {}, title), button), el("pre", { tabindex: 0, "data-code": name }, el("code", {}, text)));
}

const isExample = ({ picture }) => picture.startsWith("example:");
