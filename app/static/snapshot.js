/* A picture of a part of the page as it looks now: snapshot(element) -> Promise<Blob> of a PNG with twice the pixels.

   The part is copied into a drawing (SVG with foreignObject) together with the page's styles; canvases and images go in as data,
   because a drawing may fetch nothing. */
import { ink } from "./chart.js";
import { el } from "./dom.js";

const MOST = 8192;                                    // pixels a side that every browser still draws

export async function snapshot(element) {
  const { left, width, height } = element.getBoundingClientRect();
  const [copy, styles] = await Promise.all([inlined(element), sheets()]);
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="${innerWidth}" height="${Math.ceil(height)}" data-theme="${document.documentElement.dataset.theme}">` +
    `<style>${escaped(styles)}</style><foreignObject width="100%" height="100%">${new XMLSerializer().serializeToString(copy)}</foreignObject></svg>`;
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawing.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, ""))}`;
  await image.decode();
  const [margin, scale] = [12, Math.min(2, MOST / (width + 24), MOST / (height + 24))];
  const canvas = el("canvas", { width: Math.round((width + 2 * margin) * scale), height: Math.round((height + 2 * margin) * scale) });
  const pen = canvas.getContext("2d");
  pen.fillStyle = ink().paper;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.scale(scale, scale);
  pen.drawImage(image, margin - left, margin, innerWidth, Math.ceil(height));
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** A copy inside copies of the elements around it, so that styles which name those still apply. */
async function inlined(element) {
  const { left, width } = element.getBoundingClientRect();
  let copy = element.cloneNode(true);
  await Promise.all(pairs(element, copy).map(([from, to]) => fill(from, to)));
  copy.style.cssText += `;width:${width}px;margin:0 0 0 ${left}px`;
  for (let around = element.parentElement; around && around !== document.documentElement; around = around.parentElement) {
    const shell = el("div", { class: around.className || null, id: around.id || null, style: { margin: 0, padding: 0, width: "auto", "max-width": "none", display: "block", position: "static" } });
    for (const name of ["margin", "padding", "max-width"]) shell.style.setProperty(name, name === "max-width" ? "none" : "0", "important");
    shell.append(copy);
    copy = shell;
  }
  return copy;
}

const pairs = (from, to) => {
  const all = (node) => [...node.querySelectorAll("canvas, img, input, select, textarea")];
  const copies = all(to);
  return all(from).map((node, place) => [node, copies[place]]);
};

/** What a copy does not take along by itself. */
async function fill(from, to) {
  if (from instanceof HTMLCanvasElement) to.replaceWith(still(from, from.width && from.height ? from.toDataURL() : ""));
  else if (from instanceof HTMLImageElement) to.src = await dataOf(from.currentSrc || from.src).catch(() => "");
  else if (from instanceof HTMLSelectElement) [...to.options].forEach((option, place) => option.toggleAttribute("selected", from.options[place].selected));
  else if (from instanceof HTMLInputElement) { to.setAttribute("value", from.value); to.toggleAttribute("checked", from.checked); }
  else to.textContent = from.value;
}

function still(canvas, src) {
  const style = getComputedStyle(canvas);
  const kept = ["display", "position", "inset", "margin", "border-radius", "background-color", "opacity", "transform", "z-index"].map((name) => [name, style.getPropertyValue(name)]);
  return el("img", { src, style: { ...Object.fromEntries(kept), width: `${canvas.clientWidth}px`, height: `${canvas.clientHeight}px` } });
}

export async function dataOf(address) {
  if (address.startsWith("data:")) return address;
  const blob = await (await fetch(address)).blob();
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

/** Every rule of the page with its fonts inside. */
async function sheets() {
  const rules = [...document.styleSheets].flatMap((sheet) => { try { return [...sheet.cssRules].map((rule) => [rule.cssText, sheet.href ?? document.baseURI]); } catch { return []; } });
  return (await Promise.all(rules.map(([text, base]) => (text.startsWith("@font-face") ? fontsInside(text, base) : text)))).join("\n");
}

/** The addresses in a style replaced by what stands there; relative to `base`. */
export async function fontsInside(text, base) {
  const found = [...new Set([...text.matchAll(/url\("?([^")]+\.woff2)"?\)/g)].map((match) => match[1]))];
  const datas = await Promise.all(found.map((address) => dataOf(new URL(address, base).href).catch(() => "")));
  return found.reduce((whole, address, place) => whole.replaceAll(address, datas[place]), text);
}
