/**
 * Whether a request comes from this computer.
 * @module
 */
import { hostName, isLoopback } from "../../lib/primitives/access.ts";

/** Headers that proxies add: what they pass on may come from anywhere. */
const PROXIED = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"];

/**
 * Whether the sender has called this computer by a name that only itself can use, and no proxy stands between. A web page of
 * somebody else whose name was made to lead here is told by its `Host`.
 *
 * @param request The request.
 * @returns false also for a `Host` that cannot be read
 */
export function isLocal(request: Request): boolean {
  if (PROXIED.some((name) => request.headers.has(name))) return false;
  const host = request.headers.get("host");
  const names = [new URL(request.url).host, ...(host === null ? [] : [host])].map(hostName);
  return names.every((name) => name !== undefined && isLoopback(name));
}
