/** How much the tests that count do: draw at random, enqueue by the thousand, kill again and again. @module */
import process from "node:process";

/** `HUEY_LONG=1`, which `npm run test:long` sets: everything at length. */
export const LONG: boolean = process.env["HUEY_LONG"] === "1";

/** How long a case of the contract of storages may take on a busy machine. */
export const CASE_MS = 45_000;

/** Whether a suite that several classes share runs on each of them; elsewhere than on Bun the usual run takes those that differ most. */
export const ALL_CLASSES: boolean = LONG || "Bun" in globalThis;

/** The usual run goes through the same kinds again on the other runtimes, with a smaller number of each. */
const OTHERS = 4;

/**
 * What each runtime has of its own.
 * @returns The one of this runtime.
 */
export function onRuntime<T>(bun: T, deno: T, node: T): T {
  return "Bun" in globalThis ? bun : "Deno" in globalThis ? deno : node;
}

/**
 * How many of something a test does.
 * @param usual In the usual run on Bun; on Deno and Node a quarter of it.
 * @param long In the long run, on all of them.
 * @returns One of them.
 */
export function size(usual: number, long: number): number {
  return LONG ? long : "Bun" in globalThis ? usual : Math.ceil(usual / OTHERS);
}

/**
 * How long one test may take that does more in the long run.
 * @param usual Milliseconds in the usual run.
 * @returns That, or an hour in the long run.
 */
export function limitMs(usual: number): number {
  return LONG ? 3_600_000 : usual;
}

/**
 * Pairs of what a test is done with.
 * @param some The first of each pair.
 * @param others The second.
 * @returns In the long run all pairs; in the usual run so many that each of both is there, and other pairs on each runtime.
 */
export function pairs<A, B>(some: readonly A[], others: readonly B[]): (readonly [A, B])[] {
  if (LONG) return some.flatMap((one) => others.map((other) => [one, other] as const));
  const [count, shift] = [Math.max(some.length, others.length), onRuntime(0, 1, 2)];
  return Array.from({ length: count }, (_, at) => [some[at % some.length]!, others[(at + shift) % others.length]!] as const);
}
