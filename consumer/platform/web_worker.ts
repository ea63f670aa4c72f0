/**
 * Web Workers behind one small interface, on both sides of them. What differs between Deno and Bun is told here, and only here; Node,
 * which has no Web Workers, has a file of its own.
 * @module
 */
import { isNode, nodeParent, openNodeWorker } from "./node_worker.ts";

/** A Web Worker. */
export interface WebWorker {
  post(message: unknown): void;
  /** Ends it. Deno cannot end a loop that never yields: it goes on until the process ends. */
  terminate(): void;
}

/** Who is told of a Web Worker. */
export interface WebWorkerEvents {
  message(message: unknown): void;
  /** It ended by itself, or failed. Called at most once, and not after `terminate`. */
  end(reason: string): void;
}

/** What a Web Worker has of whoever started it. */
export interface ParentLink {
  post(message: unknown): void;
  /** Calls back for each message; what the application posts to itself may be among them. */
  listen(receive: (message: unknown) => void): void;
}

/** Whether this runtime has Web Workers, or what they can be made of. */
export function hasWorkers(): boolean {
  return typeof Worker === "function" || isNode();
}

/** The other side, in a Web Worker. */
export function parentLink(): ParentLink {
  if (isNode()) return nodeParent();
  // Each runtime has other types for the scope of a worker.
  const scope = globalThis as unknown as Scope;
  return {
    post: (message) => scope.postMessage(message),
    listen: (receive) => scope.addEventListener("message", ({ data }) => receive(data)),
  };
}

/** What is used of the global object of a Web Worker. */
interface Scope {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
}

/** URL of a module beside another, whether both are sources or the compiled files of a package. */
export function siblingUrl(name: string, beside: string): URL {
  return new URL(`./${name}.${beside.endsWith(".js") ? "js" : "ts"}`, beside);
}

/** Starts a Web Worker. */
export function openWorker(url: URL, events: WebWorkerEvents): WebWorker {
  if (isNode()) return openNodeWorker(url, events);
  const worker = new Worker(url, { type: "module" });
  let open = true;
  function end(reason: string): void {
    if (!open) return;
    open = false;
    events.end(reason);
  }
  worker.addEventListener("message", (event) => open && events.message(event.data));
  worker.addEventListener("error", (event) => {
    // Without this Deno ends the whole process.
    event.preventDefault();
    end(String(event.message ?? "") || "unknown error");
    worker.terminate();
  });
  // Bun only: Deno says nothing when a worker ends.
  worker.addEventListener("close", (event) => end(`it ended with code ${(event as { code?: number }).code ?? "unknown"}`));
  return {
    post: (message) => worker.postMessage(message),
    terminate: () => {
      open = false;
      worker.terminate();
    },
  };
}
