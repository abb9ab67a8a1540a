/* How a data set comes in: a zip, dropped or chosen, in pieces that are sent again where the line breaks; or a folder of the server. */
import { el, icon, write } from "../dom.js";
import { number, told, words } from "../words.js";

const say = await words("dataset");
const PIECE = 4 * 2 ** 20;
const PAUSE = 700;                                    // ms between two questions how far a check is
const TRIES = 8;                                      // for one piece, with growing pauses

const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));

/** `arrived(id)` is called with every new data set. */
export function arrivals(ask, arrived) {
  const input = el("input", { type: "file", class: "sr", accept: ".zip,application/zip", tabindex: -1, "aria-label": say.choose, onchange: () => { [...input.files].forEach(bring); input.value = ""; } });
  const rows = el("ul", { class: "arrivals", "aria-live": "polite" });
  const zone = el("div", { class: "data-drop" }, input, el("button", { type: "button", class: "solid", onclick: () => input.click() }, icon("upload"), say.choose),
    el("p", {}, say.drop), el("p", { class: "note" }, say.layouts));
  const select = el("select", { "aria-label": say.folder });
  const folder = el("div", { class: "data-folder", hidden: true }, el("p", { class: "note" }, say.folder), select, el("button", { type: "button", onclick: () => useFolder(select.value) }, say.useFolder));
  const node = el("div", { class: "data-in" }, zone, folder, rows);
  const known = new Set();
  let largest = Infinity;
  drops(zone, bring);

  function offer(list) {
    largest = list.largest;
    folder.hidden = !list.folders.length;
    if (select.childElementCount !== list.folders.length) select.replaceChildren(...list.folders.map((name) => el("option", { value: name }, name)));
    for (const { ticket, name } of list.arrivals ?? []) if (!known.has(ticket)) follow(ticket, row(name));
  }

  async function bring(file) {
    const shown = row(file.name);
    if (!/\.zip$/i.test(file.name)) return shown.fail(say.noZip);
    if (!file.size) return shown.fail(say.empty);
    if (file.size > largest) return shown.fail(say.large(Math.floor(largest / 2 ** 20)));
    try {
      const { ticket } = await ask("data_begin", { name: file.name, size: file.size });
      known.add(ticket);
      shown.leave = () => ask("data_news", { ticket, drop: true }).catch(() => null);
      await send(ask, file, ticket, shown);
      if (!shown.left) await follow(ticket, shown);
    } catch (error) {
      shown.fail(error.message);
    }
  }

  async function useFolder(name) {
    const shown = row(name);
    try {
      await follow((await ask("data_folder", { name })).ticket, shown);
    } catch (error) {
      shown.fail(error.message);
    }
  }

  /** Until the check is over. A server that does not answer is asked again: the check goes on without us. */
  async function follow(ticket, shown) {
    known.add(ticket);
    shown.leave = null;
    for (;;) {
      const news = await ask("data_news", { ticket }).catch((error) => { if (!error.unreachable) throw error; return null; });
      if (news?.stage === "failed") return shown.fail(told(news.error));
      if (news?.stage === "done") {
        shown.end();
        return arrived(news.dataset);
      }
      if (news) shown.tell(say.stages[news.stage] ?? "", news.total ? news.done / news.total : null);
      await pause(PAUSE);
    }
  }

  function row(name) {
    const shown = line(name);
    rows.prepend(shown.node);
    return shown;
  }

  return { node, offer };
}

async function send(ask, file, ticket, shown) {
  let at = 0;
  let tries = 0;
  while (at < file.size && !shown.left) {
    shown.tell(say.stages.uploading, at / file.size);
    const data = await base64(file.slice(at, at + PIECE));
    try {
      at = (await ask("data_piece", { ticket, at, data })).arrived;
      tries = 0;
    } catch (error) {
      if (!error.unreachable || (tries += 1) > TRIES) throw error;
      shown.tell(say.again, at / file.size);
      await pause(400 * 2 ** tries);
    }
  }
}

const base64 = (blob) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
  reader.onerror = () => reject(new Error(say.unreadable));
  reader.readAsDataURL(blob);
});

/** One arrival: its name, how far it is, and a way to give it up or to put its error away. */
function line(name) {
  const stage = el("span", { class: "stage-word" });
  const bar = el("progress", { max: 1, "aria-label": name });
  const shown = { left: false, leave: null };
  const away = el("button", { type: "button", class: "quiet", title: say.putAway, "aria-label": say.putAway, onclick: () => { shown.left = true; shown.leave?.(); shown.node.remove(); } }, icon("close"));
  shown.node = el("li", {}, el("b", {}, name), stage, away, bar);
  shown.tell = (text, share) => {
    write(stage, share === null ? text : `${text} ${number(share * 100)} %`);
    if (share === null) bar.removeAttribute("value"); else bar.value = share;
    away.hidden = !shown.leave;
  };
  shown.fail = (text) => {
    shown.node.classList.add("failed");
    bar.hidden = true;
    away.hidden = false;
    shown.leave = null;
    write(stage, text);
  };
  shown.end = () => shown.node.remove();
  shown.tell(say.stages.waiting, null);
  return shown;
}

/** The whole data step takes files, so that nobody has to aim; other pages' own handlers do not see them. */
function drops(zone, bring) {
  const frame = () => zone.closest(".data-step") ?? zone;
  const files = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0;
  const show = (step) => { depth = step ? Math.max(0, depth + step) : 0; zone.classList.toggle("over", depth > 0); };
  const handlers = {
    dragenter: () => show(1), dragleave: () => show(-1), dragover: (event) => event.preventDefault(),
    drop: (event) => { event.preventDefault(); show(0); [...event.dataTransfer.files].forEach(bring); },
  };
  requestAnimationFrame(() => {
    for (const [name, handle] of Object.entries(handlers)) {
      frame().addEventListener(name, (event) => { if (files(event)) { event.stopPropagation(); handle(event); } });
    }
  });
}
