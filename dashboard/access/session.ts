/**
 * The token, and the cookie of those who have typed it in.
 * @module
 */
import type { Buffer } from "node:buffer";
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { parse } from "hono/utils/cookie";
import type { Clock } from "../../lib/primitives/clock.ts";

const COOKIE = "huey_dashboard";
const SEVEN_DAYS_MS = 604_800_000;

/** Knows the token of a dashboard. */
export class Session {
  readonly #token: Buffer;
  readonly #key: Buffer;
  readonly #clock: Clock;
  readonly #path: string;

  /**
   * @param token The token.
   * @param place What the cookie is good for: the path and the queues of the dashboard.
   * @param path Where the cookie is sent.
   * @param clock When a cookie ends.
   */
  constructor(token: string, place: string, path: string, clock: Clock) {
    this.#token = digest(token);
    // The cookie tells nothing of the token, and is of no use to another dashboard with the same one.
    this.#key = createHmac("sha256", token).update(`huey dashboard ${place}`).digest();
    this.#clock = clock;
    this.#path = path;
  }

  /** Whether it is the token; takes the same time for each wrong one. */
  isToken(given: string): boolean {
    return timingSafeEqual(digest(given), this.#token);
  }

  /** Whether the request has a cookie of ours that has not ended. */
  isOpen(request: Request): boolean {
    const [ends = "", signature = ""] = (parse(request.headers.get("cookie") ?? "", COOKIE)[COOKIE] ?? "").split(".");
    if (!/^\d{1,15}$/.test(ends) || Number(ends) <= this.#clock.now()) return false;
    return timingSafeEqual(digest(signature), digest(this.#sign(ends)));
  }

  /** The `Set-Cookie` of one who has typed the token in. */
  open(secure: boolean): string {
    const ends = String(Math.round(this.#clock.now() + SEVEN_DAYS_MS));
    return this.#cookie(`${ends}.${this.#sign(ends)}`, SEVEN_DAYS_MS / 1000, secure);
  }

  /** The `Set-Cookie` of one who leaves. */
  end(secure: boolean): string {
    return this.#cookie("", 0, secure);
  }

  #sign(ends: string): string {
    return createHmac("sha256", this.#key).update(ends).digest("base64url");
  }

  #cookie(value: string, seconds: number, secure: boolean): string {
    const rest = `Path=${this.#path}; Max-Age=${seconds}; HttpOnly; SameSite=Strict`;
    return `${COOKIE}=${value}; ${rest}${secure ? "; Secure" : ""}`;
  }
}

/**
 * The token that a request carries.
 *
 * @param request The request.
 * @returns `undefined` if it has no `Authorization: Bearer`
 */
export function bearerOf(request: Request): string | undefined {
  return /^Bearer +(\S+)\s*$/i.exec(request.headers.get("authorization") ?? "")?.[1];
}

/**
 * Whether a browser has come by TLS, as far as can be told behind a proxy.
 *
 * @param request The request.
 */
export function isSecure(request: Request): boolean {
  return new URL(request.url).protocol === "https:" || request.headers.get("x-forwarded-proto") === "https";
}

/** Digests of all texts have one length, which the comparison needs. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
