/**
 * Who may come in: the names by which a computer calls itself, and tokens that are good enough.
 * @module
 */
import { registerSecret } from "./secrets.ts";

/** Not asked of `node:net`, which takes ten milliseconds to load. */
const LOOPBACK_IPV4 = /^127(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;

/**
 * Whether only this computer reaches an address.
 *
 * @param name A name or a number, without a port.
 * @returns true for `localhost`, the names below it, `127.0.0.0/8` and `::1`
 */
export function isLoopback(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost") || name === "::1" || LOOPBACK_IPV4.test(name);
}

/**
 * The name in a `Host` header, without the port, the brackets of an address, and the dot at its end.
 *
 * @param host The header.
 * @returns It in small letters; `undefined` if it is not the name of a host
 */
export function hostName(host: string): string | undefined {
  const found = /^(?:\[([0-9a-f:.]{2,60})\]|([a-z0-9_.-]{1,253}?)\.?)(?::\d{1,5})?$/i.exec(host);
  return (found?.[1] ?? found?.[2])?.toLowerCase();
}

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
