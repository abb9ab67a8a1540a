/* Plotly's script as a saved page keeps it: squeezed, and unpacked when the first chart is drawn. */
let script = null;

export function plotly() {
  script ??= (async () => {
    const kept = await fetch(document.getElementById("atlas-plotly").textContent);
    const tag = document.createElement("script");
    tag.textContent = await new Response(kept.body.pipeThrough(new DecompressionStream("gzip"))).text();
    document.head.append(tag);
    return window.Plotly;
  })();
  return script;
}
