/** `Bun.serve`, `Deno.serve` or the server of Node, whichever is there. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";

/** A server that runs. */
export interface WebServer {
  readonly url: string;
  stop(): Promise<void>;
}

type Handler = (request: Request) => Response | Promise<Response>;

/** What is used of the two runtimes. */
interface Runtimes {
  readonly Bun?: {
    serve(
      options: { hostname: string; port: number; fetch: Handler },
    ): { readonly port: number; stop(force: boolean): Promise<void> };
  };
  readonly Deno?: {
    serve(
      options: { hostname: string; port: number; onListen(): void },
      handler: Handler,
    ): { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
  };
}

const hostname = "127.0.0.1";

/** Starts a server; at port 0 any port that is free. */
export async function serve(handler: Handler, port: number): Promise<WebServer> {
  const { Bun, Deno } = globalThis as unknown as Runtimes;
  if (Bun !== undefined) {
    const server = Bun.serve({ hostname, port, fetch: handler });
    return { url: `http://${hostname}:${server.port}`, stop: () => server.stop(true) };
  }
  if (Deno === undefined) return await serveOnNode(handler, port);
  const server = Deno.serve({ hostname, port, onListen: () => {} }, handler);
  return { url: `http://${hostname}:${server.addr.port}`, stop: () => server.shutdown() };
}

async function serveOnNode(handler: Handler, port: number): Promise<WebServer> {
  const server = createServer(async (incoming, outgoing) => {
    const response = await handler(await requestOf(incoming));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(await response.text());
  });
  await new Promise<void>((resolve) => server.listen(port, hostname, resolve));
  const stop = (): Promise<void> => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return { url: `http://${hostname}:${(server.address() as AddressInfo).port}`, stop };
}

async function requestOf(incoming: IncomingMessage): Promise<Request> {
  const { method = "GET", url = "/", headers } = incoming;
  let body = "";
  for await (const chunk of incoming) body += String(chunk);
  const given = { method, headers: headers as Record<string, string> };
  return new Request(new URL(url, `http://${headers.host}`), method === "GET" ? given : { ...given, body });
}

/** The port that the environment asks for. */
export function wantedPort(): number | undefined {
  return process.env.PORT === undefined ? undefined : Number(process.env.PORT);
}

/** Does what a browser does with the form: sends it, follows the redirect, and looks again until the page says it is done. */
export async function visit(url: string, beans: number): Promise<string> {
  const sent = await fetch(url, { method: "POST", body: new URLSearchParams({ beans: String(beans) }), redirect: "manual" });
  const page = new URL(sent.headers.get("location")!, url);
  await sent.body?.cancel();
  for (;;) {
    const response = await fetch(page);
    const text = await response.text();
    if (!text.includes("refresh")) return /<p>(.*?)<\/p>/.exec(text)![1]!;
  }
}

// Output:
