/**
 * Tokens that open a door: whether one is good enough.
 * @module
 */
import { registerSecret } from "./secrets.ts";

const SHORTEST_TOKEN = 16;

/** What examples write where a secret has to be put. */
const PLACEHOLDER = /change.?me|your.?(secret|token)|example|placeholder|environment.*please|^<.*>$|^(.)\2+$/i;

/**
 * Looks at a token, and makes it known as a secret if it can be one.
 *
 * @param token The token.
 * @returns What is wrong with it, as the end of a sentence; `undefined` if nothing is
 */
export function tokenFault(token: string): string | undefined {
  if (token.length < SHORTEST_TOKEN) {
    return `must have at least ${SHORTEST_TOKEN} characters, such as crypto.randomUUID() gives; it has ${token.length}`;
  }
  if (PLACEHOLDER.test(token)) return "is a placeholder: put a random text in its place";
  if (!/^[\x21-\x7e]+$/.test(token)) {
    return "must have ASCII letters, digits and signs only, without blanks: it travels in a header";
  }
  registerSecret(token);
  return undefined;
}
