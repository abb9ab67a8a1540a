/* Name, theme, link, and the heartbeat: after a restart of the server an open page looks alive but is not. */
import { address } from "./address.js";
import { set } from "./bus.js";
import { el, icon, write } from "./dom.js";
import { say } from "./text.js";

const BEAT = 5000;

export function mount(place) {
  const banner = el("div", { class: "banner", role: "alert", hidden: true });
  const copied = el("span", { class: "sr", role: "status" });
  const copy = el("button", { type: "button", class: "quiet", onclick: () => copyLink(copied, copy) }, icon("link"), el("span", {}, say.copyLink));
  const theme = el("button", { type: "button", class: "quiet", title: say.theme, "aria-label": say.theme, onclick: turn }, icon("theme"));
  place.append(
    el("a", { class: "wordmark", href: "./" }, mark(), el("span", {}, "DETR ", el("b", {}, "Atlas"))),
    el("p", { class: "motto" }, say.motto),
    el("div", { class: "header-tools" }, copied, copy, theme),
  );
  document.body.append(banner);
  follow();
  new MutationObserver(follow).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  listen(banner);
}

function mark() {
  return el("svg", { viewBox: "0 0 24 24", class: "mark", "aria-hidden": "true" },
    el("rect", { x: 3, y: 3, width: 18, height: 18, rx: 3 }), el("path", { d: "M5.5 17.5 9 12l4 2.5 5-8" }), el("circle", { cx: 18, cy: 6.5, r: 2.4 }));
}

/** Gradio sets its own class from the system's theme; ours is the one that counts. */
function follow() {
  const dark = document.documentElement.dataset.theme === "dark";
  if (document.body.classList.contains("dark") !== dark) document.body.classList.toggle("dark", dark);
}

function turn() {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  try { localStorage.setItem("atlas-theme", theme); } catch { /* then only for this visit */ }
  follow();
  set({ theme });
}

async function copyLink(words, button) {
  const link = new URL(address(), location.href).href;
  try {
    await navigator.clipboard.writeText(link);
  } catch {                                           // plain http on another machine has no clipboard
    const field = el("textarea", { class: "sr" });
    field.value = link;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  write(words, say.copied);
  button.lastChild.textContent = say.copied;
  setTimeout(() => { write(words, ""); button.lastChild.textContent = say.copyLink; }, 1600);
}

function listen(banner) {
  let boot = null;
  const show = (text, reload) => {
    banner.hidden = !text;
    banner.replaceChildren(...(text ? [el("span", {}, text)] : []), ...(reload ? [el("button", { type: "button", onclick: () => location.reload() }, say.reload)] : []));
  };
  const beat = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch("atlas/boot", { cache: "no-store" });
      const found = (await answer.json()).boot;
      boot ??= found;
      show(found === boot ? "" : say.restarted, found !== boot);
    } catch {
      show(say.lost, false);
    }
  };
  beat();
  setInterval(beat, BEAT);
  document.addEventListener("visibilitychange", beat);
}
