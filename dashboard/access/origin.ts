/**
 * Whether a request that acts was made by a page of this dashboard, or by a program, and not by somebody else's page.
 * @module
 */
import { bearerOf } from "./session.ts";

/** Values of `Sec-Fetch-Site` that no foreign page can bring about. */
const OWN_SITES = ["same-origin", "none"];

/**
 * Whether a request may act, as far as its origin goes. A browser says where a form was sent from; a program that says nothing shows
 * with its `Authorization: Bearer`, which no foreign page can add, that it is none.
 *
 * @param request The request.
 */
export function isOwnPage(request: Request): boolean {
  const origin = request.headers.get("origin");
  const site = request.headers.get("sec-fetch-site");
  if (site !== null && !OWN_SITES.includes(site)) return false;
  if (origin !== null && !isOwnHost(origin, request)) return false;
  return origin !== null || site !== null || bearerOf(request) !== undefined;
}

/** By host alone: a proxy that ends TLS makes http of https. */
function isOwnHost(origin: string, request: Request): boolean {
  const from = hostOf(origin, origin);
  const host = request.headers.get("host") ?? new URL(request.url).host;
  return from !== undefined && from === hostOf(`${new URL(origin).protocol}//${host}`, origin);
}

function hostOf(url: string, origin: string): string | undefined {
  if (!/^https?:\/\/[^/]+$/i.test(origin)) return undefined;
  try {
    return new URL(url).host;
  } catch {
    return undefined;
  }
}
