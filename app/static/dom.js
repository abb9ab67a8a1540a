/* Elements made in script: whatever a file or a visitor said goes through textContent, never through markup. */

export function el(tag, properties = {}, ...children) {
  const svg = ["svg", "g", "path", "circle", "line", "rect", "text", "polyline"].includes(tag);
  const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") Object.entries(value).forEach(([key, v]) => node.style.setProperty(key, v));
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** Write text only where it differs, so that screen readers and layout stay quiet. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const ICONS = {
  upload: "M8 11V3M4.5 6.5 8 3l3.5 3.5M3 13h10",
  camera: "M2.5 5.5h2.6l1.2-2h3.4l1.2 2h2.6v7.5h-11zM8 11.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4",
  link: "M6.7 9.3l2.6-2.6M7.3 4.6l1.2-1.2a2.9 2.9 0 0 1 4.1 4.1l-1.2 1.2M8.7 11.4l-1.2 1.2a2.9 2.9 0 0 1-4.1-4.1l1.2-1.2",
  theme: "M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11",
  play: "M5 3.2v9.6L13 8z", pause: "M5 3v10M11 3v10", guide: "M8 13.5V4.2C6.6 3.1 4.6 2.8 2.3 3v9.3c2.3-.2 4.3.1 5.7 1.2 1.4-1.1 3.4-1.4 5.7-1.2V3C11.4 2.8 9.4 3.1 8 4.2", done: "M3 8.5l3.2 3.2L13 5", save: "M8 3v8M4.5 7.5 8 11l3.5-3.5M3 13.5h10", close: "M4 4l8 8M12 4l-8 8",
  wipe: "M6 4.5 2.5 8 6 11.5M10 4.5 13.5 8 10 11.5", plus: "M8 3v10M3 8h10",
};

export function icon(name) {
  return el("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" }, el("path", { d: ICONS[name] }));
}

/** A button; `press` runs on click. */
export function button(label, press, properties = {}) {
  return el("button", { type: "button", onclick: press, ...properties }, label);
}
