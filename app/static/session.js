/* Talks to the server: pictures, runs, details. Everything it learns goes onto the bus. */
import { asked } from "./address.js";
import { active, get, on, set } from "./bus.js";
import { Detail, Run } from "./run.js";
import { say } from "./text.js";
import { told } from "./words.js";

let server = null;
let latest = 0;                                       // number of the newest wish; answers to older ones are dropped
let leave = null;                                     // gives up the place in the line of the run now waited for
const images = new Map();

/** Call a server function; resolves to its answer, rejects with a sentence. */
export async function ask(name, request = {}) {
  let answer;
  try {
    answer = await server[name](request);
  } catch {
    throw new Error(say.unreachable);
  }
  if (!answer || answer.error) throw new Error(answer?.error ? told(answer.error) : say.unreachable);
  return answer;
}

export async function connect(functions) {
  server = functions;
  const wish = asked();
  const first = await ask("opening").catch((error) => set({ status: { kind: "error", text: error.message } }));
  if (!first) return;
  set({ examples: first.examples.map((example) => ({ ...example, title: say.titles[example.id] ?? example.title })), threshold: wish.threshold, top: wish.top });
  const known = ask("catalogue").then(({ variants }) => set({ variants })).catch(() => {});
  const blank = !wish.picture && !wish.model && wish.query === null;
  const wanted = { picture: wish.picture ?? first.picture, model: wish.model ?? first.model, weights: wish.weights ?? first.weights };
  const place = { query: blank ? "best" : wish.query, layer: wish.layer, head: wish.head };
  if (!wanted.model) {                                // nothing is stored: any detector with weights will do
    await known;
    const ready = get().variants.find(({ weights }) => weights.length);
    if (!ready) return set({ status: { kind: "error", text: say.noWeights } });
    Object.assign(wanted, { model: ready.id, weights: ready.weights[0] });
  }
  if (!wanted.picture) return set({ model: wanted.model, weights: wanted.weights, status: { kind: "empty", text: say.empty } });
  set({ model: wanted.model, weights: wanted.weights });
  if (!(await open(wanted, place)) && !blank && first.picture) {
    const status = get().status;                      // the link is dead: say so over the opening example
    await open(first, { query: "best" });
    set({ status });
  }
}

/** Show a picture by a detector. Keeps what still makes sense of the selection; resolves to whether it worked. */
export async function open(wanted, place = {}) {
  const turn = ++latest;
  const { picture, model, weights } = { ...pick(get()), ...pick(wanted) };
  leave?.();
  set({ status: { kind: "wait", text: say.opening }, hover: null, preview: null });
  const loading = load(picture);
  loading.then((image) => turn === latest && picture !== get().picture && get().status?.kind === "wait" && set({ preview: image }), () => {});
  try {
    const [image, run] = await Promise.all([loading, compute({ picture, model, weights }, () => turn === latest)]);
    if (turn !== latest || !run) return true;
    const query = place.query === "best" ? run.order[0] : place.query ?? null;
    set({
      picture, model, weights, run, image, preview: null, status: null, hover: null, query: query !== null && query < run.queries ? query : null,
      layer: place.layer != null && place.layer < run.layers - 1 ? place.layer : null, head: place.head ?? null, proposals: false,
    });
    return true;
  } catch (error) {
    if (turn === latest) set({ preview: null, status: { kind: "error", text: error.message } });
    return false;
  }
}

const pick = (from) => Object.fromEntries(["picture", "model", "weights"].filter((key) => from[key]).map((key) => [key, from[key]]));

/** Bring a visitor's file (a File or Blob) to the server and look at it. */
export async function bring(file, name = file.name || "") {
  set({ status: { kind: "wait", text: say.reading } });
  try {
    if (!file.size) throw new Error(say.emptyFile);
    if (file.size > 40 * 2 ** 20) throw new Error(say.largeFile);
    const { key } = await ask("add_picture", { name, data: await base64(file) });
    set({ own: [...get().own.filter((other) => other !== key), key] });
    await open({ picture: key }, { query: "best" });
  } catch (error) {
    set({ status: { kind: "error", text: error.message } });
  }
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new Error(say.unreadable));
    reader.readAsDataURL(file);
  });
}

async function load(key) {
  if (!images.has(key)) {
    const example = get().examples.find(({ id }) => `example:${id}` === key);
    const image = new Image();
    image.src = example ? `atlas/examples/${encodeURIComponent(example.file)}` : `data:image/jpeg;base64,${(await ask("show_picture", { picture: key })).jpeg}`;
    await image.decode().catch(() => { throw new Error(say.unreadable); });
    images.set(key, image);
    if (images.size > 24) images.delete(images.keys().next().value);
  }
  return images.get(key);
}

async function compute(wanted, current) {
  const ticket = crypto.getRandomValues(new Uint32Array(4)).join("-");
  let waiting = true;
  leave = () => { waiting = false; ask("run_progress", { ticket, leave: true }).catch(() => {}); };
  const watch = async () => {
    if (!waiting || !current()) return;
    const { ahead } = await ask("run_progress", { ticket }).catch(() => ({ ahead: null }));
    if (waiting && current() && ahead !== null) set({ status: { kind: "wait", text: ahead ? say.line(ahead) : say.running } });
    setTimeout(watch, 1000);
  };
  setTimeout(watch, 600);
  try {
    const answer = await ask("start_run", { ...wanted, ticket });
    return answer.cancelled ? null : new Run(answer.pack);
  } finally {
    waiting = false;
    if (current()) leave = null;
  }
}

/** The detail of a query of the present run if it is here; otherwise it is sent for and `details` grows when it comes. */
export function detail(query = active()) {
  const { run } = get();
  if (!run || query === null || query === undefined) return null;
  return run.details.get(query) ?? null;
}

let timer = 0;
on(["run", "query", "hover"], (state, changed) => {
  const query = active();
  if (!state.run || query === null || state.run.details.has(query)) return;
  clearTimeout(timer);
  timer = setTimeout(() => fetchDetail(state.run, query), state.hover !== null && !changed.includes("query") ? 60 : 0);
});

async function fetchDetail(run, query, again = true) {
  if (run.details.has(query)) return;
  try {
    const { pack } = await ask("query_detail", { run: run.id, query });
    run.details.set(query, new Detail(pack, run));
    set({ details: get().details + 1 });
  } catch (error) {
    if (!again || get().run !== run) return set({ status: { kind: "error", text: error.message } });
    const { picture, model, weights } = get();        // the server dropped the run: make it again, once
    const made = await compute({ picture, model, weights }, () => get().run === run).catch(() => null);
    if (made) { run.id = made.id; fetchDetail(run, query, false); } else set({ status: { kind: "error", text: error.message } });
  }
}
