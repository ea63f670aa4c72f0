/**
 * The disk is full: calls are refused, the consumer keeps running and goes on when there is space again, nothing is lost. Needs the
 * right to mount a small file system in memory; without it the tests are left out, by name.
 * @module
 */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Consumer, FileStorage, Huey, SqliteStorage, type Storage, StorageError } from "../../mod.ts";
import { failure, logbook } from "../helpers.ts";
import { canMount, SmallDisk } from "./small_disk.ts";

const LIMIT_MS = 120_000;
const TASKS = 30;
const BIG = "x".repeat(60_000);

const STORAGES: Readonly<Record<string, (folder: string) => Storage>> = {
  SQLite: (folder) => new SqliteStorage({ filename: join(folder, "huey.db") }),
  files: (folder) => new FileStorage({ path: folder }),
};

describe.skipIf(!canMount).each(Object.entries(STORAGES))("%s on a full disk (needs root)", (_label, open) => {
  test("calls are refused with a StorageError, and work again when there is space", async () => {
    const disk = new SmallDisk();
    const huey = new Huey({ storage: open(disk.queue) });
    try {
      const task = huey.task("task", (text: string) => text.length);
      const first = await task("first");
      disk.fill();
      expect(await failure(() => task(BIG))).toBeInstanceOf(StorageError);
      expect(await failure(() => huey.put("key", BIG))).toBeInstanceOf(StorageError);
      expect((await huey.pending()).map(({ id }) => id)).toEqual([first.id]);
      disk.free();
      await task(BIG);
      await huey.put("key", BIG);
      expect(await huey.get<string>("key")).toBe(BIG);
      expect(await huey.pendingCount()).toBe(2);
    } finally {
      await huey.close();
      disk.end();
    }
  }, LIMIT_MS);

  test("a consumer goes on by itself, and nothing is lost or run twice", async () => {
    const disk = new SmallDisk();
    const { logger, lines } = logbook();
    const huey = new Huey({ storage: open(disk.queue), logger });
    const refused = Promise.withResolvers<void>();
    const errors = (): string[] => lines.filter(({ level }) => level === "error").map(({ message }) => message);
    const watch = setInterval(() => errors().length > 0 && refused.resolve(), 10);
    const consumer = new Consumer(huey, { workers: 4, maxDelay: 0.5 });
    try {
      const ran: number[] = [];
      const task = huey.task("task", (n: number) => {
        if (ran.push(n) === 5) disk.fill();
        return `${n} ${BIG}`;
      });
      const results = await task.map(Array.from({ length: TASKS }, (_, n) => n));
      await consumer.start();
      await refused.promise;
      disk.free();
      const values = await results.get({ blocking: true, timeout: 100 }) as string[];
      expect(values).toEqual(Array.from({ length: TASKS }, (_, n) => `${n} ${BIG}`));
      expect(ran.toSorted((a, b) => a - b)).toEqual(Array.from({ length: TASKS }, (_, n) => n));
      const claiming = errors().filter((message) => message.startsWith("Claiming tasks failed"));
      expect(claiming.length).toBeLessThanOrEqual(1);
      expect([await huey.pendingCount(), await huey.deadLetterCount()]).toEqual([0, 0]);
    } finally {
      clearInterval(watch);
      await consumer.stop({ graceful: false, grace: 0 });
      await huey.close();
      disk.end();
    }
  }, LIMIT_MS);
});
