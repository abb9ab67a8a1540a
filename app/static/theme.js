/* Dark and light, and the language: what a visitor chose stays chosen in this browser. */
import { address } from "./address.js";
import { set } from "./bus.js";
import { LANGUAGES, language } from "./words.js";

const keep = (name, value) => { try { localStorage.setItem(name, value); } catch { /* then only for this visit */ } };

/** Gradio sets its own class from the system's theme; ours is the one that counts. */
function follow() {
  const dark = document.documentElement.dataset.theme === "dark";
  if (document.body.classList.contains("dark") !== dark) document.body.classList.toggle("dark", dark);
}

export function watchTheme() {
  follow();
  new MutationObserver(follow).observe(document.body, { attributes: true, attributeFilter: ["class"] });
}

export function turnTheme() {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  keep("atlas-theme", theme);
  follow();
  set({ theme });
}

/** The language that the switch would bring. */
export const other = () => Object.keys(LANGUAGES).find((name) => name !== language);

/** Say everything in that language: the page is loaded anew at the same view. */
export function speak(name) {
  keep("atlas-language", name);
  const wanted = new URL(address(), location.href);
  wanted.searchParams.set("lang", name);
  location.assign(wanted.href.replaceAll("%3A", ":").replaceAll("%2F", "/"));
}
