import { describe, expect, test } from "bun:test";
import { CancelExecution, type CountBounds, type CountRow, RetryTask } from "../../mod.ts";
import { classOf, quantileMs, upperBoundMs } from "../../lib/statistics/histogram.ts";
import { decodeEnd, encodeEnd } from "../../lib/statistics/recent.ts";
import { Statistics } from "../../lib/statistics/statistics.ts";
import { TestHuey } from "../../testing/mod.ts";
import { TestClock } from "../../testing/clock.ts";
import { clockOf } from "../../testing/clock_of.ts";
import { silent } from "../helpers.ts";

const NOON = new Date("2030-05-14T12:00:30Z");
const MINUTE = new Date("2030-05-14T12:00:00Z");

describe("classes of lengths of time", () => {
  test("a time is in the class whose bounds hold it", () => {
    for (const ms of [0.11, 1, 1.5, 17, 333, 60_000, 86_400_000]) {
      expect(upperBoundMs(classOf(ms))).toBeGreaterThanOrEqual(ms);
      expect(upperBoundMs(classOf(ms) - 1)).toBeLessThan(ms);
    }
    expect([0, -1, NaN, 0.05].map(classOf)).toEqual([0, 0, 0, 0]);
    expect(classOf(Infinity)).toBe(classOf(1e15));
  });

  test("a quantile is at most a fifth off", () => {
    const counts = new Map<number, number>();
    for (let ms = 1; ms <= 1000; ms++) counts.set(classOf(ms), (counts.get(classOf(ms)) ?? 0) + 1);
    for (const share of [0.1, 0.5, 0.95, 1]) {
      expect(Math.abs(quantileMs(counts, share)! / (1000 * share) - 1)).toBeLessThan(0.2);
    }
    expect(quantileMs(new Map(), 0.5)).toBeUndefined();
  });
});

describe("what a process writes", () => {
  /** Statistics that write to a list. */
  function counted(store: (rows: readonly CountRow[], ends: readonly Uint8Array[]) => Promise<void> = async () => {}) {
    const clock = new TestClock(NOON.getTime());
    const written: { rows: readonly CountRow[]; ends: readonly Uint8Array[]; bounds: CountBounds }[] = [];
    const statistics = new Statistics({ clock, logger: silent }, async (rows, ends, bounds) => {
      await store(rows, ends);
      written.push({ rows, ends, bounds });
    });
    return { clock, written, statistics };
  }

  test("is written after two seconds, by minute and by hour", async () => {
    const { clock, written, statistics } = counted();
    statistics.count("add", "enqueued", 3);
    clock.moveTo(clock.now() + 1999);
    expect(clock.nextMs).toBe(NOON.getTime() + 2000);
    clock.moveTo(clock.now() + 1);
    await statistics.write();
    expect(written.map(({ rows }) => rows)).toEqual([[
      { step: "minute", atMs: MINUTE.getTime(), taskName: "add", sums: { enqueued: 3 }, maxima: {} },
      { step: "hour", atMs: MINUTE.getTime(), taskName: "add", sums: { enqueued: 3 }, maxima: {} },
    ]]);
  });

  test("is kept while the storage is away, and written once", async () => {
    let away = true;
    const { clock, written, statistics } = counted(async () => {
      await Promise.resolve();
      if (away) throw new Error("away");
    });
    statistics.count("add", "enqueued");
    await statistics.write();
    statistics.count("add", "enqueued");
    clock.moveTo(clock.now() + 60_000);
    statistics.count("add", "enqueued");
    away = false;
    await statistics.write();
    await statistics.write();
    const minutes = written.flatMap(({ rows }) => rows).filter(({ step }) => step === "minute");
    expect(minutes.map(({ sums }) => sums.enqueued)).toEqual([2, 1]);
  });

  test("does not grow without end while the storage is away", async () => {
    const { written, statistics } = counted(async () => {
      await Promise.resolve();
      if (written.length === 0 && tries++ < 3) throw new Error("away");
    });
    let tries = 0;
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 9000; index++) statistics.count(`task ${round} ${index}`, "enqueued");
      await statistics.write();
    }
    await statistics.write();
    expect(written[0]!.rows.filter(({ step }) => step === "minute").length).toBeLessThanOrEqual(19_000);
  });

  test("closing does not wait for a storage that never answers", async () => {
    const { clock, statistics } = counted(() => new Promise(() => {}));
    statistics.count("add", "enqueued");
    const closed = statistics.close();
    await Promise.resolve();
    clock.moveTo(clock.now() + 1000);
    await closed;
  });

  test("of many ends the last hundred are noted, in order", async () => {
    const { written, statistics } = counted();
    const end = { name: "add", worker: "w", startedMs: undefined, attempts: 1, outcome: "complete" as const };
    for (let index = 0; index < 250; index++) {
      statistics.countEnd({ ...end, id: `${index}`, endedMs: index, ranMs: 1, waitedMs: undefined });
    }
    await statistics.write();
    expect(written[0]!.ends.map((data) => decodeEnd(data)!.id)).toEqual(Array.from({ length: 100 }, (_, at) => `${150 + at}`));
  });
});

describe("noted ends", () => {
  test("come back as they were", () => {
    const noted = {
      id: "a",
      name: "add",
      worker: "w",
      outcome: "failed" as const,
      startedMs: 1000,
      endedMs: 2000,
      attempts: 2,
    };
    const { startedMs, endedMs, ...rest } = noted;
    expect(decodeEnd(encodeEnd(noted))).toEqual({ ...rest, startedAt: new Date(startedMs), endedAt: new Date(endedMs) });
  });

  test("bytes of anybody are no ends", () => {
    const texts = ["", "{", "null", "7", "{}", '{"id":"a","name":"b","worker":"c","outcome":"toString","endedMs":1}'];
    texts.push('{"id":"a","name":"b","worker":"c","outcome":"complete","endedMs":1e300}');
    for (const text of texts) expect(decodeEnd(new TextEncoder().encode(text))).toBeUndefined();
  });
});

describe("stats", () => {
  test("counts each end of an attempt, and the calls", async () => {
    const huey = new TestHuey({ now: NOON, logger: silent });
    let tries = 0;
    const add = huey.task("add", (a: number, b: number) => a + b);
    const flaky = huey.task({ name: "flaky", retries: 2 }, () => {
      if (++tries < 3) throw new Error("not yet");
    });
    const fails = huey.task("fails", () => {
      throw new Error("no");
    });
    const cancels = huey.task("cancels", () => {
      throw new CancelExecution();
    });
    let postponed = false;
    const again = huey.task("again", () => {
      if (!postponed) {
        postponed = true;
        throw new RetryTask();
      }
    });
    await huey.enqueue(add.s(1, 2).andThen(add, 3));
    for (const task of [flaky, fails, cancels, again]) await huey.enqueue(task.s());
    await (await add(1, 1)).revoke();
    await huey.enqueue(add.with({ expires: new Date(NOON.getTime() + 10_000), delay: 20 }).s(1, 1));
    await huey.advance(30);
    const { totals, rows } = await huey.stats();
    expect(totals).toMatchObject({
      enqueued: 8,
      completed: 4,
      failed: 1,
      retried: 2,
      revoked: 1,
      expired: 1,
      canceled: 1,
      dead: 0,
      recovered: 0,
    });
    const [first] = rows.filter(({ taskName }) => taskName === "add");
    expect(first).toMatchObject({ at: MINUTE, enqueued: 4, completed: 2 });
    await huey.close();
  });

  test("tells how long tasks ran and waited", async () => {
    const huey = new TestHuey({ now: NOON, logger: silent });
    let seconds = 0;
    const wait = huey.task("wait", () => new Promise<void>((resolve) => clockOf(huey).startTimer(seconds * 1000, resolve)));
    for (seconds of [1, 1, 1, 10]) {
      await wait();
      await huey.advance(20);
    }
    const { totals } = await huey.stats();
    expect(totals.runMax).toBe(10);
    expect(totals.runMean).toBe(13 / 4);
    expect(Math.abs(totals.runP50! - 1)).toBeLessThan(0.2);
    expect(totals.runP95).toBeGreaterThan(8);
    await huey.close();
  });

  test("has a row for each minute and task, within the range", async () => {
    const huey = new TestHuey({ now: NOON, logger: silent });
    const [one, other] = [huey.task("one", () => {}), huey.task("other", () => {})];
    for (const task of [one, other, one]) {
      await task();
      await huey.advance({ minutes: 1 });
    }
    const names = async (options: Parameters<typeof huey.stats>[0]): Promise<string[]> =>
      (await huey.stats(options)).rows.map(({ at, taskName }) => `${at.getUTCMinutes()} ${taskName}`);
    expect(await names({})).toEqual(["0 one", "1 other", "2 one"]);
    expect(await names({ taskName: "one" })).toEqual(["0 one", "2 one"]);
    expect(await names({ from: new Date(MINUTE.getTime() + 119_999) })).toEqual(["1 other", "2 one"]);
    expect(await names({ to: new Date(MINUTE.getTime() + 120_000) })).toEqual(["0 one", "1 other"]);
    expect(await names({ step: "hour" })).toEqual(["0 one", "0 other"]);
    await huey.close();
  });

  test("of a Huey without statistics tells nothing", async () => {
    const huey = new TestHuey({ now: NOON, stats: false, logger: silent });
    const add = huey.task("add", (a: number, b: number) => a + b);
    await add(1, 2);
    await huey.drain();
    expect((await huey.stats()).rows).toEqual([]);
    expect(await huey.recent()).toEqual([]);
    await huey.close();
  });

  test("wrong options are refused", async () => {
    const huey = new TestHuey({ logger: silent });
    await expect(huey.stats({ step: "day" as never })).rejects.toThrow("step");
    await expect(huey.stats({ since: 1 } as never)).rejects.toThrow('"since"');
    await expect(huey.stats({ from: "yesterday" as never })).rejects.toThrow("from");
    await expect(huey.stats({ from: new Date(2), to: new Date(1) })).rejects.toThrow("after");
    await expect(huey.recent(-1)).rejects.toThrow("limit");
    await huey.close();
  });
});

test("recent tells of the tasks that ended last", async () => {
  const huey = new TestHuey({ now: NOON, logger: silent });
  const add = huey.task("add", (a: number, b: number) => a + b);
  const fails = huey.task({ name: "fails", retries: 1, retryDelay: 5 }, () => {
    throw new Error("no");
  });
  const [first, second] = [await add(1, 2), await fails()];
  await huey.advance(10);
  const recent = await huey.recent();
  expect(recent.map(({ id, name, outcome, attempts }) => ({ id, name, outcome, attempts }))).toEqual([
    { id: second.id, name: "fails", outcome: "failed", attempts: 2 },
    { id: first.id, name: "add", outcome: "complete", attempts: 1 },
  ]);
  expect(recent[0]!.endedAt).toEqual(new Date(NOON.getTime() + 5000));
  expect(await huey.recent(1)).toHaveLength(1);
  await huey.close();
});
