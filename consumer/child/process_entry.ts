/**
 * The program of a worker process. The tasks run in a Web Worker, so that this isolate stays free to notice that the consumer is
 * gone, whatever they do.
 * @module
 */
import process from "node:process";
import { showSafely } from "../../lib/primitives/log_text.ts";
import { WORKER_FOLDER, WORKER_PROCESS } from "../platform/environment.ts";
import { watchParent } from "../platform/orphan.ts";
import type { FromWorker } from "../pool/protocol.ts";
import { readFromWorker } from "../pool/protocol_check.ts";
import { openWorker, siblingUrl } from "../platform/web_worker.ts";

const FAILED = 1;

function tell(message: FromWorker | { readonly type: "strange"; readonly shown: string }): void {
  process.send?.(message, undefined, undefined, () => {
    // The process ends as soon as the consumer has been told why.
    if (message.type === "lost" || message.type === "exit") process.exit(FAILED);
  });
}

// The consumer gets these signals too, and decides; without it there is nothing left to do.
for (const signal of ["SIGINT", "SIGHUP", "SIGTERM", "SIGUSR1", "SIGUSR2"] as const) process.on(signal, () => {});
watchParent(Number(process.env[WORKER_PROCESS]), () => process.exit(FAILED));

const folder = process.env[WORKER_FOLDER];
if (folder) process.chdir(folder);
const worker = openWorker(siblingUrl("worker_entry", import.meta.url), {
  // What is no message of the protocol goes on as a text, which the consumer tells.
  message: (message) => tell(readFromWorker(message) ?? { type: "strange", shown: showSafely(message, 200) }),
  end: (reason) => tell({ type: "lost", reason }),
});
process.on("message", (message) => worker.post(message));
