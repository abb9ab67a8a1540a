/* Words of the matching lab in the visitor's language. */
import { words } from "../words.js";

export const say = await words("matching");
