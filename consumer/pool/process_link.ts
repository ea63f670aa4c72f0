/**
 * Worker type `process`: a child process of the same runtime around a Web Worker.
 * @module
 */
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { WORKER_FOLDER, WORKER_PROCESS } from "../platform/environment.ts";
import { moduleArguments, packageProgram, startFolder } from "../platform/runtime_flags.ts";
import { siblingUrl } from "../platform/web_worker.ts";
import type { WebWorker, WebWorkerEvents } from "../platform/web_worker.ts";

/** Starts a worker process. */
export function openProcess(events: WebWorkerEvents): WebWorker {
  const entry = siblingUrl("../child/process_entry", import.meta.url);
  // Of a program at another address, as from JSR, Deno does not look for a deno.json, by which the application finds its packages; of
  // one that it reads from its standard input it does, from the current folder on.
  const isRemote = entry.protocol !== "file:";
  const program = isRemote ? "-" : packageProgram(entry.href) ?? fileURLToPath(entry);
  const folder = startFolder();
  const child = spawn(process.execPath, moduleArguments(program), {
    stdio: [isRemote ? "pipe" : "ignore", "inherit", "inherit", "ipc"],
    env: {
      ...process.env,
      [WORKER_PROCESS]: String(process.pid),
      [WORKER_FOLDER]: folder === undefined ? "" : process.cwd(),
    },
    // The paths in the flags start from here; then it goes to the folder of this process.
    cwd: folder,
  });
  child.stdin?.on("error", () => {}).end(`import ${JSON.stringify(entry.href)};`);
  let open = true;
  function end(reason: string): void {
    if (open) events.end(reason);
    open = false;
  }
  child.on("message", (message) => open && events.message(message));
  child.on("error", (error) => end(error.message));
  child.on("exit", (code, signal) => end(`its process ended with ${signal ?? `exit code ${code}`}`));
  return {
    post: (message) => {
      if (child.connected) child.send(message as object, () => {});
    },
    terminate: () => {
      open = false;
      child.kill("SIGKILL");
    },
  };
}
