/* Asks the server what the present choices amount to, and again whenever one of them changes. */
import { asker } from "./asker.js";
import { get, on, set, wish } from "./plan.js";

const CHOICES = ["datasetId", "dataset", "variant", "start", "budget", "epochs", "image", "changes"];
const DELAY = 150;                                    // ms, while a field is being typed into
let call = null;

export const ask = (name, request) => call(name, request);

export async function connect(functions) {
  if (call) return;
  call = asker(functions);
  on(CHOICES, later);
  await refresh();
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
}

/** What there is to choose from; a finished job adds its weights to it. */
export async function refresh() {
  const offer = await ask("train_offer").catch((error) => set({ problem: error.message }));
  if (!offer) return;
  const { variant, start } = get();
  const chosen = offer.variants.find(({ id }) => id === variant) ?? offer.variants.find(({ id }) => id === offer.suggested) ?? offer.variants[0];
  set({ offer, variant: chosen.id, start: fitting(chosen, start) });
}

/** The wished start if this detector has it, else its first one. */
export const fitting = (variant, start) => (variant.starts.some(({ id }) => id === start) ? start : variant.starts[0].id);

let timer = 0;
let turn = 0;
function later() {
  clearTimeout(timer);
  timer = setTimeout(replan, DELAY);
}

async function replan() {
  const { offer, dataset, variant } = get();
  if (!offer || !dataset || !variant || dataset.verdict === "blocking") return set({ plan: null, estimate: null });
  const mine = ++turn;
  try {
    const plan = await ask("train_plan", wish());
    if (mine === turn) set({ plan, problem: "", estimate: null });
  } catch (error) {
    if (mine === turn) set({ plan: null, problem: error.message, estimate: null });
  }
}
