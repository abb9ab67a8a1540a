/* The present view as one HTML file that opens without a network: the page's own scripts, styles, fonts, Plotly, picture, run and details.

   page() -> Promise of the file's text. In it `offline/open.js` mounts the panels of Explore and of Inside, and `offline/session.js`
   stands where the session would talk to the server, `offline/plotly.js` where Plotly's script would be fetched. */
import { get } from "../bus.js";
import { ask } from "../session.js";
import { dataOf, fontsInside } from "../snapshot.js";
import { date, language } from "../words.js";

const ROOT = new URL("..", import.meta.url);
const STANDS_FOR = { "session.js": "offline/session.js", "plotly.js": "offline/plotly.js" };
const IMPORT = /(\bfrom\s*|\bimport\s*\(?\s*)(["'`])(\.\.?\/[^"'`]+)\2/g;
const STYLES = ["base.css", "explore.css", "inside.css", "guide.css"];

export async function page() {
  const state = get();
  const words = ["explore", "inside", "variants", "frame", "guide"].flatMap((name) => [...new Set(["en", language])].map((tongue) => `words/${name}.${tongue}.js`));
  const [scripts, styles, data, plotly] = await Promise.all([gathered(["offline/open.js", ...words]), Promise.all(STYLES.map(style)), kept(state), squeezed("plotly.min.js")]);
  const theme = document.documentElement.dataset.theme;
  return `<!doctype html>
<html lang="${language}" data-language="${language}" data-theme="${theme}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>DETR Atlas</title>
<style>${styles.join("\n").replaceAll("</", "<\\/")}</style>
<script type="importmap">${json({ imports: Object.fromEntries([...scripts].map(([name, text]) => [`atlas/${name}`, `data:text/javascript;charset=utf-8,${encodeURIComponent(text)}`])) })}</script>
<script type="application/json" id="atlas-kept">${json(data)}</script>
<script type="text/plain" id="atlas-plotly">${plotly}</script></head>
<body><script type="module">import "atlas/offline/open.js";</script></body>
</html>
`;
}

/** JSON that cannot end the element it stands in. */
const json = (value) => JSON.stringify(value).replaceAll("<", "\\u003c");

const style = async (name) => fontsInside(await text(name), ROOT);

async function text(name) {
  const answer = await fetch(new URL(name, ROOT));
  return answer.ok ? answer.text() : "export const say = {};";            // a language that lacks a page
}

/** A large file as the address of its compressed bytes. */
async function squeezed(name) {
  const { body } = await fetch(new URL(name, ROOT));
  const whole = await new Response(body.pipeThrough(new CompressionStream("gzip"))).blob();
  const address = URL.createObjectURL(whole);
  return dataOf(address).finally(() => URL.revokeObjectURL(address));
}

/** Every script that the first ones import, with imports by name instead of by place: name -> text. */
async function gathered(first) {
  const found = new Map();
  const visit = async (name) => {
    if (found.has(name)) return;
    found.set(name, "");
    const folder = name.includes("/") ? name.slice(0, name.lastIndexOf("/") + 1) : "";
    const needed = [];
    const source = (await text(STANDS_FOR[name] ?? name)).replace(IMPORT, (_, before, quote, path) => {
      const target = joined(STANDS_FOR[name] ? "offline/" : folder, path);
      if (!target.includes("${")) needed.push(target);
      return `${before}${quote}atlas/${target}${quote}`;
    });
    found.set(name, source);
    await Promise.all(needed.map(visit));
  };
  await Promise.all(first.map(visit));
  return found;
}

/** "inside/" and "../words.js" -> "words.js". */
function joined(folder, path) {
  const parts = folder.split("/").filter(Boolean);
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/** The run as the server sends it, the details of the queries in the list, the picture, and what is selected. */
async function kept({ run, picture, model, weights, query, layer, head, threshold, top, attention, trail, boxes, zoom, image, variants, page: open }) {
  const queries = [...new Set([...run.order.slice(0, top), ...(query === null ? [] : [query])])];
  const { pack } = await ask("start_run", { picture, model, weights, ticket: "" });
  const details = {};
  for (const each of queries) details[each] = (await ask("query_detail", { run: run.id, query: each })).pack;
  return { pack, details, image: await dataOf(image.currentSrc || image.src), saved: date(Date.now()), 
    variants: variants.filter(({ id }) => id === model).map((variant) => ({ ...variant, rehearses: false })),            // the server would have to
    state: { picture, model, weights, query, layer, head, threshold, top, attention, trail, boxes, zoom, page: open } };
}
