/**
 * A store with many tasks, for looks at it.
 * @module
 */
import { Consumer, type Huey } from "../../mod.ts";
import { openHuey, type Place } from "./storages.ts";

/** Pages that are looked at, below that of the queue. */
export const PAGES: readonly string[] = [
  "",
  "list/waiting",
  "list/scheduled",
  "list/failed",
  "list/recent",
  "tasks",
  "failures",
  "periodic",
  "consumers",
];

const FAILED = 2000;
const AT_ONCE = 1000;

/** Opens the store. */
export function openStore(place: Place): Huey {
  const huey = openHuey(place);
  defineTasks(huey);
  return huey;
}

/** What the queue of the store knows. */
function defineTasks(huey: Huey) {
  const add = huey.task("add", (a: number, b: number) => a + b);
  const fail = huey.task("fail", (n: number): number => {
    throw new RangeError(`Nothing is known of ${n % 20}`);
  });
  return { add, fail };
}

/** Fills it: some tasks have failed and some are scheduled, all others wait. */
export async function fillStore(place: Place, tasks: number): Promise<void> {
  const silent = (): void => {};
  const huey = openHuey(place, { logger: { debug: silent, info: silent, warn: silent, error: silent } });
  const { add, fail } = defineTasks(huey);
  for (let done = 0; done < FAILED; done += AT_ONCE) {
    await huey.enqueueMany(Array.from({ length: AT_ONCE }, (_, n) => n % 2 === 0 ? fail.s(n) : add.s(n, n)));
  }
  const consumer = new Consumer(huey, { workers: 4, workerType: "greenlet" });
  await consumer.start();
  await consumer.waitFor("idle");
  await consumer.stop();
  for (let n = 0; n < 100; n++) await add.schedule({ args: [n, n], delay: { hours: 1 } });
  for (let done = 0; done < tasks; done += AT_ONCE) {
    await huey.enqueueMany(Array.from({ length: Math.min(AT_ONCE, tasks - done) }, (_, n) => add.s(done, n)));
  }
  await huey.close();
}
