/**
 * Rivals in the same run on the same machine: BullMQ and bee-queue on Redis, plainjob on SQLite (Bun). They are no dependency of
 * the project: install them elsewhere and name that folder with `--rivals FOLDER`.
 * @module
 */
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { perSecond } from "./statistics.ts";
import type { Place } from "./storages.ts";
import type { Throughput } from "./throughput.ts";

/** A rival as the measurement sees it. */
interface Rival {
  add(n: number): Promise<unknown>;
  addBulk(numbers: readonly number[]): Promise<unknown>;
  /** Runs jobs until it is closed. */
  work(concurrency: number, onJob: () => void): Promise<{ close(): Promise<unknown> }>;
  close(): Promise<unknown>;
}

type OpenRival = (place: Place, load: (name: string) => Promise<never>) => Promise<Rival>;

/** The rivals of each storage. */
export const RIVALS: Readonly<Record<string, readonly string[]>> = { redis: ["bullmq", "bee-queue"], sqlite: ["plainjob"] };

const BULK = 1000;

/** A rival that has not run its jobs by then is given up: a run ends with an error that says so, not never. */
const DRAIN_MS = 300_000;

/** Measures a rival on an empty place, as `throughput` does. */
export async function rivalThroughput(name: string, place: Place, count: number, folder: string): Promise<Throughput> {
  const require = createRequire(join(folder, "package.json"));
  const load = async (module: string): Promise<never> => await import(pathToFileURL(require.resolve(module)).href) as never;
  const rival = await OPEN[name]!(place, load);
  const sequential = count / 4;
  const oneByOne = await perSecond(sequential, async () => {
    for (let n = 0; n < sequential; n++) await rival.add(n);
  });
  await drain(rival, sequential, 100);
  const concurrent = await perSecond(count, async () => {
    for (let n = 0; n < count; n += 500) await Promise.all(Array.from({ length: 500 }, (_, i) => rival.add(n + i)));
  });
  await drain(rival, count, 100);
  const fill = async (): Promise<void> => {
    for (let n = 0; n < count; n += BULK) await rival.addBulk(Array.from({ length: BULK }, (_, i) => n + i));
  };
  const bulk = await perSecond(count, fill);
  const drain100 = await perSecond(count, () => drain(rival, count, 100));
  await fill();
  const drain1 = await perSecond(count, () => drain(rival, count, 1));
  await rival.close();
  return { oneByOne, concurrent, bulk, drain1, drain100 };
}

async function drain(rival: Rival, count: number, concurrency: number): Promise<void> {
  let ran = 0;
  const { promise, resolve } = Promise.withResolvers<true>();
  const worker = await rival.work(concurrency, () => ++ran === count && resolve(true));
  const timer = new AbortController();
  const limit = sleep(DRAIN_MS, false, { signal: timer.signal }).catch(() => false);
  const isDone = await Promise.race([promise, limit]);
  timer.abort();
  if (!isDone) {
    throw new Error(`The rival ran ${ran} of ${count} jobs in ${DRAIN_MS / 1000} s: is its queue used by another program?`);
  }
  await worker.close();
}

/** Two runs on one server must not take each other's jobs. */
function queueName(place: Place): string {
  return basename(place.folder);
}

const openBullmq: OpenRival = async (place, load) => {
  const { Queue, Worker } = await load("bullmq") as typeof Bullmq;
  const { hostname: host, port } = new URL(place.redisUrl);
  const connection = { host, port: Number(port), maxRetriesPerRequest: null };
  const name = queueName(place);
  const queue = new Queue(name, { connection });
  return {
    add: (n) => queue.add("noop", { n }),
    addBulk: (numbers) => queue.addBulk(numbers.map((n) => ({ name: "noop", data: { n } }))),
    work: (concurrency, onJob) =>
      Promise.resolve(new Worker(name, () => Promise.resolve(onJob()), { connection, concurrency })),
    close: async () => {
      await queue.obliterate({ force: true });
      await queue.close();
    },
  };
};

const openBeeQueue: OpenRival = async (place, load) => {
  const { default: Queue } = await load("bee-queue") as { default: typeof BeeQueue };
  const { hostname: host, port } = new URL(place.redisUrl);
  const redis = { host, port: Number(port) };
  const tuned = { redis, removeOnSuccess: true, getEvents: false, sendEvents: false, storeJobs: false };
  const name = queueName(place);
  const queue = new Queue(name, { ...tuned, isWorker: false });
  return {
    add: (n) => queue.createJob({ n }).save(),
    addBulk: (numbers) => queue.saveAll(numbers.map((n) => queue.createJob({ n }))),
    work: (concurrency, onJob) => {
      const worker = new Queue(name, tuned);
      worker.process(concurrency, () => Promise.resolve(onJob()));
      return Promise.resolve({ close: () => worker.close(1000) });
    },
    close: async () => {
      await queue.destroy();
      await queue.close(1000);
    },
  };
};

const openPlainjob: OpenRival = async ({ folder }, load) => {
  const { defineQueue, defineWorker, bun } = await load("plainjob") as typeof Plainjob;
  const { Database } = await import("bun:sqlite");
  const logger = { error: console.error, warn: console.warn, info() {}, debug() {} };
  const queue = defineQueue({ connection: bun(new Database(join(folder, "rival.db"), { strict: true })), logger });
  return {
    add: (n) => Promise.resolve(queue.add("noop", { n })),
    addBulk: (numbers) => Promise.resolve(queue.addMany("noop", numbers.map((n) => ({ n })))),
    work: (concurrency, onJob) => {
      // It has no option for concurrency: so many workers in one process.
      const workers = Array.from(
        { length: Math.min(concurrency, 10) },
        () => defineWorker("noop", () => Promise.resolve(onJob()), { queue, logger }),
      );
      for (const worker of workers) worker.start();
      return Promise.resolve({ close: () => Promise.all(workers.map((worker) => worker.stop())) });
    },
    close: () => Promise.resolve(queue.close()),
  };
};

const OPEN: Readonly<Record<string, OpenRival>> = { "bullmq": openBullmq, "bee-queue": openBeeQueue, "plainjob": openPlainjob };

// The little of each rival's API that is used here; their own types are not installed with the project.
interface Closable {
  close(timeoutMs?: number): Promise<unknown>;
}
declare const Bullmq: {
  Queue: new (name: string, options: object) => Closable & {
    obliterate(options: object): Promise<unknown>;
    add(name: string, data: object): Promise<unknown>;
    addBulk(jobs: readonly object[]): Promise<unknown>;
  };
  Worker: new (name: string, run: () => Promise<void>, options: object) => Closable;
};
declare const BeeQueue: new (name: string, options: object) => Closable & {
  destroy(): Promise<unknown>;
  createJob(data: object): { save(): Promise<unknown> };
  saveAll(jobs: readonly object[]): Promise<unknown>;
  process(concurrency: number, run: () => Promise<void>): void;
};
declare const Plainjob: {
  bun(database: object): object;
  defineQueue(
    options: object,
  ): { add(name: string, data: object): unknown; addMany(name: string, data: readonly object[]): unknown; close(): unknown };
  defineWorker(name: string, run: () => Promise<void>, options: object): { start(): unknown; stop(): Promise<unknown> };
};
