/**
 * The application that the benchmarks run in a consumer process.
 * @module
 */
import process from "node:process";
import type { Huey, TaskWrapper } from "../../mod.ts";
import { openHuey, type Place } from "./storages.ts";

/** The queue of the place that the environment names. */
export const huey: Huey = openHuey(JSON.parse(process.env["HUEY_BENCH"] ?? "{}") as Place);

/** Milliseconds since the epoch, with fractions; comparable between processes. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

const samples: number[] = [];

/** Notes how long a call took to start; the last one prints all. */
export const ping: TaskWrapper<[sentMs: number, last: boolean], void> = huey.task("ping", (sentMs: number, last: boolean) => {
  samples.push(nowMs() - sentMs);
  if (last) console.log(`samples ${JSON.stringify(samples.splice(0))}`);
});

/** Prints that it ran. */
export const first: TaskWrapper<[], void> = huey.task("first", () => console.log(`first ${nowMs()}`));
