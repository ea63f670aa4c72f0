/**
 * Names by which a computer calls itself.
 * @module
 */

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
