/* After a restart of the server an open page looks alive but is not: a banner says so. */
import { el } from "./dom.js";
import { words } from "./words.js";

const BEAT = 5000;
const say = await words("frame");

export function listen() {
  const banner = el("div", { class: "banner", role: "alert", hidden: true });
  document.body.append(banner);
  let boot = null;
  const show = (text, reload) => {
    banner.hidden = !text;
    banner.replaceChildren(...(text ? [el("span", {}, text)] : []), ...(reload ? [el("button", { type: "button", onclick: () => location.reload() }, say.reload)] : []));
  };
  const beat = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch("atlas/boot", { cache: "no-store" });
      const found = (await answer.json()).boot;
      boot ??= found;
      show(found === boot ? "" : say.restarted, found !== boot);
    } catch {
      show(say.lost, false);
    }
  };
  beat();
  setInterval(beat, BEAT);
  document.addEventListener("visibilitychange", beat);
}
