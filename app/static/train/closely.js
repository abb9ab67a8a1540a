/* One picture of a data set, large, in a dialog: arrows walk through the page of samples, Escape closes. */
import { el, icon, write } from "../dom.js";
import { words } from "../words.js";

const say = await words("dataset");

/** `names` are the page's pictures; `show(name)` -> the picture with its boxes, `paint(canvas, picture)` draws it. */
export function closely(names, first, show, paint) {
  const canvas = el("canvas", { role: "img" });
  const title = el("b", {});
  let at = names.indexOf(first);
  const step = (by) => { at = (at + by + names.length) % names.length; draw(); };
  const dialog = el("dialog", { class: "closely", "aria-label": say.closely },
    el("header", {}, title, el("span", { class: "note" }), el("button", { type: "button", class: "quiet", "aria-label": say.earlier, onclick: () => step(-1) }, "←"),
      el("button", { type: "button", class: "quiet", "aria-label": say.later, onclick: () => step(1) }, "→"),
      el("button", { type: "button", class: "quiet", "aria-label": say.close, onclick: () => dialog.close() }, icon("close"))), canvas);
  const place = el("div", { class: "atlas-panel" }, dialog);
  dialog.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    step(by);
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => place.remove());
  document.body.append(place);
  dialog.showModal();
  draw();

  async function draw() {
    const name = names[at];
    write(title, name);
    const picture = await show(name).catch(() => null);
    if (names[at] !== name || !dialog.open || !picture || picture.missing) return;
    write(dialog.querySelector(".note"), `${picture.width} × ${picture.height} px, ${say.count(picture.boxes.length)}`);
    canvas.style.aspectRatio = `${picture.width} / ${picture.height}`;
    canvas.style.setProperty("--shape", picture.width / picture.height);
    canvas.setAttribute("aria-label", say.drawn(name, picture.boxes.length));
    await paint(canvas, picture);
  }
}
