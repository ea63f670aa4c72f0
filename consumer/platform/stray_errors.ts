/**
 * Errors that belong to no task: a rejection that nobody handles, an exception in a timer.
 * @module
 */
import process from "node:process";
import { toError } from "../../lib/primitives/error_record.ts";

/** What happened, as the start of a sentence. */
export type StrayKind = "An unhandled rejection" | "An uncaught exception";

/**
 * Keeps this isolate alive when code throws where nobody listens, and reports it.
 *
 * @param tell Told of each such error.
 */
export function guardIsolate(tell: (kind: StrayKind, error: unknown) => void): void {
  const told = new WeakSet<object>();
  const report = (kind: StrayKind, thrown: unknown): void => {
    const error = toError(thrown);
    if (!told.has(error)) tell(kind, error);
    told.add(error);
  };
  // Bun and Node hear their process, Deno the events of the web and for some of them its process too.
  process.on("unhandledRejection", (error) => report("An unhandled rejection", error));
  process.on("uncaughtException", (error) => report("An uncaught exception", error));
  if (!("Deno" in globalThis)) return;
  const scope = globalThis as EventTarget;
  scope.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    report("An unhandled rejection", (event as Event & { reason?: unknown }).reason);
  });
  scope.addEventListener("error", (event) => {
    event.preventDefault();
    const { error, message } = event as Event & { error?: unknown; message?: string };
    report("An uncaught exception", error ?? message);
  });
}
