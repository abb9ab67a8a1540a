/* A dialog to run the same again with some fields changed. */
import { el, write } from "../dom.js";
import { form } from "../train/fields.js";
import { words } from "../words.js";

const say = await words("jobs");

export function cloneDialog(job, start) {
  return new Promise((resolve) => {
    const changes = {};
    const note = el("p", { class: "help", role: "status" });
    const name = el("input", { type: "text", maxlength: 80, id: "atlas-clone-name", value: say.cloneName(job.name) });
    const close = (answer) => { dialog.close(); dialog.remove(); if (answer) start(changes, name.value); resolve(); };
    const fields = form(job.fields, (field, value) => {
      if (value === undefined) delete changes[field]; else changes[field] = value;
      fields.show(job.values, changes);
      write(note, say.changedFields(Object.keys(changes).length));
    });
    fields.show(job.values, changes);
    write(note, say.changedFields(0));
    const dialog = el("dialog", { class: "atlas-panel clone", "aria-label": say.actions.clone },
      el("h2", {}, say.cloneTitle(job.name)), el("div", { class: "field" }, el("div", { class: "field-head" }, el("label", { for: "atlas-clone-name" }, say.name)), name),
      el("div", { class: "clone-fields" }, fields.node), el("footer", { class: "line" },
        el("button", { type: "button", class: "solid", onclick: () => close(true) }, say.startClone), el("button", { type: "button", onclick: () => close(false) }, say.cancel), note));
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(false); });
    document.body.append(dialog);
    dialog.showModal();
  });
}
