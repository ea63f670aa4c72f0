/** What is kept of each attempt of a task: its error with the stack, its times, what it logged. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { coreOf } from "../../lib/core/core.ts";
import { decodeMessage } from "../../lib/core/codec.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { MOST_ATTEMPTS, MOST_HISTORY_BYTES } from "../../lib/message/history.ts";
import type { AttemptRecord, Message } from "../../lib/message/message.ts";
import { readInvocationDetails } from "../../lib/operation/invocation_details.ts";
import { timelineOf } from "../../lib/operation/timeline.ts";
import { failClaim } from "../../lib/execution/end_claims.ts";
import { Serializer } from "../../lib/serializer/serializer.ts";
import type { Item } from "../../lib/storage.ts";
import type { Place } from "../faults/storages.ts";
import { claim, lostCount, memory, NOON, OWNER, run, testHuey, work } from "../helpers.ts";
import { on, STORAGES } from "../operated.ts";

async function messageOf(huey: Huey, item: Item): Promise<Message> {
  return await decodeMessage(coreOf(huey)!, item);
}

async function waiting(huey: Huey): Promise<Item> {
  const { storage } = coreOf(huey)!;
  return ([...await storage.pending(1), ...await storage.scheduled(1)][0])!;
}

/** The lines of the timeline. */
async function told(huey: Huey, id: string, nowMs = NOON): Promise<string[]> {
  const found = await readInvocationDetails(coreOf(huey)!, id);
  return timelineOf(found!, nowMs).map(({ text, more }) => more === undefined ? text : `${text}: ${more}`);
}

describe.each(STORAGES)("%s", (_name, open) => {
  let place: Place;
  let huey: Huey;
  beforeEach(async () => {
    place = await open();
    huey = on(place);
  });
  afterEach(async () => await place.end());

  test("each attempt leaves its error, its times, its worker and its lines", async () => {
    const task = huey.task({ name: "pay", context: true, retries: 2 }, (context, to: string) => {
      context.logger.info(`pays ${to}, attempt ${context.attempt}`);
      throw new RangeError(`no luck ${context.attempt}`);
    });
    const { id } = await task("ada");
    expect((await messageOf(huey, await waiting(huey))).history).toBeUndefined();
    await run(huey, (await claim(huey)).claims[0]!);
    const between = await readInvocationDetails(coreOf(huey)!, id);
    expect(between!.error!.text).toBe("RangeError: no luck 1");
    expect(between!.error!.stack).toContain("attempt_history.test.ts");
    await work(huey);
    const [letter] = await huey.deadLetters();
    expect(letter!.history.map(({ attempt, outcome, error, worker, consumer, deliveries, times, dueAt, log }) => {
      expect([worker, consumer, deliveries, times, dueAt]).toEqual([OWNER.worker, OWNER.consumer, 1, 1, undefined]);
      expect(error!.stack).toContain("attempt_history.test.ts");
      return [attempt, outcome, error!.message, log.map(({ level, text }) => `${level} ${text}`)];
    })).toEqual([1, 2, 3].map((n) => [n, "error", `no luck ${n}`, [`info pays ada, attempt ${n}`]]));
    for (const { startedAt, endedAt } of letter!.history) {
      expect(endedAt.getTime()).toBeGreaterThanOrEqual(startedAt!.getTime());
      expect(startedAt!.getTime()).toBeGreaterThan(Date.now() - 60_000);
    }
    expect(letter!.error!.message).toBe("no luck 3");
  });

  test("a run by hand begins a history of its own, and a task that succeeds leaves none", async () => {
    let fails = true;
    const task = huey.task({ name: "pay", retries: 1 }, () => {
      if (fails) throw new Error("no luck");
    });
    const { id } = await task();
    await work(huey);
    await huey.retry(id);
    expect((await messageOf(huey, await waiting(huey))).history).toBeUndefined();
    fails = false;
    await work(huey);
    expect((await readInvocationDetails(coreOf(huey)!, id))?.history ?? []).toEqual([]);
  });

  test("an attempt whose worker died tells how often it was handed out", async () => {
    const task = huey.task({ name: "pay", retries: 1 }, () => {
      throw new Error("no luck");
    });
    const { id } = await task();
    const { claims: [taken] } = await claim(huey);
    await failClaim(coreOf(huey)!, { ...taken!, deliveries: 2 }, new Error("the process was killed"));
    await work(huey);
    const [letter] = await huey.deadLetters();
    expect(letter!.history.map(({ deliveries, startedAt, error }) => [deliveries, startedAt === undefined, error!.message]))
      .toEqual([
        [2, true, "the process was killed"],
        [1, false, "no luck"],
      ]);
    expect(await told(huey, id)).toContain("Attempt 1 failed: tried again at once");
  });

  test("what a stranger has stored as a history is set aside, or told within bounds", async () => {
    const ran: string[] = [];
    huey.task({ name: "pay", retries: 1 }, (to: string) => {
      ran.push(to);
      throw new Error("no luck");
    });
    const good: AttemptRecord = { attempt: 1, outcome: "<b>", endedAt: 1 };
    const bad: unknown[] = [
      "x",
      1,
      {},
      [1],
      [null],
      [{}],
      [{ ...good, endedAt: 1e300 }],
      [{ ...good, attempt: -1 }],
      [{ ...good, outcome: 7 }],
      [{ ...good, startedAt: "x" }],
      [{ ...good, error: "x" }],
      [{ ...good, error: { name: 1, message: "" } }],
      [{ ...good, error: { name: "", message: "x".repeat(1e6) } }],
      [{ ...good, log: "x" }],
      [{ ...good, log: [{}] }],
      [{ ...good, log: Array(200).fill({ at: 1, level: "info", text: "" }) }],
      Array(1000).fill(good),
      [{ ...good, worker: {} }],
      [{ ...good, times: 1.5 }],
      [{ ...good, error: { name: "", message: "", stack: ["x"] } }],
    ];
    const core = coreOf(huey)!;
    const put = async (id: string, history: unknown): Promise<void> => {
      const message = { v: 1, id, name: "pay", args: [id], retries: 1, attempt: 3, history };
      const data = await core.serializer.serialize(message, { purpose: "message", queue: core.storage.name, id });
      await core.storage.enqueue([{ id, data, priority: 0, track: true }]);
    };
    for (const [at, history] of bad.entries()) await put(`bad ${at}`, history);
    const large = { name: "E", message: "m".repeat(1200), stack: "s".repeat(6000) };
    await put(
      "good",
      Array(20).fill({ ...good, error: large, log: Array(80).fill({ at: 1, level: "?", text: "t".repeat(1200) }) }),
    );
    await work(huey);
    expect([await lostCount(huey), [...new Set(ran)]]).toEqual([bad.length, ["good"]]);
    const letter = (await huey.deadLetters({ kind: "failed" }))[0]!;
    expect(letter.history).toHaveLength(MOST_ATTEMPTS + 1);
    expect(letter.data.length).toBeLessThan(4 * MOST_HISTORY_BYTES);
    expect(letter.history[0]).toMatchObject({ outcome: "error", error: { name: "E" } });
  });
});

test("the timeline: called, scheduled, each attempt with its end and its pause, and the end", async () => {
  const huey = testHuey();
  const task = huey.task({ name: "pay", retries: 2, retryDelay: 10, retryBackoff: 3 }, () => {
    throw new Error("no luck");
  });
  const { id } = await task.schedule({ delay: 60 });
  expect(await told(huey, id)).toEqual(["Enqueued", "Due"]);
  await huey.advance(65);
  expect(await told(huey, id, NOON + 65_000)).toEqual([
    "Enqueued",
    "Was due",
    "Started",
    "Attempt 1 failed: ran for 0 s · tried again after 10 s",
    "Next attempt",
  ].map((line) => line === "Started" ? expect.stringMatching(/^Started/) as unknown as string : line));
  await huey.advance(60);
  expect((await told(huey, id)).map((line) => line.replace(/: on .*/, ""))).toEqual([
    "Enqueued",
    "Was due",
    "Started",
    "Attempt 1 failed: ran for 0 s · tried again after 10 s",
    "Started, attempt 2",
    "Attempt 2 failed: ran for 0 s · tried again after 30 s",
    "Started, attempt 3",
    "Attempt 3 failed: ran for 0 s",
    "Failed for good",
  ]);
});

test("an attempt that was made before it was due tells when it was made", async () => {
  const huey = testHuey();
  const task = huey.task({ name: "pay", retries: 1, retryDelay: 3600 }, () => {
    throw new Error("no luck");
  });
  const { id } = await task.schedule({ delay: 3600 });
  await huey.runNow(id);
  await huey.drain();
  await huey.advance(10);
  await huey.runNow(id);
  await huey.drain();
  const lines = (await told(huey, id)).map((line) => line.replace(/: on .*/, ""));
  expect(lines).toEqual([
    "Enqueued",
    "Started",
    "Attempt 1 failed: ran for 0 s · tried again after 10 s",
    "Started, attempt 2",
    "Attempt 2 failed: ran for 0 s",
    "Failed for good",
  ]);
});

test("ten thousand retries keep the last attempts, within a bound", async () => {
  const huey = memory();
  const task = huey.task({ name: "pay", retries: 10_000 }, () => {
    throw new Error("é\u0000".repeat(500_000));
  });
  const { id } = await task();
  const core = coreOf(huey)!;
  for (let n = 0; n < 40; n++) {
    await core.storage.promoteDue(10);
    const { claims: [taken] } = await claim(huey);
    if (taken === undefined) break;
    await run(huey, taken);
  }
  const message = await messageOf(huey, await waiting(huey));
  expect(message.history!.length).toBe(MOST_ATTEMPTS);
  expect((await waiting(huey)).data.length).toBeLessThan(MOST_HISTORY_BYTES + 2000);
  expect(await told(huey, id)).toContain(`Attempts 1 to ${message.attempt! - MOST_ATTEMPTS}: not kept any more`);
});

test("a task that is put off again and again keeps one line of that, and its failures", async () => {
  const huey = testHuey();
  const task = huey.task({ name: "pay", retries: 5, retryDelay: 1, rateLimit: { name: "bank", limit: 1, per: 1000 } }, () => {
    throw new Error("no luck");
  });
  const { id } = await task();
  await huey.drain();
  for (let n = 0; n < 20; n++) await huey.advance(100);
  const { history } = (await readInvocationDetails(coreOf(huey)!, id))!;
  expect(history.map(({ outcome }) => outcome)).toEqual(["rate-limited", "error", "rate-limited", "error", "rate-limited"]);
});

test("a lock that is held many times is one entry", async () => {
  const huey = memory();
  const task = huey.task({ name: "pay", retries: 50, lock: "bank" }, () => {});
  await task();
  await huey.lockTask("bank").acquire();
  for (let n = 0; n < 8; n++) await run(huey, (await claim(huey)).claims[0]!);
  const { history } = await messageOf(huey, await waiting(huey));
  expect(history).toMatchObject([{ attempt: 1, outcome: "locked", times: 8 }]);
  expect(history![0]!.error!.stack).toBeUndefined();
});

test("a long message does not hide where it was thrown", async () => {
  const huey = memory();
  const task = huey.task({ name: "pay", retries: 1 }, () => {
    throw new Error("m".repeat(1_000_000));
  });
  await task();
  await run(huey, (await claim(huey)).claims[0]!);
  const [ended] = (await messageOf(huey, await waiting(huey))).history!;
  expect(ended!.error!.stack).toContain("attempt_history.test.ts");
  expect(ended!.error!.message.length).toBe(300);
});

test("where the serializer takes no more, the task is tried again all the same, and its error is kept", async () => {
  const huey = memory({ serializer: new Serializer({ maxBytes: 900 }) });
  const task = huey.task({ name: "pay", retries: 2, context: true }, (context) => {
    for (let n = 0; n < 20; n++) context.logger.info("x".repeat(300));
    const error = new Error("no luck");
    error.stack = "Error: no luck\n  at pay";
    throw error;
  });
  await task();
  expect(await work(huey)).toBe(3);
  const [letter] = await huey.deadLetters();
  expect(letter).toMatchObject({ attempts: 3, error: { message: "no luck" }, history: [] });
});

test("immediate mode, pipelines and chords: the history is that of one task and goes to none that follows", async () => {
  const huey = memory({ immediate: true });
  const seen: unknown[] = [];
  const fails = huey.task({ name: "fails", retries: 2, context: true }, (context): number => {
    if (context.attempt < 3) throw new Error(`no luck ${context.attempt}`);
    return 1;
  });
  const next = huey.task({ name: "next", context: true }, (context, n: number) => {
    seen.push((context as unknown as { message: Message }).message.history);
    throw new Error(`not ${n}`);
  });
  await huey.enqueue(fails.s().andThen(next));
  const [letter, ...others] = await huey.deadLetters();
  expect([seen, others]).toEqual([[undefined], []]);
  expect(letter!.history).toMatchObject([{ attempt: 1, worker: "", error: { message: "not 1" } }]);
});
