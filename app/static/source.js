/* What to look at: examples, a picture of one's own (file, drop, paste, camera), detector and weights. */
import { get, on } from "./bus.js";
import { el, icon } from "./dom.js";
import { bring, connect, open } from "./session.js";
import { say, title } from "./text.js";

export function mount(place, server) {
  const input = el("input", { type: "file", class: "sr", accept: "image/*,.tif,.tiff,.bmp,.webp,.gif", tabindex: -1, "aria-label": say.upload,
    onchange: () => { if (input.files[0]) bring(input.files[0]); input.value = ""; } });
  place.append(
    el("div", { class: "source-part grow" }, el("h2", {}, say.examples), gallery()),
    el("div", { class: "source-part own" }, el("h2", {}, say.own), el("div", { class: "own-buttons" }, input,
      el("button", { type: "button", class: "solid", onclick: () => input.click() }, icon("upload"), say.upload),
      el("button", { type: "button", onclick: camera }, icon("camera"), say.camera), el("span", { class: "note" }, say.dropHint))),
    el("div", { class: "source-part" }, ...chooser("model", say.model, (state) => options(state), (id) => title(id))),
    el("div", { class: "source-part narrow" }, ...chooser("weights", say.weights, (state) => weightsOf(state, state.model), (name) => name)),
  );
  drops();
  connect(server);
}

function gallery() {
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

/** The weights that know an example's kind of picture, where the detector has them. */
function fitting({ data }) {
  return data && weightsOf(get(), get().model).includes(data) ? { weights: data } : {};
}

const options = ({ variants, model }) => (variants.length ? variants.filter(({ weights }) => weights.length).map(({ id }) => id) : [model].filter(Boolean));

const weightsOf = ({ variants, weights }, model) => variants.find(({ id }) => id === model)?.weights ?? [weights].filter(Boolean);

/** A labelled select bound to a key of the bus; choosing runs the picture again. */
function chooser(key, label, list, shown) {
  const select = el("select", { id: `atlas-${key}`, onchange: () => {
    const wanted = { [key]: select.value };
    if (key === "model" && !weightsOf(get(), select.value).includes(get().weights)) wanted.weights = weightsOf(get(), select.value)[0];
    open(wanted, { query: get().query === null ? null : "best" });
  } });
  on(["variants", "model", "weights", "status"], (state) => {
    const names = list(state);
    if (names.join("\n") !== select.dataset.names) {
      select.replaceChildren(...names.map((name) => el("option", { value: name }, shown(name))));
      select.dataset.names = names.join("\n");
    }
    if (state.status?.kind !== "wait") select.value = state[key] ?? "";
    select.disabled = names.length < 1;
  });
  return [el("label", { for: `atlas-${key}` }, label), select];
}

/** Files dropped or pasted anywhere on the page. */
function drops() {
  let depth = 0;
  const mark = (step) => { depth = step ? Math.max(0, depth + step) : 0; document.body.classList.toggle("atlas-drop", depth > 0); };
  const file = (transfer) => [...(transfer?.files ?? [])][0];
  document.addEventListener("dragenter", (event) => event.dataTransfer?.types.includes("Files") && mark(1));
  document.addEventListener("dragleave", () => mark(-1));
  document.addEventListener("dragover", (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
  document.addEventListener("drop", (event) => {
    mark(0);
    if (!file(event.dataTransfer)) return;
    event.preventDefault();
    bring(file(event.dataTransfer));
  });
  document.addEventListener("paste", (event) => {
    if (event.target.closest?.("input, textarea") || !file(event.clipboardData)) return;
    event.preventDefault();
    bring(file(event.clipboardData));
  });
}

/** A still from the camera, in a dialog of its own. */
async function camera() {
  const video = el("video", { autoplay: true, playsinline: true, muted: true });
  const words = el("p", {});
  let stream = null;
  const close = () => { stream?.getTracks().forEach((track) => track.stop()); dialog.close(); dialog.remove(); };
  const shoot = () => {
    const canvas = el("canvas", { width: video.videoWidth, height: video.videoHeight });
    canvas.getContext("2d").drawImage(video, 0, 0);
    canvas.toBlob((blob) => { close(); bring(blob, "camera.jpg"); }, "image/jpeg", 0.95);
  };
  const take = el("button", { type: "button", class: "solid", disabled: true, onclick: shoot }, say.take);
  const dialog = el("dialog", { class: "camera", "aria-label": say.camera }, video, words, el("div", { class: "own-buttons" }, take, el("button", { type: "button", onclick: close }, say.cancel)));
  dialog.addEventListener("cancel", close);
  document.body.append(dialog);
  dialog.showModal();
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 } } });
    video.srcObject = stream;
    take.disabled = false;
  } catch {
    words.textContent = say.noCamera;
  }
}
