/* What to look at: examples, a picture of one's own (file, drop, paste, camera), detector and weights. */
import { choosers, gallery, uploader } from "./choose.js";
import { el, icon } from "./dom.js";
import { bring } from "./session.js";
import { say } from "./text.js";

export function mount(place) {
  place.append(
    el("div", { class: "source-part grow" }, el("h2", {}, say.examples), gallery()),
    el("div", { class: "source-part own" }, el("h2", {}, say.own), el("div", { class: "own-buttons" }, uploader(),
      el("button", { type: "button", onclick: camera }, icon("camera"), say.camera), el("span", { class: "note" }, say.dropHint))),
    ...choosers(),
  );
  drops();
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
