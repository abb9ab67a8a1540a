/* Words of the query statistics in the visitor's language. */
import { words } from "../words.js";

export const say = await words("statistics");
