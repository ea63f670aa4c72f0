/** `Bun.serve` or `Deno.serve`, whichever is there. */
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
export function serve(handler: Handler, port: number): WebServer {
  const { Bun, Deno } = globalThis as unknown as Runtimes;
  if (Bun !== undefined) {
    const server = Bun.serve({ hostname, port, fetch: handler });
    return { url: `http://${hostname}:${server.port}`, stop: () => server.stop(true) };
  }
  if (Deno === undefined) throw new Error("This runs on Bun and on Deno");
  const server = Deno.serve({ hostname, port, onListen: () => {} }, handler);
  return { url: `http://${hostname}:${server.addr.port}`, stop: () => server.shutdown() };
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
