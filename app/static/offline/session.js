/* What the panels ask of the session, answered from the saved page: nothing can be fetched. */
import { active, get } from "../bus.js";

const nothing = async () => false;
export const connect = nothing, open = nothing, bring = nothing, ask = nothing;

export const detail = (query = active()) => get().run?.details.get(query) ?? null;
