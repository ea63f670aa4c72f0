/**
 * A small HTTP server for questions without a body: one answer for each connection. It is made of sockets, since the servers of the
 * runtimes bound headers, times and connections differently, or not at all.
 * @module
 */
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { systemClock } from "../../lib/primitives/clock.ts";
import type { Timer } from "../../lib/primitives/clock.ts";
import { withoutKnown } from "../../lib/primitives/secrets.ts";
import { parseHead } from "./http_head.ts";
import type { HttpRequest } from "./http_head.ts";

/** What is answered: `body` as JSON, or a text of some type. */
export type HttpAnswer =
  | { readonly status: number; readonly body: unknown }
  | { readonly status: number; readonly text: string; readonly type: string };

/** Connections at once: they must not take the descriptors that the storage needs. */
const MOST_CONNECTIONS = 50;
/** Longest request line with all headers. */
const LONGEST_HEAD = 8192;
/** How long a client may take for that. */
const HEAD_MS = 5000;
/** How long a connection lasts at most, the answer and its reading included. */
const LIFE_MS = 10_000;
const BAD_REQUEST = 400;
const TOO_LARGE = 431;
const FAILED = 500;

const PHRASES: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** A connection, until it is closed. */
interface Visitor {
  readonly socket: Socket;
  head: string;
  answered: boolean;
  timer: Timer;
}

/** Listens, and answers each request by one function. */
export class SmallHttpServer {
  readonly #answer: (request: HttpRequest) => Promise<HttpAnswer>;
  readonly #server: Server;
  /** The oldest first. */
  readonly #visitors: Set<Visitor> = new Set();

  constructor(answer: (request: HttpRequest) => Promise<HttpAnswer>) {
    this.#answer = answer;
    this.#server = createServer((socket) => this.#welcome(socket));
  }

  /**
   * Listens.
   *
   * @returns the port
   * @throws Error If the address cannot be had.
   */
  async start(host: string, port: number): Promise<number> {
    const listening = Promise.withResolvers<void>();
    // Errors of later, such as too many open files, concern one connection each.
    this.#server.on("error", listening.reject);
    this.#server.listen(port, host, () => listening.resolve());
    await listening.promise;
    return (this.#server.address() as AddressInfo).port;
  }

  /** Listens no more, and drops the connections that are open. */
  close(): void {
    this.#server.close();
    for (const { socket } of this.#visitors) socket.destroy();
  }

  #welcome(socket: Socket): void {
    socket.on("error", () => socket.destroy());
    if (this.#visitors.size >= MOST_CONNECTIONS) this.#dropSlowest();
    const end = (): void => void socket.destroy();
    const visitor: Visitor = { socket, head: "", answered: false, timer: systemClock.startTimer(HEAD_MS, end) };
    this.#visitors.add(visitor);
    socket.on("close", () => {
      visitor.timer.stop();
      this.#visitors.delete(visitor);
    });
    socket.on("data", (data: Uint8Array) => this.#hear(visitor, data));
  }

  /** Makes room for somebody who may be faster. Those who ask can be slow, and so can those who are to read the answer. */
  #dropSlowest(): void {
    const visitors = [...this.#visitors];
    const slowest = visitors.find(({ answered }) => !answered) ?? visitors[0]!;
    this.#visitors.delete(slowest);
    slowest.socket.destroy();
  }

  #hear(visitor: Visitor, data: Uint8Array): void {
    // What follows the head, such as a body or another request, is nothing that is asked for here.
    if (visitor.answered) return;
    visitor.head += new TextDecoder("latin1").decode(data.subarray(0, LONGEST_HEAD + 1));
    const end = visitor.head.indexOf("\r\n\r\n");
    if (end < 0 && visitor.head.length <= LONGEST_HEAD) return;
    visitor.answered = true;
    visitor.timer.stop();
    visitor.timer = systemClock.startTimer(LIFE_MS, () => void visitor.socket.destroy());
    const request = end < 0 || end > LONGEST_HEAD ? undefined : parseHead(visitor.head.slice(0, end));
    if (request !== undefined) return void this.#reply(visitor.socket, request);
    const isLong = end < 0 || end > LONGEST_HEAD;
    const error = isLong ? "The request is too long" : "The request is not HTTP/1.1";
    send(visitor.socket, { status: isLong ? TOO_LARGE : BAD_REQUEST, body: { error } }, false);
  }

  async #reply(socket: Socket, request: HttpRequest): Promise<void> {
    const failed = { status: FAILED, body: { error: "The answer could not be made" } };
    const answer = await this.#answer(request).catch(() => failed);
    send(socket, answer, request.method === "HEAD");
  }
}

function send(socket: Socket, answer: HttpAnswer, headOnly: boolean): void {
  const { status } = answer;
  const { text: given, type } = "text" in answer
    ? answer
    : { text: `${JSON.stringify(answer.body)}\n`, type: "application/json" };
  const text = withoutKnown(given);
  const head = [
    `HTTP/1.1 ${status} ${PHRASES[status] ?? ""}`,
    `content-type: ${type}`,
    "cache-control: no-store",
    "x-content-type-options: nosniff",
    ...(status === 405 ? ["allow: GET, HEAD"] : []),
    `content-length: ${new TextEncoder().encode(text).length}`,
    "connection: close",
  ].join("\r\n");
  if (!socket.destroyed) socket.end(`${head}\r\n\r\n${headOnly ? "" : text}`);
}
