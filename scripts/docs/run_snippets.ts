/**
 * Runs snippets one after another in one process, each in an empty folder of its own: `bun run_snippets.ts FILE...`, and so with Deno and Node.
 *
 * A snippet is a program. It has ended well when its code has ended and nothing keeps the process any more: that is when the next one
 * begins. One that fails ends the process, and those behind it run in another one.
 * @module
 */
import { mkdirSync } from "node:fs";
import process from "node:process";
import { clearTimeout, setTimeout } from "node:timers";
import { pathToFileURL } from "node:url";

/** How long one snippet may run. */
const LIMIT_MS = 30_000;

const home = process.cwd();
const paths = process.argv.slice(2);
const variables = { ...process.env };
let next = 0;
/** Whether the code of the snippet that runs has come to its end. */
let isThrough = true;
let startedMs = 0;
let limit: ReturnType<typeof setTimeout> | undefined;

process.on("beforeExit", runNext);
const listeners = listenersNow();

/** Runs when nothing keeps the process. What is started here keeps it again. */
function runNext(): void {
  clearTimeout(limit);
  if (next > 0) endSnippet();
  const path = paths[next++];
  if (path === undefined) return;
  // The line by which the test command tells the snippets apart.
  console.log(`--- ${path}`);
  const folder = `${home}/${next}`;
  mkdirSync(folder);
  process.chdir(folder);
  [isThrough, startedMs] = [false, performance.now()];
  limit = setTimeout(() => fail(`It had not ended after ${LIMIT_MS / 1000} s`), LIMIT_MS).unref();
  import(pathToFileURL(path).href).then(() => isThrough = true, fail);
}

function endSnippet(): void {
  if (!isThrough) fail("It waits for something that never comes");
  if (process.exitCode !== undefined && Number(process.exitCode) !== 0) process.exit();
  restore();
  console.log(`--- ended in ${Math.round(performance.now() - startedMs)} ms`);
}

function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}

/** What one snippet sets, the next must not see. */
function restore(): void {
  for (const name of Object.keys(process.env)) if (!Object.hasOwn(variables, name)) delete process.env[name];
  for (const [name, value] of Object.entries(variables)) if (process.env[name] !== value) process.env[name] = value;
  for (const [event, those] of listenersNow()) {
    for (const listener of those) if (!listeners.get(event)?.includes(listener)) process.removeListener(event, listener);
  }
}

/** Who is told of signals and of errors that nobody has caught. */
function listenersNow(): Map<string, ((...given: unknown[]) => void)[]> {
  const emitter = process as unknown as {
    eventNames(): (string | symbol)[];
    listeners(event: string): ((...given: unknown[]) => void)[];
  };
  const events = emitter.eventNames().filter((event) => typeof event === "string");
  return new Map(events.map((event) => [event, [...emitter.listeners(event)]]));
}
