/* The ring around what the tour speaks of, and where its card stands so that it hides as little of that as it can. */
import { el } from "./dom.js";

let ring = null;
let frame = 0;

/** Put the ring around the first visible element of the selector, as soon as there is one, and follow it. */
export function point(card, selector) {
  rest();
  let [target, at] = [null, 0];
  const since = performance.now();
  const follow = () => {
    const found = target?.isConnected && target.offsetParent ? target : [...document.querySelectorAll(selector)].find(drawn);
    const now = found ? found.getBoundingClientRect().top + scrollY : 0;
    if (found && (found !== target || Math.abs(now - at) > 8)) {       // what stands above it may still grow
      [target, at] = [found, now];
      reveal(target, card);
    }
    draw(target);
    place(card, target);
    frame = target || performance.now() - since < 20000 ? requestAnimationFrame(follow) : 0;
  };
  follow();
}

/** On the page with something in it: panels of a page just opened are still empty. */
const drawn = (each) => each.offsetParent && each.offsetHeight > 8 && (each.childElementCount || !each.matches("section"));

export function rest() {
  cancelAnimationFrame(frame);
  ring?.remove();
  ring = null;
}

function draw(target) {
  if (!target) return ring?.setAttribute("hidden", "");
  if (!ring) document.body.append(ring = el("div", { class: "tour-ring", "aria-hidden": "true" }));
  ring.removeAttribute("hidden");
  const { left, top, width, height } = target.getBoundingClientRect();
  Object.assign(ring.style, { left: `${left - 6}px`, top: `${top - 6}px`, width: `${width + 12}px`, height: `${height + 12}px` });
}

function reveal(target, card) {
  const { top, bottom } = target.getBoundingClientRect();
  const free = innerWidth <= 760 ? innerHeight - card.offsetHeight : innerHeight;
  if (top >= 8 && bottom <= free) return;
  scrollTo({ top: scrollY + top - Math.max(16, (free - (bottom - top)) / 2), behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

const GAP = 20;

/** The corner of the window where the card covers the least of the target; at the foot on narrow screens. */
export function place(card, target) {
  if (innerWidth <= 760) return Object.assign(card.style, { left: "", top: "" });
  const [width, height] = [card.offsetWidth, card.offsetHeight];
  const corners = [[innerWidth - width - GAP, innerHeight - height - GAP], [GAP, innerHeight - height - GAP], [innerWidth - width - GAP, 70], [GAP, 70]];
  const rect = target?.getBoundingClientRect();
  const covered = ([x, y]) => (rect ? Math.max(0, Math.min(x + width, rect.right) - Math.max(x, rect.left)) * Math.max(0, Math.min(y + height, rect.bottom) - Math.max(y, rect.top)) : 0);
  const best = corners.reduce((a, b) => (covered(b) < covered(a) ? b : a));
  Object.assign(card.style, { left: `${best[0]}px`, top: `${best[1]}px` });
}
