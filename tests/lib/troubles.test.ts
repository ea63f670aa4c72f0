/** What can go wrong with a queue at night is told in one sentence, with what to do; nothing else is told. @module */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { coreOf } from "../../lib/core/core.ts";
import { encodeAbout } from "../../lib/operation/consumers.ts";
import { readCondition } from "../../lib/operation/condition.ts";
import { type Trouble, troublesOf } from "../../lib/operation/troubles.ts";
import { TestHuey } from "../../testing/mod.ts";
import { silent } from "../helpers.ts";

const NOON = new Date("2030-05-14T12:00:00Z");
const LEASE_MS = 15_000;

let huey: TestHuey;
beforeEach(() => {
  huey = new TestHuey({ now: NOON, logger: silent });
});
afterEach(() => huey.close());

async function troubles(): Promise<Trouble[]> {
  return troublesOf(await readCondition(coreOf(huey)!));
}

const texts = async (): Promise<string[]> => (await troubles()).map(({ text }) => text);

/** A sign of life of a consumer with so many slots. */
async function serve(slots: number, consumer: string = "alive", ttlMs: number = LEASE_MS): Promise<void> {
  const about = encodeAbout({
    startedMs: NOON.getTime(),
    version: "0.2.0",
    runtime: "bun 1.4.5",
    workerType: "greenlet",
    slots,
    busy: 0,
    memoryBytes: 1,
  });
  await huey.storage.renewLease({ consumer, ttlMs, host: "web-1", pid: 4711, about });
}

/** Time passes in which nothing runs. */
async function pass(ms: number): Promise<void> {
  await coreOf(huey)!.storage.pause({});
  await huey.advance({ milliseconds: ms });
  await coreOf(huey)!.storage.resume();
}

test("a queue that is well has none", async () => {
  const add = huey.task("add", (a: number) => a);
  await serve(2);
  await add(1);
  await add.schedule({ args: [2], delay: { days: 2 } });
  expect(await troubles()).toEqual([]);
});

test("nobody serves it", async () => {
  const add = huey.task("add", (a: number) => a);
  await add.map([1, 2]);
  expect(await troubles()).toMatchObject([{
    text: "No consumer serves this queue: 2 tasks wait",
    where: "consumers",
    bad: true,
  }]);
});

test("a consumer is dead, or cannot write", async () => {
  await serve(2, "dead", 1000);
  await pass(60_000);
  await serve(2);
  expect(await troubles()).toMatchObject([{
    text: "1 consumer has not shown a sign of life, probably dead: process 4711 on web-1",
    advice: expect.stringContaining("a full disk"),
  }]);
});

test("a consumer is late with its sign of life, before its lease is over", async () => {
  await serve(2);
  await pass(7000);
  expect(await troubles()).toEqual([]);
  await pass(1000);
  expect(await troubles()).toMatchObject([{
    text: "1 consumer is late with a sign of life: process 4711 on web-1",
    advice: expect.stringContaining("a full disk"),
  }]);
});

test("tasks fail: which, and how many", async () => {
  const bad = huey.task("bad", (_n: number): void => {
    throw new RangeError("no");
  });
  const worse = huey.task("worse", (_n: number): void => {
    throw new RangeError("no");
  });
  await bad(1);
  await worse.map([1, 2, 3]);
  await huey.drain();
  await serve(1);
  await coreOf(huey)!.statistics!.write();
  expect(await texts()).toEqual(["4 tasks failed in the last 5 minutes: worse 3, bad 1"]);
});

test("one task holds up all others", async () => {
  const add = huey.task("add", (a: number) => a);
  await add.with({ id: "stuck" })(1);
  await huey.storage.claim(1, { consumer: "alive", worker: "Worker-1" });
  await add.with({ id: "waits" })(2);
  await pass(600_000);
  await serve(1);
  expect(await troubles()).toMatchObject([{
    text: "The oldest task has waited for 10 minutes: all 1 slot is busy, add stuck has been running for 10 minutes",
    where: "running",
  }]);
  await serve(8);
  expect(await troubles()).toMatchObject([{
    text: "The oldest task has waited for 10 minutes",
    advice: "Slots are free, so consumers do not take it: see their logs",
    bad: true,
  }]);
  await pass(3_600_000);
  await serve(8);
  expect(await texts()).toContain("A task hangs, or works for long: add stuck has been running for 1 hour");
});

test("a pause was forgotten", async () => {
  const add = huey.task("add", (a: number) => a);
  await add(1);
  await huey.pause();
  await huey.advance({ hours: 3 });
  await serve(1);
  expect(await troubles()).toMatchObject([{
    text: "The queue is paused until somebody resumes it; 1 task waits, the oldest for 3 hours",
    advice: "Resume it: huey-consumer resume APP",
    bad: true,
  }]);
  await huey.pause({ until: { minutes: 10 } });
  expect((await texts())[0]).toMatch(/^The queue is paused for 10 minutes;/);
});

test("a gate with one place is blocked by a task that hangs", async () => {
  const single = huey.task({ name: "single", concurrency: 1 }, (_n: number) => {});
  await single.with({ id: "holds" })(1);
  await single.map([2, 3]);
  await huey.storage.claim(1, { consumer: "alive", worker: "Worker-1" });
  await serve(4);
  expect(await troubles()).toEqual([]);
  await pass(180_000);
  await serve(4);
  expect(await texts()).toEqual([
    "2 tasks wait for a place of the concurrency of single: single holds has been running for 3 minutes",
  ]);
});

test("a schedule is far in the future, or overdue", async () => {
  const add = huey.task("add", (a: number) => a);
  await serve(1);
  await add.schedule({ args: [1], eta: new Date(NOON.getTime() * 10) });
  expect(await texts()).toEqual(["1 task is scheduled, and none is due for 543 years"]);
  await huey.storage.enqueue([{
    id: "late",
    data: new Uint8Array([1]),
    priority: 0,
    track: true,
    dueMs: NOON.getTime() - 120_000,
  }]);
  expect(await texts()).toEqual(["A scheduled task has been due for 2 minutes, and is not on the queue"]);
});

test("dead letters of a task that nobody knows", async () => {
  const other = new TestHuey({ now: NOON, logger: silent });
  const gone = other.task("renamed", () => {});
  await gone();
  const [{ data } = undefined!] = await other.storage.pending();
  await other.close();
  await huey.storage.enqueue([{ id: "x", data, priority: 0, track: true }]);
  await huey.advance(60);
  await serve(1);
  expect(await troubles()).toMatchObject([{
    text: "1 message that nobody can run, of tasks that no consumer knows: renamed",
    where: "dead",
    bad: true,
  }]);
});

test("a clock is wrong", async () => {
  const { storage } = coreOf(huey)!;
  await serve(1);
  const [lease] = await storage.leases();
  const ahead = { ...lease!, expiresMs: lease!.expiresMs + 7_200_000 };
  storage.leases = () => Promise.resolve([ahead]);
  expect(await texts()).toEqual(["The clock of a consumer is 2 hours ahead of the clock here, or more"]);
  storage.leases = () => Promise.resolve([{ ...ahead, expiresMs: NaN, ttlMs: NaN }]);
  expect(await texts()).not.toContainEqual(expect.stringContaining("clock"));
});

test("lists of names are short", async () => {
  for (let n = 0; n < 30; n++) await serve(1, `dead ${n}`, 1000);
  await pass(60_000);
  const [silentOnes] = (await texts()).filter((text) => text.includes("sign of life"));
  expect(silentOnes).toMatch(/process 4711 on web-1 and 27 more$/);
});
