import { describe, expect, test } from "bun:test";
import { ResultTimeout } from "../../lib/errors.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { failure, idle, logbook, NOON, testHuey } from "../helpers.ts";

const add = (huey: Huey) => huey.task("add", (a: number, b: number) => a + b);
const stored = (huey: Huey): Promise<number> => huey.storage.revocations.size();

describe("a revocation that comes too late leaves nothing behind", () => {
  const ways: [string, (huey: Huey, result: Awaited<ReturnType<ReturnType<typeof add>>>) => Promise<unknown>][] = [
    ["by handle", (_huey, result) => result.revoke()],
    ["by handle, for good", (_huey, result) => result.revoke({ once: false })],
    ["by id", (huey, result) => huey.revokeById(result.id)],
    ["by task", (huey, result) => huey.revoke(result.task, { once: true })],
    ["until a time", (huey, result) => huey.revokeById(result.id, { until: new Date(NOON + 1000) })],
    ["by rescheduling", (_huey, result) => result.reschedule()],
  ];
  test.each(ways)("%s", async (_name, revoke) => {
    for (const options of [{}, { trackState: false }, { results: false }]) {
      const huey = testHuey(options);
      const result = await add(huey)(1, 2);
      await huey.drain();
      await revoke(huey, result);
      await huey.drain();
      expect([options, await huey.isRevoked(result.id), await stored(huey)]).toEqual([options, false, 0]);
    }
  });

  test("by a wait that times out", async () => {
    const huey = testHuey();
    const result = await add(huey)(1, 2);
    await huey.drain();
    await huey.result(result.id);
    const options = { blocking: true, timeout: 0, revokeOnTimeout: true } as const;
    idle(huey, 61);
    expect(await failure(result.get(options))).toBeInstanceOf(ResultTimeout);
    expect(await stored(huey)).toBe(0);
  });

  test("by handle when the end is forgotten: the next task of that id runs", async () => {
    const huey = testHuey({ completionTtl: 1 });
    const task = add(huey);
    const first = await task.with({ id: "same" })(1, 2);
    await huey.drain();
    await first.get();
    idle(huey, 2);
    await first.revoke();
    const second = await task.with({ id: "same" })(3, 4);
    await huey.drain();
    expect(await second.get()).toBe(7);
  });

  test("while it ends", async () => {
    const huey = testHuey();
    const result = await add(huey)(1, 2);
    const { revocations } = huey.storage;
    const put = revocations.put.bind(revocations);
    revocations.put = async (...args) => {
      await huey.drain();
      await put(...args);
    };
    await result.revoke();
    expect([await result.get(), await stored(huey)] as unknown[]).toEqual([3, 0]);
  });
});

describe("a revocation of an id of which nothing is known", () => {
  test("is kept for a while, not for ever", async () => {
    const huey = testHuey();
    await huey.revokeById("later", { once: true });
    expect(await stored(huey)).toBe(1);
    idle(huey, 8 * 86_400);
    expect(await huey.isRevoked("later")).toBe(false);
  });

  test("outlasts the eta of the task, with or without its state", async () => {
    for (const trackState of [true, false]) {
      const huey = testHuey({ trackState });
      const result = await add(huey).schedule({ args: [1, 2], delay: { days: 300 } });
      await result.revoke();
      idle(huey, 301 * 86_400);
      expect(await result.isRevoked()).toBe(true);
    }
  });

  test("of a step that is not enqueued yet is used up by it", async () => {
    const huey = testHuey();
    const task = add(huey);
    const [, second] = await huey.enqueue(task.s(1, 2).andThen(task, 3));
    await second!.revoke();
    await huey.drain();
    expect([(await second!.state()).state, await stored(huey)] as unknown[]).toEqual(["revoked", 0]);
  });
});

describe("a revocation until a time", () => {
  test.each(["task", "invocation"])("of one %s is gone then", async (what) => {
    const huey = testHuey();
    const task = add(huey);
    const result = await task(1, 2);
    const until = new Date(NOON + 30_000);
    await (what === "task" ? task.revoke({ until }) : result.revoke({ until }));
    idle(huey, 29);
    expect([await result.isRevoked(), await stored(huey)] as unknown[]).toEqual([true, 1]);
    idle(huey, 2);
    expect([await result.isRevoked(), await stored(huey)] as unknown[]).toEqual([false, 0]);
  });

  test("that has passed lifts the one before it", async () => {
    const huey = testHuey();
    const task = add(huey);
    await task.revoke();
    await task.revoke({ until: new Date(NOON - 1) });
    expect([await task.isRevoked(), await stored(huey)] as unknown[]).toEqual([false, 0]);
  });
});

describe("the state of a task that is revoked says so", () => {
  test("waiting, scheduled and retrying; by handle and by id; alone and with its task", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "flaky", retries: 1, retryDelay: 60 }, (): number => {
      throw new Error("no");
    });
    const results = [await task(), await task.schedule({ delay: 60 }), await task()];
    await huey.drain({ limit: 1 });
    for (const result of results) {
      expect([await result.state(), await huey.state(result.id)].map(({ revoked }) => revoked)).toEqual([undefined, undefined]);
      await result.revoke();
      expect([await result.state(), await huey.state(result.id)].map(({ revoked }) => revoked)).toEqual([true, true]);
      await result.restore();
    }
    const [retrying, scheduled, waiting] = results;
    await huey.revokeAll(task);
    for (const result of [retrying!, scheduled!, waiting!]) {
      expect([await result.state(), await huey.state(result.id)].map(({ revoked }) => revoked)).toEqual([true, true]);
    }
    await huey.restoreAll(task);
    const other = huey.task("other", () => 1);
    await other.revoke();
    expect((await huey.state(waiting!.id)).revoked).toBe(undefined);
  });

  test("not when it has ended", async () => {
    const huey = testHuey();
    const task = add(huey);
    const result = await task(1, 2);
    await huey.drain();
    await task.revoke();
    for (const status of [await result.state(), await huey.state(result.id)]) {
      expect(status).toMatchObject({ state: "complete", ended: true });
      expect(status.revoked).toBe(undefined);
    }
  });
});

describe("what is stored as a revocation and is none", () => {
  const shapes = [
    "",
    "{",
    "null",
    "[]",
    "5",
    '"once"',
    '{"once":"yes"}',
    '{"until":"soon"}',
    '{"by":5}',
    '{"rescheduled":true}',
  ];
  test.each(shapes)("%j is skipped, with one line", async (text) => {
    const { logger, lines } = logbook();
    const huey = testHuey({ logger });
    const task = add(huey);
    const results = await task.map([[1, 2], [3, 4]]);
    const bytes = new TextEncoder().encode(text);
    await huey.storage.revocations.put("rt:add", bytes);
    await huey.storage.revocations.put(`r:${[...results][0]!.id}`, bytes);
    expect(await huey.isRevoked(task)).toBe(false);
    await huey.drain();
    expect(await results.get()).toEqual([3, 7]);
    expect(lines.filter(({ level }) => level === "warn").map(({ message }) => message)).toEqual([
      'The revocation stored under "rt:add" cannot be read: it is skipped',
      `The revocation stored under "r:${[...results][0]!.id}" cannot be read: it is skipped`,
    ]);
  });
});
