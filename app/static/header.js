/* The header: name, pages, and what can be done anywhere: a link to the view, the language, dark or light. */
import { address } from "./address.js";
import { el, icon, write } from "./dom.js";
import { listen } from "./heartbeat.js";
import { nav } from "./nav.js";
import { connect } from "./session.js";
import { other, speak, turnTheme, watchTheme } from "./theme.js";
import { LANGUAGES, words } from "./words.js";

const say = await words("frame");

export function mount(place, server) {
  connect(server);
  place.append(el("div", { class: "header-row" },
    el("a", { class: "wordmark", href: "./" }, mark(), el("span", {}, "DETR ", el("b", {}, "Atlas"))),
    nav(),
    el("div", { class: "header-tools" }, link(), tongue(), tool(say.theme, icon("theme"), turnTheme))));
  watchTheme();
  listen();
}

const tool = (label, face, press) => el("button", { type: "button", class: "quiet tool", title: label, "aria-label": label, onclick: press }, face);

function mark() {
  return el("svg", { viewBox: "0 0 24 24", class: "mark", "aria-hidden": "true" },
    el("rect", { x: 3, y: 3, width: 18, height: 18, rx: 3 }), el("path", { d: "M5.5 17.5 9 12l4 2.5 5-8" }), el("circle", { cx: 18, cy: 6.5, r: 2.4 }));
}

/** Says its own language's name to those who cannot read the present one. */
function tongue() {
  const name = other();
  return el("button", { type: "button", class: "quiet tool tongue", lang: name, title: LANGUAGES[name], "aria-label": LANGUAGES[name], onclick: () => speak(name) }, name.toUpperCase());
}

function link() {
  const words = el("span", { class: "sr", role: "status" });
  const button = tool(say.copyLink, icon("link"), async () => {
    await copy(new URL(address(), location.href).href);
    write(words, say.copied);
    button.replaceChildren(icon("done"));
    button.title = say.copied;
    setTimeout(() => { write(words, ""); button.replaceChildren(icon("link")); button.title = say.copyLink; }, 1600);
  });
  return el("span", {}, words, button);
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {                                           // plain http on another machine has no clipboard
    const field = el("textarea", { class: "sr" });
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
}
