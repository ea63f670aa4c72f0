/**
 * A dashboard on a port of its own, on every runtime.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { ReadableStream as NodeStream } from "node:stream/web";
import { makeDashboard } from "./dashboard.ts";
import type { DashboardOptions } from "./options.ts";
import type { Huey } from "../lib/huey/huey.ts";
import { checkNumber, checkText } from "../lib/primitives/arguments.ts";
import { ConfigurationError } from "../lib/errors.ts";
import { systemClock } from "../lib/primitives/clock.ts";
import { hostName, isLoopback } from "../lib/primitives/access.ts";
import { Connections } from "./connections.ts";

/** Where a dashboard listens, beside its own options. */
export interface ServeOptions extends DashboardOptions {
  /** Address to listen at. Default "127.0.0.1"; any other needs `token` or `authorize`. */
  readonly host?: string;

  /** Port to listen at; 0: any that is free. */
  readonly port: number;
}

/** A dashboard that listens. */
export interface DashboardServer {
  /** Its address, with the path at which it is mounted. */
  readonly url: string;

  /** Listens no more, and drops the connections that are open. */
  close(): Promise<void>;
}

const HIGHEST_PORT = 65_535;

type Handler = (request: Request, info: unknown) => Promise<Response>;

/**
 * Serves a dashboard on a port, by `node:http`, which all runtimes have.
 *
 * @param hueys The queue, or several.
 * @param options Where to listen, and those of `dashboard`.
 * @returns The server, which listens already.
 * @throws {TypeError | RangeError} For a wrong option.
 * @throws {ConfigurationError} If others could reach it without a token, or the address cannot be had.
 *
 * @example
 * ```ts
 * import { MemoryHuey } from "@hueyjs/huey";
 * import { serveDashboard } from "@hueyjs/huey/dashboard";
 *
 * const server = await serveDashboard(new MemoryHuey("shop"), { port: 0 });
 * const response = await fetch(server.url);
 * console.log(response.status); // 200
 * await response.body?.cancel();
 * await server.close();
 * ```
 */
export async function serveDashboard(hueys: Huey | readonly Huey[], options: ServeOptions): Promise<DashboardServer> {
  const { host = "127.0.0.1", port, ...others } = options;
  checkText(host, "host");
  checkNumber(port, "port", { min: 0, max: HIGHEST_PORT, whole: true });
  if (!isLoopback(host) && others.token === undefined && others.authorize === undefined) {
    throw new ConfigurationError(`At ${host} others can reach the dashboard: give it a token, or let it listen at 127.0.0.1`);
  }
  const { handler, warmUp } = makeDashboard(hueys, others);
  const connections = new Connections(systemClock);
  const server = createServer((incoming, outgoing) => void pass(handler, connections, incoming, outgoing));
  server.on("connection", (socket) => connections.add(socket));
  await listen(server, host, port);
  await warmUp();
  const { port: found } = server.address() as { port: number };
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${name}:${found}${(others.path ?? "/").replace(/\/*$/, "/")}`,
    close: () => close(server, connections),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      reject(new ConfigurationError(`The dashboard cannot listen at ${host}, port ${port}: ${cause.message}`, { cause }));
    });
    server.listen(port, host, () => resolve());
  });
}

function close(server: Server, connections: Connections): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
    connections.close();
  });
}

/** From a request of Node to one of the web, and back. Never rejects: a connection that breaks concerns nobody else. */
async function pass(
  handler: Handler,
  connections: Connections,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  const { socket } = incoming;
  outgoing.on("close", () => {
    gone.abort();
    connections.ended(socket);
  });
  outgoing.on("error", () => gone.abort());
  try {
    const request = toRequest(incoming, gone.signal);
    if (request === undefined) return void outgoing.writeHead(400).end();
    const response = await handler(request, { remoteAddr: { hostname: socket.remoteAddress } });
    connections.answers(socket, response.headers.get("content-type")?.startsWith("text/event-stream") === true);
    const cookies = response.headers.getSetCookie();
    const headers = Object.fromEntries([...response.headers].filter(([name]) => name !== "set-cookie"));
    outgoing.writeHead(response.status, cookies.length === 0 ? headers : { ...headers, "set-cookie": cookies });
    if (response.body === null || incoming.method === "HEAD") {
      await response.body?.cancel();
      return void outgoing.end();
    }
    await send(response.body, outgoing, gone.signal);
  } catch {
    outgoing.destroy();
  }
}

function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request | undefined {
  const { method = "GET", headers, url = "/" } = incoming;
  const { host = "localhost" } = headers;
  const address = `http://${host}${url}`;
  // What is no name of a host could be the beginning of another path.
  if (!url.startsWith("/") || hostName(host) === undefined || !URL.canParse(address)) return undefined;
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? ""]).map((each): [string, string] => [name, each])
  );
  // Node and the web have a type each for the same streams.
  const bare = method === "GET" || method === "HEAD";
  const body = bare ? null : Readable.toWeb(incoming) as unknown as ReadableStream<Uint8Array>;
  return new Request(address, { method, headers: pairs, body, signal, duplex: "half" } as RequestInit);
}

/** Waits for a slow reader; stops when the reader is gone. */
async function send(body: ReadableStream<Uint8Array>, outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
  // As above, the other way round.
  const stream = Readable.fromWeb(body as unknown as NodeStream<Uint8Array>, { signal });
  await new Promise<void>((resolve) => {
    stream.on("error", () => resolve());
    outgoing.on("close", () => resolve());
    stream.pipe(outgoing);
  });
}
