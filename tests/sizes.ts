/** How much the tests that count do: draw at random, enqueue by the thousand, kill again and again. @module */
import process from "node:process";

/** `HUEY_LONG=1`, which `npm run test:long` sets: everything at length. */
export const LONG: boolean = process.env["HUEY_LONG"] === "1";

/** Whether a suite that several classes share runs on each of them; elsewhere than on Bun the usual run takes those that differ most. */
export const ALL_CLASSES: boolean = LONG || "Bun" in globalThis;

/** The usual run goes through the same kinds again on the other runtimes, with a smaller number of each. */
const OTHERS = 4;

/**
 * How many of something a test does.
 * @param usual In the usual run on Bun; on Deno and Node a quarter of it.
 * @param long In the long run, on all of them.
 * @returns One of them.
 */
export function size(usual: number, long: number): number {
  return LONG ? long : "Bun" in globalThis ? usual : Math.ceil(usual / OTHERS);
}
