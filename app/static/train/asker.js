/* Asks a panel's server functions: answers, or throws the server's sentence in the visitor's language. */
import { say as common } from "../text.js";
import { told } from "../words.js";

export const asker = (server) => async (name, request = {}) => {
  let answer;
  try {
    answer = await server[name](request);
  } catch {
    throw Object.assign(new Error(common.unreachable), { unreachable: true });
  }
  if (!answer || answer.error) throw new Error(answer?.error ? told(answer.error) : common.unreachable);
  return answer;
};
