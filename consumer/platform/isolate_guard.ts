/**
 * What the code of an application does to the isolate that it runs in: errors that belong to no task, such as a rejection that nobody
 * handles, and `process.exit`. In a Web Worker an exit is made known: Deno ends one without a word to those who wait for it. In the
 * isolate of the consumer it is refused.
 * @module
 */
import process from "node:process";
import { currentAttempt } from "../../lib/core/current.ts";
import { readText, toError } from "../../lib/primitives/error_record.ts";

/** What happened, as the start of a sentence. */
export type StrayKind = "An unhandled rejection" | "An uncaught exception" | "A write to a pipe that nobody reads";

/**
 * Keeps this isolate alive when code throws where nobody listens, and reports it.
 *
 * @param tell Told of each such error; of writes to closed pipes, as that of a program that reads what tasks print, of the first.
 */
export function guardIsolate(tell: (kind: StrayKind, error: unknown) => void): void {
  const told = new WeakSet<object>();
  let hasClosedPipe = false;
  const report = (kind: StrayKind, thrown: unknown): void => {
    const error = toError(thrown);
    if (told.has(error)) return;
    told.add(error);
    if (readText(error, "code") !== "EPIPE") return tell(kind, error);
    if (!hasClosedPipe) tell("A write to a pipe that nobody reads", error);
    hasClosedPipe = true;
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

interface Exits {
  close?(): void;
  Deno?: { exit: (code?: number) => never };
}

/**
 * Calls back before this isolate is ended by `process.exit`, `Deno.exit` or `close`.
 *
 * @param tell Told of the exit code.
 */
export function interceptExit(tell: (code: number) => void): void {
  const scope = globalThis as Exits;
  const exit = process.exit.bind(process);
  const close = scope.close?.bind(globalThis);
  const leave = (code?: number | string | null): never => {
    tell(Number(code ?? process.exitCode ?? 0));
    if (close === undefined) exit(Number(code ?? 0));
    close?.();
    // What follows the call must not run; the isolate ends when this has been thrown.
    throw new Error(`process.exit(${code ?? ""}) was called`);
  };
  process.exit = leave;
  if (scope.Deno !== undefined) scope.Deno.exit = leave;
  if (close !== undefined) scope.close = () => leave(0);
}

/** Makes `process.exit` and `Deno.exit` throw when a task calls them; other code ends the process as ever. */
export function refuseExitInTasks(): void {
  const scope = globalThis as Exits;
  process.exit = refusing(process.exit.bind(process));
  if (scope.Deno !== undefined) scope.Deno.exit = refusing(scope.Deno.exit.bind(scope.Deno));
}

type Exit = (code?: number) => never;

function refusing(exit: Exit): (code?: number | string | null) => never {
  return (code) => {
    const attempt = currentAttempt.getStore();
    if (attempt === undefined) return exit(code as number);
    throw new Error(
      `Task ${attempt.taskName}: ${attempt.taskId} called process.exit(${code ?? ""}), which would end its consumer`,
    );
  };
}
