/* Files made in the browser. Names are made safe here: callers pass whatever they have.

   exportPng(source, ...name)   source: a <canvas>, an <svg>, or an element that chart() drew on. Promise, resolves to the file's name.
   exportJson(value, ...name)   typed arrays become lists. exportText(text, kind, ...name)   kind: "csv", "py", "html", "txt", ...
   exportBlob(blob, kind, ...name)   anything else.
   exportButton(label, press)   the small quiet button that offers an export.
   safeName(...parts)   the parts joined by "-" without what file systems refuse; png(source) -> Promise<Blob>. */
import { ink, load } from "./chart.js";
import { el, icon } from "./dom.js";

const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)$/i;

/** Letters, digits, dot, dash and underscore of any script; never empty, hidden, reserved or long. */
export function safeName(...parts) {
  const joined = parts.filter((part) => part !== null && part !== undefined && part !== "").join("-");
  const safe = joined.normalize("NFC").replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/\.{2,}/g, ".").replace(/-{2,}/g, "-").replace(/^[.-]+|[.-]+$/g, "");
  const short = [...safe].slice(0, 80).join("").replace(/[.-]+$/, "");
  return !short || RESERVED.test(short) ? `atlas-${short || "view"}` : short;
}

export function exportBlob(blob, kind, ...name) {
  const file = `${safeName(...name)}.${kind}`;
  const address = URL.createObjectURL(blob);
  el("a", { href: address, download: file }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
  return file;
}

const TYPES = { json: "application/json", html: "text/html", csv: "text/csv" };

export const exportText = (text, kind, ...name) => exportBlob(new Blob([text], { type: `${TYPES[kind] ?? "text/plain"};charset=utf-8` }), kind, ...name);

export const exportJson = (value, ...name) => exportText(JSON.stringify(value, (_, each) => (ArrayBuffer.isView(each) ? [...each] : each), 1), "json", ...name);

export const exportPng = async (source, ...name) => exportBlob(await png(source), "png", ...name);

export const exportButton = (label, press) => el("button", { type: "button", class: "quiet export", title: label, "aria-label": label, onclick: press }, icon("save"));

/** A picture of what `source` shows, on the sheet's colour, with twice the pixels where it is drawn from lines. */
export async function png(source) {
  if (source instanceof HTMLCanvasElement) return blobOf(source);
  if (source instanceof SVGSVGElement) return blobOf(await pictureOf(source));
  const { width, height } = source.getBoundingClientRect();
  const address = await (await load()).toImage(source, { format: "png", width, height, scale: 2 });
  const image = new Image();
  image.src = address;
  await image.decode();
  return blobOf(onSheet(image, width * 2, height * 2));
}

const blobOf = (canvas) => new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture is empty."))), "image/png"));

function onSheet(image, width, height) {
  const canvas = el("canvas", { width: Math.round(width), height: Math.round(height) });
  const pen = canvas.getContext("2d");
  pen.fillStyle = ink().sheet;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** An <svg> with the styles it has on the page written into it, as a picture. */
async function pictureOf(svg) {
  const { width, height } = svg.getBoundingClientRect();
  const copy = svg.cloneNode(true);
  const [from, to] = [[svg, ...svg.querySelectorAll("*")], [copy, ...copy.querySelectorAll("*")]];
  from.forEach((node, place) => {
    const style = getComputedStyle(node);
    for (const name of ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "opacity", "font", "text-anchor", "dominant-baseline", "visibility", "display"]) {
      to[place].style.setProperty(name, style.getPropertyValue(name));
    }
  });
  for (const [name, value] of Object.entries({ width, height, xmlns: "http://www.w3.org/2000/svg" })) copy.setAttribute(name, value);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  await image.decode();
  return onSheet(image, width * 2, height * 2);
}
