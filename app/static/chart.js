/* Charts: Plotly in the page's colours.

   chart(place, traces, layout = {}, { label, click, hover, leave } = {}) -> Promise of the element that Plotly drew on
     The first call draws, later ones on the same place update: zoom, legend choices and the element stay (layout.uirevision
     starts them anew when it changes). `place` gives the size; without a height in CSS or layout.height it is 260 px.
     label: what a screen reader says. click, hover, leave: called with Plotly's event; those of the latest call count.
     Strings in traces and layout are shown as they are, never as markup (only "<br>" breaks a line); hovertemplate and texttemplate
     are the caller's own and may hold Plotly's tags and %{customdata}: put names of classes and files into customdata.
     Colours: leave them out (series(), axes, text follow the theme) or take them from paint.js; `ink()` gives the theme's.
   series() -> colours of lines and bars, in order; ink() -> {ink, soft, rule, sheet, accent, danger, paper} of the present theme. */
import { on } from "./bus.js";
import { plotly } from "./plotly.js";
import { separators } from "./words.js";

const TEMPLATES = new Set(["hovertemplate", "texttemplate"]);
const drawn = new Map();                              // place -> {traces, layout, calls}

const style = () => getComputedStyle(document.documentElement);
export const ink = () => Object.fromEntries(["ink", "soft", "rule", "faint", "sheet", "paper", "accent", "danger"].map((name) => [name, style().getPropertyValue(`--${name}`).trim()]));
export const series = () => style().getPropertyValue("--series").split(",").map((colour) => colour.trim());

export async function chart(place, traces, layout = {}, { label = "", ...calls } = {}) {
  const known = drawn.get(place);
  drawn.set(place, { traces, layout, calls });
  if (!known) prepare(place);
  if (layout.height) place.style.height = `${layout.height}px`;
  if (label) Object.assign(place, { role: "img", ariaLabel: label });
  const found = await load();
  if (drawn.get(place)?.traces === traces) await draw(found, place);   // a later call may have come meanwhile
  return place;
}

/** Plotly's own object, for what `chart` does not cover (pictures of a chart). */
export const load = plotly;

function prepare(place) {
  place.classList.add("chart");
  new ResizeObserver(() => {                          // a place in a tab that is not open has no size yet
    if (place.clientWidth && place.data) window.Plotly.Plots.resize(place);
  }).observe(place);
}

async function draw(plotly, place) {
  const { traces, layout, calls } = drawn.get(place);
  await plotly.react(place, plain(traces), dressed(plain(layout)), { displayModeBar: false, responsive: false, doubleClick: "reset" });
  if (place.dataset.heard) return;
  place.dataset.heard = "yes";
  for (const [event, name] of [["plotly_click", "click"], ["plotly_hover", "hover"], ["plotly_unhover", "leave"]]) {
    place.on(event, (what) => drawn.get(place).calls[name]?.(what));
  }
}

/** Plotly reads some HTML in any string; a class named "<b>" has to stay one. */
function plain(value, key = "") {
  if (typeof value === "string") return TEMPLATES.has(key) ? value : value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("&lt;br>", "<br>");
  if (Array.isArray(value)) return value.map((each) => plain(each, key));
  if (value && typeof value === "object" && !ArrayBuffer.isView(value)) return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each, name)]));
  return value;
}

const merge = (base, own = {}) => {
  const both = { ...base, ...own };
  for (const key of Object.keys(base)) if (own[key] && typeof base[key] === "object" && !Array.isArray(base[key])) both[key] = merge(base[key], own[key]);
  return both;
};

/** The page's type and colours under what the caller asked for. */
function dressed(layout) {
  const { ink: text, soft, rule, sheet } = ink();
  const font = { family: style().getPropertyValue("--sans").trim() || "sans-serif", size: 12, color: soft };
  const axis = { gridcolor: rule, linecolor: rule, zerolinecolor: rule, zerolinewidth: 1, tickcolor: rule, automargin: true, title: { standoff: 10, font: { ...font, size: 12 } } };
  const axes = [...new Set(["xaxis", "yaxis", ...Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key))])];
  const base = {
    font, separators, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", colorway: series(), margin: { l: 46, r: 12, t: 12, b: 40 }, uirevision: "kept",
    hoverlabel: { bgcolor: text, bordercolor: text, font: { ...font, color: sheet }, namelength: -1 }, dragmode: "zoom",
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)" }, modebar: { bgcolor: "rgba(0,0,0,0)" },
    ...Object.fromEntries(axes.map((name) => [name, axis])),
  };
  return merge(base, layout);
}

on(["theme"], () => {
  for (const place of drawn.keys()) {
    if (!place.isConnected) drawn.delete(place);
    else if (place.data) draw(window.Plotly, place);
  }
});
