/**
 * Throughput in one process: putting no-op tasks on a queue, and running them.
 * @module
 */
import { Consumer } from "../../mod.ts";
import { openHuey, type Place } from "./storages.ts";
import { perSecond } from "./statistics.ts";

/** Tasks per second of one round. */
export interface Throughput {
  readonly oneByOne: number;
  readonly concurrent: number;
  readonly bulk: number;
  readonly drain1: number;
  readonly drain100: number;
}

const IN_FLIGHT = 500;
const BULK = 1000;

/** Measures one round on an empty place with `count` tasks for each figure. */
export async function throughput(place: Place, count: number): Promise<Throughput> {
  await using huey = openHuey(place);
  let ran = 0;
  let allRan = Promise.withResolvers<void>();
  const noop = huey.task("noop", (_n: number) => {
    if (++ran === count) allRan.resolve();
  });
  for (let n = 0; n < 200; n++) await noop(n);
  await huey.flush();
  const oneByOne = await perSecond(count / 4, async () => {
    for (let n = 0; n < count / 4; n++) await noop(n);
  });
  const concurrent = await perSecond(count, async () => {
    for (let n = 0; n < count; n += IN_FLIGHT) await Promise.all(Array.from({ length: IN_FLIGHT }, (_, i) => noop(n + i)));
  });
  await huey.flush();
  const fill = async (): Promise<void> => {
    for (let n = 0; n < count; n += BULK) await noop.map(Array.from({ length: BULK }, (_, i) => [n + i]));
  };
  const drain = async (concurrency: number): Promise<void> => {
    [ran, allRan] = [0, Promise.withResolvers<void>()];
    await using consumer = new Consumer(huey, { concurrency });
    await consumer.start();
    await allRan.promise;
  };
  const bulk = await perSecond(count, fill);
  const drain100 = await perSecond(count, () => drain(100));
  await fill();
  const drain1 = await perSecond(count, () => drain(1));
  await huey.flush();
  return { oneByOne, concurrent, bulk, drain1, drain100 };
}
