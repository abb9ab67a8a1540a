/* What to look at, for any page: the gallery, the detector and its weights. All of them move the one selection. */
import { get, on } from "./bus.js";
import { el, icon } from "./dom.js";
import { bring, open } from "./session.js";
import { say, title } from "./text.js";

/** Small pictures of the examples and of the visitor's last picture; the one looked at is pressed. */
export function gallery() {
  const row = el("div", { class: "gallery", role: "group", "aria-label": say.examples });
  const own = { button: null };
  on(["examples"], ({ examples }) => row.replaceChildren(...examples.map((example) => {
    const look = () => open({ picture: `example:${example.id}`, ...fitting(example) }, { query: "best" });
    return el("button", { type: "button", class: "thumb", title: [example.title, example.credit].filter(Boolean).join(". "), "aria-label": say.example(example.title),
      "data-key": `example:${example.id}`, onclick: look }, el("img", { src: `atlas/examples/${encodeURIComponent(example.file)}`, alt: "", loading: "lazy" }));
  })));
  on(["image"], ({ image, picture }) => {             // a tile for the visitor's last picture, to come back to
    if (!image || !picture || picture.startsWith("example:")) return;
    own.button?.remove();
    own.button = el("button", { type: "button", class: "thumb", title: say.own, "aria-label": say.own, "data-key": picture,
      onclick: () => open({ picture }, { query: "best" }) }, el("img", { src: image.src, alt: "" }));
    row.prepend(own.button);
  });
  on(["picture", "examples", "image"], ({ picture }) => row.querySelectorAll("[data-key]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.key === picture))));
  return row;
}

/** A button for a picture of one's own, with the field that the browser needs for it. */
export function uploader() {
  const input = el("input", { type: "file", class: "sr", accept: "image/*,.tif,.tiff,.bmp,.webp,.gif", tabindex: -1, "aria-label": say.upload,
    onchange: () => { if (input.files[0]) bring(input.files[0]); input.value = ""; } });
  return [input, el("button", { type: "button", class: "solid", onclick: () => input.click() }, icon("upload"), say.upload)];
}

/** The weights that know an example's kind of picture, where the detector has them. */
function fitting({ data }) {
  return data && weightsOf(get(), get().model).includes(data) ? { weights: data } : {};
}

const options = ({ variants, model }) => (variants.length ? variants.filter(({ weights }) => weights.length).map(({ id }) => id) : [model].filter(Boolean));

const weightsOf = ({ variants, weights }, model) => variants.find(({ id }) => id === model)?.weights ?? [weights].filter(Boolean);

/** A visitor's own weights are "job:<id>" and have a name. */
const called = (name, { variants, model }) => variants.find(({ id }) => id === model)?.own?.[name] ?? name;

/** Selects of the detector and its weights; `page` keeps the ids of several pages apart. */
export const choosers = (page = "") => [
  el("div", { class: "source-part" }, ...chooser("model", say.model, (state) => options(state), (id) => title(id), page)),
  el("div", { class: "source-part narrow" }, ...chooser("weights", say.weights, (state) => weightsOf(state, state.model), called, page)),
];

/** A labelled select bound to a key of the bus; choosing runs the picture again. */
function chooser(key, label, list, shown, page) {
  const id = `atlas-${page}${key}`;
  const select = el("select", { id, onchange: () => {
    const wanted = { [key]: select.value };
    if (key === "model" && !weightsOf(get(), select.value).includes(get().weights)) wanted.weights = weightsOf(get(), select.value)[0];
    open(wanted, { query: get().query === null ? null : "best" });
  } });
  on(["variants", "model", "weights", "status"], (state) => {
    const names = list(state);
    if (names.join("\n") !== select.dataset.names) {
      select.replaceChildren(...names.map((name) => el("option", { value: name }, shown(name, state))));
      select.dataset.names = names.join("\n");
    }
    if (state.status?.kind !== "wait") select.value = state[key] ?? "";
    select.disabled = names.length < 1;
  });
  return [el("label", { for: id }, label), select];
}
