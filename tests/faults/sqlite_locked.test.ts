/** Another process holds the SQLite file: everybody waits without stopping the event loop, and goes on afterwards. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Consumer, Huey, StorageError } from "../../mod.ts";
import { failure, type Line, logbook } from "../helpers.ts";
import { Fixture, RUNTIMES } from "../storage/_sqlite_fixture.ts";

let fixture: Fixture;
beforeEach(() => void (fixture = new Fixture()));
afterEach(() => fixture.end());

const LIMIT_MS = 120_000;

/** Resolves when the log has a line with this text. */
async function logged(lines: readonly Line[], text: string): Promise<void> {
  while (!lines.some(({ message }) => message.includes(text))) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe.each([...RUNTIMES])("held by %s", (runtime) => {
  test("a patient producer is served when the lock is gone; timers run meanwhile", async () => {
    const huey = new Huey({ storage: fixture.open({ timeout: 60 }) });
    const task = huey.task("task", (n: number) => n);
    await task(1);
    const holder = await fixture.startReady(runtime, "hold");
    let written = false;
    const call = task(2).then(() => void (written = true));
    // Reading needs no lock, and the loop turns while the write waits.
    expect(await huey.pendingCount()).toBe(1);
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(written).toBe(false);
    holder.speak();
    await call;
    expect(await huey.pendingCount()).toBe(2);
  }, LIMIT_MS);

  test("an impatient producer is refused with a StorageError that says why", async () => {
    const huey = new Huey({ storage: fixture.open({ timeout: 0.2 }) });
    const task = huey.task("task", (n: number) => n);
    await task(1);
    const holder = await fixture.startReady(runtime, "hold");
    const error = await failure(() => task(2));
    expect(error).toBeInstanceOf(StorageError);
    expect(error.message).toContain("locked");
    holder.speak();
    await holder.lines();
    expect((await task(3)).kind).toBe("result");
    expect(await huey.pendingCount()).toBe(2);
  }, LIMIT_MS);

  test("a consumer says so once, keeps running, and goes on by itself", async () => {
    const { logger, lines } = logbook();
    const huey = new Huey({ storage: fixture.open({ timeout: 0.2 }), logger });
    const ran: number[] = [];
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const task = huey.task("task", async (n: number) => {
      ran.push(n);
      begun.resolve();
      await gate.promise;
      return n;
    });
    const results = await task.map([1, 2, 3, 4, 5]);
    const consumer = new Consumer(huey, { workers: 2, maxDelay: 0.2 });
    await consumer.start();
    await begun.promise;
    const holder = await fixture.startReady(runtime, "hold");
    gate.resolve();
    await logged(lines, "Cannot settle task");
    expect(ran.length).toBeLessThanOrEqual(2);
    holder.speak();
    expect(await results.get({ blocking: true, timeout: 100 })).toEqual([1, 2, 3, 4, 5]);
    await consumer.stop();
    expect(ran.toSorted()).toEqual([1, 2, 3, 4, 5]);
    // Claiming and the like tell of an outage once; what a task has done is told of at each try.
    const told = lines.filter(({ message }) => message.includes("failed and is tried again until it works"));
    expect(told.length).toBe(new Set(told.map(({ message }) => message)).size);
  }, LIMIT_MS);

  test("a consumer that cannot start because of it says so", async () => {
    const huey = new Huey({ storage: fixture.open({ timeout: 0.2 }), logger: logbook().logger });
    await huey.put("key", 1);
    const holder = await fixture.startReady(runtime, "hold");
    const consumer = new Consumer(huey);
    expect(await failure(() => consumer.start())).toBeInstanceOf(StorageError);
    holder.speak();
    await holder.lines();
    await consumer.start();
    await consumer.stop();
  }, LIMIT_MS);
});
