/* Asks the server for rollout, when it is wanted and not here. */
import * as bus from "../bus.js";
import { unpack } from "../pack.js";
import { told } from "../words.js";
import { get, on, set } from "./state.js";

export function follow(server) {
  const wanted = async () => {
    const { run, query } = bus.get();
    const kept = get().rollout;
    if (get().reduce !== "rollout" || !run || query === null || (kept?.run === run && kept.query === query)) return;
    const answer = await server.follow_attention({ run: run.id, query }).catch(() => null);
    if (run !== bus.get().run || query !== bus.get().query) return;
    if (!answer || answer.error) return set({ reduce: "mean", failed: answer?.error ? told(answer.error) : null });
    set({ rollout: { run, query, values: unpack(answer.pack).arrays.rollout.data }, failed: null });
  };
  on(["reduce"], wanted);
  bus.on(["run", "query"], wanted);
}
