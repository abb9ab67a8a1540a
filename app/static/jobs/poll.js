/* Keeps the page in step with the server: one small question at a time, only for what is new, none while nobody looks. */
import { get as common, on as listen } from "../bus.js";
import { asker } from "../train/asker.js";
import { told } from "../words.js";
import { Record } from "./record.js";
import { choose, get, isActive, on, records, set } from "./state.js";

const [BUSY, CALM] = [2000, 10000];
let call = null;
let timer = 0;
let asking = false;
let again = false;
let lost = { job: null, words: "" };                  // what an address asked for in vain, said over the job that is shown instead

export const ask = (name, request) => call(name, request);

export function connect(functions) {
  call = asker(functions);
  on(["chosen", "overlay"], () => tick());
  document.addEventListener("visibilitychange", () => tick());
  document.addEventListener("atlas-job", ({ detail }) => choose(detail));
  listen(["page"], () => tick());
}

const watched = () => !document.hidden && (common().page ?? "jobs") === "jobs";

/** Ask now, and from then on as often as what is shown may change. */
export async function tick() {
  if (asking) { again = true; return; }
  clearTimeout(timer);
  if (!watched()) return;
  asking = true;
  try {
    await news();
  } catch (error) {
    set({ problem: error.message });
  }
  asking = false;
  const busy = get().jobs?.some(isActive);
  timer = setTimeout(tick, again ? 0 : busy ? BUSY : CALM);
  again = false;
}

async function news() {
  const wanted = get().chosen;
  const ids = [...new Set([wanted, ...get().overlay].filter(Boolean))];
  const answer = await ask("job_news", { job: wanted, after: Object.fromEntries(ids.map((id) => [id, records.get(id)?.seq ?? 0])) });
  let grown = get().grown;
  for (const [id, lines] of Object.entries(answer.runs)) {
    if (!records.has(id)) records.set(id, new Record(id));
    if (lines.lines.length || !lines.seq) grown += 1;
    records.get(id).add(lines);
  }
  const known = answer.jobs.map((job) => ({ ...job, heard: performance.now() }));
  if (answer.missing && wanted === get().chosen) return instead(known, told(answer.missing));
  set({ jobs: known, grown, problem: lost.job === get().chosen ? lost.words : "" });
  if (!get().chosen) return instead(known, "");
  if (answer.job?.id === get().chosen) set({ job: { ...answer.job, heard: performance.now() } });
  if (answer.job && wanted === get().chosen && answer.job.samples !== Object.keys(get().samples?.steps ?? {}).length) await samples(wanted);
}

/** Nothing or something that is gone was asked for: show the newest job that moves, else the newest. */
function instead(jobs, words) {
  const first = jobs.find(isActive) ?? jobs[0];
  if (!first) return set({ jobs, problem: words });
  lost = { job: first.id, words };
  set({ jobs });
  choose(first.id);
  again = true;
}

async function samples(job) {
  const known = get().samples;
  const found = await ask("job_samples", { job, known: known ? Object.keys(known.steps).map(Number) : [] });
  if (job !== get().chosen) return;
  const steps = Object.fromEntries(found.all.map((step) => [step, found.steps[step] ?? known?.steps[step]]).filter(([, seen]) => seen));
  set({ samples: { names: found.names, pictures: found.pictures.length ? found.pictures : known?.pictures ?? [], steps } });
}
