/* Plotly's object, once its script has come: it is served from the installed package, and only when a chart is drawn. */
let script = null;

export function plotly() {
  script ??= new Promise((resolve, reject) => {
    const tag = document.createElement("script");
    tag.src = new URL("plotly.min.js", import.meta.url).href;
    tag.onload = () => resolve(window.Plotly);
    tag.onerror = () => { script = null; tag.remove(); reject(new Error("Plotly's script could not be loaded.")); };
    document.head.append(tag);
  });
  return script;
}
