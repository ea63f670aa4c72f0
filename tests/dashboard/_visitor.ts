/**
 * Requests as browsers and programs send them, and a log that is read.
 * @module
 */
import type { Logger } from "../../lib/types/options.ts";

/** A handler under test. */
export type Handler = (request: Request) => Promise<Response>;

/** Where the tests' dashboards are. */
export const ORIGIN = "http://localhost";

/** What a request has beside its path. */
export interface Wish {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The fields of a form; a list is sent under one name. */
  readonly form?: Readonly<Record<string, string | readonly string[]>>;
  readonly origin?: string;
}

/** An answer, read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Sends a request and reads the answer. */
export async function ask(handler: Handler, path: string, wish: Wish = {}): Promise<Answer> {
  const { method = wish.form === undefined ? "GET" : "POST", headers = {}, form, origin = ORIGIN } = wish;
  const pairs = Object.entries(form ?? {}).flatMap(([key, value]) => [value].flat().map((each) => [key, each as string]));
  const init: RequestInit = { method, headers: { ...headers } };
  if (form !== undefined) init.body = new URLSearchParams(pairs);
  const response = await handler(new Request(`${origin}${path}`, init));
  const streams = response.headers.get("content-type")?.startsWith("text/event-stream");
  if (streams) await response.body?.cancel();
  return { status: response.status, headers: response.headers, text: streams ? "" : await response.text() };
}

/** What the browser adds to a form of the dashboard's own page. */
export const OWN: Readonly<Record<string, string>> = { origin: ORIGIN, "sec-fetch-site": "same-origin" };

/** Sends a form as the dashboard's own page does. */
export async function act(handler: Handler, path: string, form: Wish["form"] = {}, headers = {}): Promise<Answer> {
  return await ask(handler, path, { form, headers: { ...OWN, ...headers } });
}

/** A log that keeps its lines. */
export function keptLog(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const add = (message: string, properties?: Record<string, unknown>): void => {
    lines.push(properties?.["error"] === undefined ? message : `${message} ${(properties["error"] as Error).message}`);
  };
  return { lines, debug: () => {}, info: add, warn: add, error: add };
}
