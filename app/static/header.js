/* The header: name, pages, and what can be done anywhere: files and a link of the view, the language, dark or light. */
import { address } from "./address.js";
import { copy } from "./clipboard.js";
import { el, icon, write } from "./dom.js";
import { guideButton, invitation } from "./guide.js";
import { listen } from "./heartbeat.js";
import { mark } from "./mark.js";
import { nav } from "./nav.js";
import { connect } from "./session.js";
import { exportMenu } from "./take.js";
import { other, speak, turnTheme, watchTheme } from "./theme.js";
import { LANGUAGES, words } from "./words.js";

const say = await words("frame");

export function mount(place, server) {
  connect(server);
  place.append(el("div", { class: "header-row" },
    el("a", { class: "wordmark", href: "./" }, mark(), el("span", {}, "DETR ", el("b", {}, "Atlas"))),
    nav(),
    el("div", { class: "header-tools" }, guideButton(), exportMenu(), link(), tongue(), tool(say.theme, icon("theme"), turnTheme))), invitation());
  watchTheme();
  listen();
}

const tool = (label, face, press) => el("button", { type: "button", class: "quiet tool", title: label, "aria-label": label, onclick: press }, face);

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
