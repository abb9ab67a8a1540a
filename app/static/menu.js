/* A button with a list under it: menu(face, label, items) with items [{say, press}]. Arrows walk, Escape and a click elsewhere close. */
import { el } from "./dom.js";

export function menu(face, label, items) {
  const list = el("div", { class: "menu-list", role: "menu", "aria-label": label, hidden: true },
    items.map(({ say, press }) => el("button", { type: "button", role: "menuitem", tabindex: -1, onclick: () => { show(false); press(); } }, say)));
  const button = el("button", { type: "button", class: "quiet tool", title: label, "aria-label": label, "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => show(list.hidden) }, face);
  const place = el("div", { class: "menu", onkeydown: walk }, button, list);
  const outside = (event) => place.contains(event.target) || show(false);

  function show(open) {
    list.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    document[open ? "addEventListener" : "removeEventListener"]("pointerdown", outside);
    if (open) list.firstChild.focus();
    else if (place.contains(document.activeElement)) button.focus();
  }

  function walk(event) {
    if (list.hidden) return;
    const entries = [...list.children];
    const at = entries.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: entries.length - 1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") show(false);
    else if (to !== undefined) entries[(to + entries.length) % entries.length].focus();
    else return;
    if (event.key !== "Tab") event.preventDefault();
    event.stopPropagation();
  }
  return place;
}
