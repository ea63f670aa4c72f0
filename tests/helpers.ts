/**
 * What the tests of lib share: a Huey in memory, a worker without a consumer, and a record of signals.
 * @module
 */
import { coreOf } from "../lib/core/core.ts";
import { executeClaim } from "../lib/execution/execute.ts";
import { Huey } from "../lib/huey/huey.ts";
import { provideImmediateStorage } from "../lib/immediate/storage.ts";
import type { SignalName } from "../lib/observe/signals.ts";
import type { Claim, ClaimBatch } from "../lib/storage.ts";
import type { Task } from "../lib/types/composition.ts";
import type { HueyOptions, Logger } from "../lib/types/options.ts";
import { MemoryStorage } from "../storage/memory/storage.ts";
import type { TestClock } from "../testing/clock.ts";
import { clockOf } from "../testing/clock_of.ts";
import { TestHuey, type TestHueyOptions } from "../testing/mod.ts";

provideImmediateStorage((name, clock) => new MemoryStorage({ name, clock }));

/** Who claims in these tests. */
export const OWNER = { consumer: "consumer-1", worker: "worker-1" } as const;

/** Noon of an ordinary day: no midnight, no change of the clocks near. */
export const NOON: number = Date.UTC(2030, 4, 14, 12, 0, 0);

/** A Huey whose storage is in memory. */
export function memory(options: HueyOptions = {}): Huey {
  return new Huey({ logger: silent, ...options, storage: (name) => new MemoryStorage({ name }) });
}

/** A Huey of the kit, at noon, which says nothing. Its clock moves by `advance`. */
export function testHuey(options: TestHueyOptions = {}): TestHuey {
  const start = options.beside === undefined ? { now: new Date(NOON) } : {};
  return new TestHuey({ ...start, logger: silent, ...options });
}

/** Time passes while nobody works: nothing that becomes due runs, and no timer strikes late. */
export function idle(huey: TestHuey, seconds: number): void {
  const clock = clockOf(huey) as TestClock;
  clock.moveTo(clock.now() + seconds * 1000);
}

/** Takes up to `limit` items, without waiting. */
export async function claim(huey: Huey, limit = 1, owner: { consumer: string; worker: string } = OWNER): Promise<ClaimBatch> {
  return await huey.storage.claim(limit, owner);
}

/** Runs one claim to its end. */
export async function run(huey: Huey, taken: Claim, revocations = true): Promise<void> {
  await executeClaim(coreOf(huey)!, taken, { owner: OWNER, revocations });
}

/** Runs what is in the queue, one task after another, until it is empty. @returns how many attempts there were */
export async function work(huey: Huey, { limit = 1000 }: { limit?: number } = {}): Promise<number> {
  let attempts = 0;
  while (attempts < limit) {
    const { claims, revocations } = await claim(huey);
    if (claims[0] === undefined) break;
    await run(huey, claims[0], revocations);
    attempts++;
  }
  return attempts;
}

/** Claims one item, and waits until its function is called or it has ended without. `done` resolves when it is settled. */
export async function begin(huey: Huey): Promise<{ claim: Claim; done: Promise<void> }> {
  const { claims, revocations } = await claim(huey);
  if (claims[0] === undefined) throw new Error("The queue is empty");
  const { promise: started, resolve: onStart } = Promise.withResolvers<unknown>();
  const done = executeClaim(coreOf(huey)!, claims[0], { owner: OWNER, revocations, onStart });
  await Promise.race([started, done.catch(() => {})]);
  return { claim: claims[0], done };
}

/** Moves what is due from the schedule to the queue. @returns how many items */
export async function promote(huey: Huey): Promise<number> {
  return (await huey.storage.promoteDue(1000)).length;
}

/** Time passes, and then what is due runs in this Huey alone, whoever else has its queue. @returns how many attempts there were */
export async function pass(huey: TestHuey, seconds: number): Promise<number> {
  idle(huey, seconds);
  await promote(huey);
  return await work(huey);
}

/** Somebody sets the clock of the machine, forward or back. */
export async function jump(huey: TestHuey, seconds: number): Promise<void> {
  await huey.jumpTo(new Date(huey.clock.now().getTime() + seconds * 1000));
}

/** How many messages nobody could run: the dead letters without those of failed tasks. */
export async function lostCount(huey: Huey): Promise<number> {
  const counts = await Promise.all((["unknown", "unreadable"] as const).map((kind) => huey.deadLetterCount({ kind })));
  return counts.reduce((sum, count) => sum + count);
}

/** One signal that was seen. */
export interface Seen {
  readonly signal: SignalName;
  readonly task: Task;
  readonly error: Error | undefined;
}

/** Collects all signals in order. */
export function record(huey: Huey): { readonly names: string[]; readonly seen: Seen[] } {
  const names: string[] = [];
  const seen: Seen[] = [];
  huey.signal((signal, task, error) => {
    names.push(signal);
    seen.push({ signal, task, error });
  });
  return { names, seen };
}

/** One line of a log. */
export interface Line {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly properties: Record<string, unknown> | undefined;
}

/** A logger that keeps its lines. */
export function logbook(): { readonly logger: Logger; readonly lines: Line[] } {
  const lines: Line[] = [];
  const at = (level: Line["level"]) => (message: string, properties?: Record<string, unknown>): void => {
    lines.push({ level, message, properties });
  };
  return { lines, logger: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") } };
}

/** A logger that says nothing. */
export const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** What a promise rejects with, or a function throws. */
export async function failure(promised: Promise<unknown> | (() => unknown)): Promise<Error> {
  try {
    await (typeof promised === "function" ? promised() : promised);
  } catch (error) {
    return error as Error;
  }
  throw new Error("Nothing was thrown");
}

/** Checks that something is refused by a TypeError or a RangeError, whose message names all of `words`. */
export async function refusal(attempt: () => unknown, ...words: (string | RegExp)[]): Promise<Error> {
  const error = await failure(attempt);
  if (!(error instanceof TypeError) && !(error instanceof RangeError)) throw error;
  for (const word of words) {
    const found = typeof word === "string" ? error.message.includes(word) : word.test(error.message);
    if (!found) throw new Error(`"${error.message}" does not name ${word}`);
  }
  return error;
}

/** Looks again and again until something is so; the time limit of the test ends it otherwise. */
export async function waitUntil(check: () => unknown): Promise<void> {
  while (!await check()) await new Promise((resolve) => setTimeout(resolve, 2));
}
