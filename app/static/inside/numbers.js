/* Numbers that shape where a query looks: the stretch by width and height, and the factors of the position's code. */
import { el } from "../dom.js";
import { context, layerColour } from "../paint.js";
import { number, words } from "../words.js";

const say = await words("inside");

/** An ellipse a layer: as wide as the modulation makes attention, against the circle it would be. */
export function modulation(block) {
  const place = el("div", { class: "ellipses" });
  block.append(place);
  return { title: say.modulation, caption: say.modulationCaption, shows: ({ kept, at }) => kept?.numbers("modulation", at).length > 0, paint };

  function paint({ run, kept, at }) {
    const layers = [...Array(run.layers).keys()];
    if (place.childElementCount !== layers.length) place.replaceChildren(...layers.map(() => el("figure", {}, el("canvas", { role: "img" }), el("figcaption", {}))));
    layers.forEach((layer) => {
      const [canvas, name] = place.children[layer].children;
      const [w, h] = kept.numbers("modulation", layer);
      name.textContent = `${layer + 1}: ${number(w, 2)} · ${number(h, 2)}`;
      canvas.setAttribute("aria-label", say.modulationOf(layer, number(w, 2), number(h, 2)));
      place.children[layer].classList.toggle("here", layer === at);
      const { ctx, width, height } = context(canvas);
      if (!width) return;
      const unit = Math.min(width, height) / 5.4;
      ctx.translate(width / 2, height / 2);
      ctx.setLineDash([3, 3]); ctx.lineWidth = 1.2; ctx.strokeStyle = "rgba(128, 138, 148, .9)";
      ctx.beginPath(); ctx.arc(0, 0, unit, 0, 7); ctx.stroke();
      ctx.setLineDash([]); ctx.lineWidth = 2; ctx.strokeStyle = layerColour(layer, run.layers);
      const radius = (ratio) => Math.max(2, Math.min(unit * 2.5, unit / Math.max(ratio, 0.05)));
      ctx.beginPath(); ctx.ellipse(0, 0, radius(w), radius(h), 0, 0, 7);
      ctx.globalAlpha = 0.25; ctx.fillStyle = layerColour(layer, run.layers); ctx.fill(); ctx.globalAlpha = 1; ctx.stroke();
    });
  }
}

/** One strip a layer, one stripe a channel: blue shrinks or turns round, orange grows. */
export function scale(block) {
  const canvas = el("canvas", { class: "strips", role: "img", "aria-label": say.scale });
  block.append(canvas);
  return { title: say.scale, caption: say.scaleCaption, shows: ({ run, kept }) => kept?.numbers("scale", run.layers - 1).length > 0, paint };

  function paint({ run, kept }) {
    const rows = [...Array(run.layers).keys()].map((layer) => [layer, kept.numbers("scale", layer)]).filter(([, values]) => values.length);
    canvas.style.height = `${rows.length * 26}px`;
    const { ctx, width } = context(canvas);
    const most = Math.max(1e-6, ...rows.flatMap(([, values]) => [...values].map((value) => Math.abs(value - 1))));
    const soft = getComputedStyle(document.documentElement).getPropertyValue("--soft");
    ctx.font = "600 11px 'Atlas Sans', system-ui, sans-serif"; ctx.textBaseline = "middle";
    rows.forEach(([layer, values], place) => {
      ctx.fillStyle = soft; ctx.fillText(String(layer + 1), 2, place * 26 + 11);
      const step = (width - 20) / values.length;
      values.forEach((value, i) => {
        const share = (value - 1) / most;
        ctx.fillStyle = share < 0 ? `rgba(40, 120, 210, ${-share})` : `rgba(232, 120, 20, ${share})`;
        ctx.fillRect(20 + i * step, place * 26, Math.max(step, 0.7), 22);
      });
    });
  }
}
