/* Text for the clipboard: copy(text). */
import { el } from "./dom.js";

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {                                           // plain http on another machine has no clipboard
    const field = el("textarea", { class: "sr" });
    field.value = text;
    (document.querySelector("dialog[open]") ?? document.body).append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
}
