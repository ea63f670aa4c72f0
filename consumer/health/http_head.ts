/**
 * The head of an HTTP request, and whether it is meant for this server.
 * @module
 */
import { isIP } from "node:net";
import { hostName, isLoopback } from "../../lib/primitives/access.ts";

/** What is read of a request. */
export interface HttpRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** As written; HTTP/1.0 may leave it out, which no browser does. */
  readonly host: string | undefined;
}

const REQUEST_LINE = /^([A-Za-z]{1,20}) (\S{1,4000}) HTTP\/1\.([01])$/;
const HEADER = /^[!#$%&'*+.^_`|~\w-]+:/;

/**
 * Reads a head.
 *
 * @param head Everything before the empty line.
 * @returns `undefined` if it is none, or has not one `Host`
 */
export function parseHead(head: string): HttpRequest | undefined {
  const [first = "", ...headers] = head.split("\r\n");
  const found = REQUEST_LINE.exec(first);
  if (found === null || headers.some((line) => !HEADER.test(line))) return undefined;
  const [, method = "", target = "", minor] = found;
  const hosts = headers.filter((line) => /^host:/i.test(line)).map((line) => line.slice("host:".length).trim());
  if (hosts.length > 1 || (hosts.length === 0 && minor === "1")) return undefined;
  return { method, path: target.split("?")[0]!, host: hosts[0] };
}

/**
 * Whether a `Host` names this server: by a name of this computer for itself, or as it was told to be called. Another one is that of a
 * web page whose name was made to lead here.
 *
 * @param host Of the request; `undefined` from clients that name none.
 * @param told The address to listen at. If that is each one of the computer, every number is a name of it, and no other name.
 */
export function isOwnHost(host: string | undefined, told: string): boolean {
  if (host === undefined) return true;
  const name = hostName(host);
  if (name === undefined) return false;
  return isLoopback(name) || name === told.toLowerCase() || (isWildcard(told) && isIP(name) !== 0);
}

function isWildcard(told: string): boolean {
  return told === "0.0.0.0" || told === "::";
}
