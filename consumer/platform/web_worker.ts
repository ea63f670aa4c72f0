/**
 * Web Workers of Deno and Bun behind one small interface: what differs between the two is told here, and only here.
 * @module
 */

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

/** URL of a module beside another, whether both are sources or the compiled files of a package. */
export function siblingUrl(name: string, beside: string): URL {
  return new URL(`./${name}.${beside.endsWith(".js") ? "js" : "ts"}`, beside);
}

/** Starts a Web Worker. */
export function openWorker(url: URL, events: WebWorkerEvents): WebWorker {
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
    end(String(event.message ?? "").split("\n")[0] || "unknown error");
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
