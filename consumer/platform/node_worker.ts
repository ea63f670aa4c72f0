/**
 * Web Workers for Node, which has none: both sides of them, made of `node:worker_threads`. It imports next to nothing, since workers
 * that must be small load it too.
 * @module
 */
// Not the global one, which an application may replace.
import process from "node:process";
import type { ParentLink, WebWorker, WebWorkerEvents } from "./web_worker.ts";
import { writeAll } from "./write_all.ts";

type Threads = typeof import("node:worker_threads");
type Written = (error?: Error | null) => void;

/** Whether this is Node. */
export function isNode(): boolean {
  const { bun, deno } = process.versions as Readonly<Record<string, string | undefined>>;
  return bun === undefined && deno === undefined;
}

/** Not imported by name: Bun and Deno have no use for it. */
function threads(): Threads {
  return process.getBuiltinModule("node:worker_threads");
}

/** Starts a thread with the module of a Web Worker. */
export function openNodeWorker(url: URL, events: WebWorkerEvents): WebWorker {
  const thread = new (threads().Worker)(url);
  let open = true;
  function end(reason: string): void {
    if (!open) return;
    open = false;
    events.end(reason);
  }
  thread.on("message", (message) => open && events.message(message));
  // Whatever was thrown comes here, also what is no Error; the exit follows.
  thread.on("error", (thrown) => end(messageOf(thrown) || "unknown error"));
  thread.on("exit", (code) => end(`it ended with code ${code}`));
  return {
    post: (message) => thread.postMessage(message),
    terminate: () => {
      open = false;
      void thread.terminate();
    },
  };
}

/** What this thread has of its parent. */
export function nodeParent(): ParentLink {
  const port = threads().parentPort!;
  writeAtOnce(process.stdout, 1);
  writeAtOnce(process.stderr, 2);
  return {
    post: (message) => port.postMessage(message),
    listen: (receive) => void port.on("message", receive),
  };
}

/**
 * Writes from this thread what would go through the main one. There it waits until this thread yields, so that the last words of a task
 * that never yields would be lost with its thread.
 */
function writeAtOnce(stream: NodeJS.WriteStream, descriptor: number): void {
  stream.write = (chunk: string | Uint8Array, encoding?: BufferEncoding | Written, written?: Written): boolean => {
    const tell = typeof encoding === "function" ? encoding : written;
    const bytes = typeof chunk === "string" ? Buffer.from(chunk, typeof encoding === "string" ? encoding : "utf8") : chunk;
    const error = writeAll(descriptor, bytes);
    if (tell !== undefined) process.nextTick(tell, error);
    return true;
  };
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
