/* The pages: their row in the header, the one that is open, and the way to another.

   turn(page)   opens a page ("explore", "inside", "matching", "compare", "statistics", "family", "train", "jobs", "benchmark");
                resolves once its tab is open. The browser's Back returns. `get().page` and on(["page"], ...) tell which is open.
   PAGES        names of the pages, in order. */
import { address, asked } from "./address.js";
import { get, on, set } from "./bus.js";
import { el } from "./dom.js";
import { words } from "./words.js";

const say = await words("frame");
export const PAGES = (document.querySelector("meta[name=atlas-pages]")?.content ?? "explore").split(" ");

export async function turn(page, { entry = true } = {}) {
  if (!PAGES.includes(page) || PAGES.length < 2) return;
  (await present(`atlas-page-${page}-button`)).click();          // the framework's own tab, which is not shown
  if (page === get().page) return;
  const before = address();
  set({ page });
  if (entry) history.pushState(history.state, "", address());
  else if (before !== address()) history.replaceState(history.state, "", address());
}

/** The element of that id, as soon as it is there. */
function present(id) {
  const found = document.getElementById(id);
  if (found) return Promise.resolve(found);
  return new Promise((resolve) => {
    new MutationObserver((_, watcher) => {
      const late = document.getElementById(id);
      if (late) { watcher.disconnect(); resolve(late); }
    }).observe(document.body, { childList: true, subtree: true });
  });
}

/** The row of tabs; it scrolls where it is too narrow, and shows that it does. */
export function nav() {
  const tabs = PAGES.map((page) => el("a", { role: "tab", href: `?page=${page}`, "aria-controls": `atlas-page-${page}`, "data-page": page, onclick: (event) => follow(event, page) }, say.pages[page] ?? page));
  const row = el("nav", { class: "pages", role: "tablist", "aria-label": say.pagesLabel, onkeydown: walk, onscroll: () => fade(row) }, tabs);
  on(["page"], ({ page }) => {
    for (const tab of tabs) {
      const here = tab.dataset.page === page;
      tab.setAttribute("aria-selected", String(here));
      tab.tabIndex = here ? 0 : -1;
      if (here) reveal(row, tab);
    }
    document.title = page === PAGES[0] ? "DETR Atlas" : `${say.pages[page] ?? page} · DETR Atlas`;
    document.documentElement.dataset.page = page;
  });
  new ResizeObserver(() => { fade(row); reveal(row, tabs.find((tab) => tab.tabIndex === 0)); }).observe(row);
  addEventListener("popstate", () => turn(asked().page ?? PAGES[0], { entry: false }));
  start();
  return row;
}

/** Open the page that the address names; until then early.js keeps the first one from flashing. */
async function start() {
  const { page } = asked();
  if (PAGES.includes(page)) await turn(page, { entry: false });
  delete document.documentElement.dataset.turning;
}

function follow(event, page) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;        // a tab or window of its own
  event.preventDefault();
  turn(page);
}

function walk(event) {
  const tabs = [...event.currentTarget.children];
  const at = tabs.indexOf(document.activeElement);
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (event.key === " ") document.activeElement.click();
  else if (to !== undefined) tabs[(to + tabs.length) % tabs.length].focus();
  else return;
  event.preventDefault();
}

const reveal = (row, tab) => tab && row.scrollTo({ left: tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.clientWidth) / 2 });

function fade(row) {
  row.classList.toggle("more-left", row.scrollLeft > 4);
  row.classList.toggle("more-right", row.scrollLeft + row.clientWidth < row.scrollWidth - 4);
}
