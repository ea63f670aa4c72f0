/** Tasks that failed for good: kept with their message and error, looked at, tried again. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chord } from "../../lib/composition/group.ts";
import { TaskTimeout, WorkerLostError } from "../../lib/errors.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import type { Burial } from "../../lib/storage.ts";
import type { Place } from "../faults/storages.ts";
import { claim, failure, memory, promote, record, refusal, run, work } from "../helpers.ts";
import { on, STORAGES } from "../operated.ts";

/** A task that fails as long as it is told to. */
function fragile(huey: Huey, options: object = {}) {
  const state = { fails: true, runs: 0 };
  const task = huey.task({ name: "fragile", ...options }, (text: string) => {
    state.runs++;
    if (state.fails) throw new RangeError(`no luck with ${text}`);
    return `${text} done`;
  });
  return { state, task };
}

describe.each(STORAGES)("%s", (_name, open) => {
  let place: Place;
  let huey: Huey;
  beforeEach(async () => {
    place = await open();
    huey = on(place);
  });
  afterEach(async () => await place.end());

  test("one that failed is kept with its message, its error and its attempts", async () => {
    const { task } = fragile(huey, { retries: 2 });
    const result = await task("pay");
    expect(await work(huey)).toBe(3);
    const [letter, ...others] = await huey.deadLetters();
    expect(others).toEqual([]);
    expect(letter).toMatchObject({ kind: "failed", taskId: result.id, taskName: "fragile", attempts: 3 });
    expect(letter!.error).toMatchObject({ name: "RangeError", message: "no luck with pay" });
    expect(letter!.error!.stack).toContain("failed_tasks.test.ts");
    expect(letter!.reason).toBe("RangeError: no luck with pay");
    expect([letter!.task?.args, letter!.task?.id]).toEqual([["pay"], result.id]);
    expect(await huey.deadLetterCount({ kind: "failed" })).toBe(1);
  });

  test("what readers, chords and error handlers see does not change by it", async () => {
    const { task } = fragile(huey);
    const handled: string[] = [];
    const handler = huey.task("handler", (error: Error) => void handled.push(error.message));
    const list = huey.task("list", (values: unknown[]) => values.map((value) => (value as Error).message));
    const plain = await task("a");
    const chorded = await huey.enqueue(chord([task.s("b").onError(handler)], list));
    await work(huey);
    expect((await plain.state()).state).toBe("failed");
    expect((await failure(plain.get({ blocking: true }))).message).toBe("RangeError: no luck with a");
    expect(await chorded.get({ blocking: true }) as unknown).toEqual(["no luck with b"]);
    expect(handled).toEqual(["no luck with b"]);
    expect(await huey.deadLetterCount({ kind: "failed" })).toBe(2);
  });

  test("a retry is a new run under the same id: with all its retries, and readers wait again", async () => {
    const { state, task } = fragile(huey, { retries: 1 });
    const { names } = record(huey);
    const result = await task("pay");
    await work(huey);
    expect((await result.state()).state).toBe("failed");
    names.length = 0;
    expect([await huey.retry(result.id), await huey.retry(result.id)]).toEqual([true, false]);
    expect(names).toEqual(["enqueued"]);
    expect([(await result.state()).state, await result.isReady(), await huey.deadLetterCount()]).toEqual(["waiting", false, 0]);
    expect((await huey.pending())[0]).toMatchObject({ id: result.id, retries: 1 });
    expect(await work(huey)).toBe(2);
    expect((await huey.deadLetters())[0]).toMatchObject({ attempts: 2 });
    state.fails = false;
    expect(await huey.retry((await huey.deadLetters())[0]!.id)).toBe(true);
    await work(huey);
    expect([await result.get({ blocking: true }), state.runs]).toEqual(["pay done", 5]);
  });

  test("the steps behind it follow after all, and their readers wait again", async () => {
    const { state, task } = fragile(huey);
    const shout = huey.task("shout", (text: string) => text.toUpperCase());
    const [first, second] = [...await huey.enqueue(task.s("pay").andThen(shout))];
    await work(huey);
    expect((await second!.state()).state).toBe("canceled");
    state.fails = false;
    expect(await huey.retry(first!.id)).toBe(true);
    expect((await second!.state()).state).toBe("unknown");
    await work(huey);
    expect([await first!.get({ blocking: true }), await second!.get({ blocking: true })] as unknown[]).toEqual([
      "pay done",
      "PAY DONE",
    ]);
  });

  test("a chord is not told again; its callback, tried again, has the values that it had", async () => {
    const { state, task } = fragile(huey);
    let sums = 0;
    const sum = huey.task("sum", (values: unknown[]) => {
      if (++sums < 3) throw new Error("cannot add");
      return values.length;
    });
    const one = huey.task("one", () => 1);
    const result = await huey.enqueue(chord([task.s("a"), one.s()], sum));
    await work(huey);
    const [member] = await huey.deadLetters({ taskName: "fragile" });
    state.fails = false;
    expect([await huey.retry(member!.id), await work(huey), sums]).toEqual([true, 1, 1]);
    expect([await huey.retry(result.callback.id), await work(huey), sums]).toEqual([true, 1, 2]);
    expect([await huey.retry(result.callback.id), await work(huey), sums]).toEqual([true, 1, 3]);
    expect([await result.get({ blocking: true }), await huey.deadLetterCount()]).toEqual([2, 0]);
  });

  test("of many who try at once, one is told true, and it runs once", async () => {
    const { state, task } = fragile(huey);
    const result = await task("pay");
    await work(huey);
    state.fails = false;
    const tried = await Promise.all(Array.from({ length: 20 }, () => huey.retry(result.id)));
    expect(tried.filter(Boolean)).toEqual([true]);
    expect([await work(huey), state.runs, await huey.deadLetterCount()]).toEqual([1, 2, 0]);
  });

  test("all of a task, of a kind, or before a time", async () => {
    const { state, task } = fragile(huey);
    const other = huey.task("other", () => {
      throw new Error("no");
    });
    await task.map(["a", "b", "c"]);
    await other();
    await huey.storage.enqueue([{ id: "odd", data: new Uint8Array([1]), priority: 0, track: true }]);
    await work(huey);
    expect(await huey.deadLetterCount()).toBe(5);
    expect((await huey.deadLetters({ kind: "unreadable" })).map(({ taskId, task, error }) => [taskId, task, error])).toEqual([
      ["odd", undefined, undefined],
    ]);
    expect(await huey.deadLetters({ before: new Date(0) })).toEqual([]);
    expect((await huey.deadLetters(2)).length).toBe(2);
    expect(await huey.retryAll({ taskName: "fragile", before: new Date(0) })).toBe(0);
    expect(await huey.retryAll({ taskName: "fragile", limit: 2 })).toBe(2);
    expect(await huey.retryAll({ taskName: "fragile" })).toBe(1);
    state.fails = false;
    expect(await work(huey)).toBe(3);
    expect(await huey.retryAll({ kind: "failed" })).toBe(1);
    await work(huey);
    expect(await huey.deadLetterCount()).toBe(2);
  });

  test("what fails again while all are tried is not tried for ever", async () => {
    const { state, task } = fragile(huey);
    await task.map(["a", "b", "c"]);
    await work(huey);
    const storage = huey.storage;
    const requeue = storage.requeueDeadLetter.bind(storage);
    storage.requeueDeadLetter = async (id, item, others) => {
      const enqueued = await requeue(id, item, others);
      await work(huey);
      return enqueued;
    };
    expect([await huey.retryAll(), state.runs, await huey.deadLetterCount()]).toEqual([3, 6, 3]);
  });

  test("what was set aside by a clock that is ahead is tried too, and pages are gone through to their end", async () => {
    const { state, task } = fragile(huey, { unique: true });
    const letter = (id: string, atMs: number): Burial => {
      return { id: `letter ${id}`, kind: "failed", reason: "no", atMs, data: data.get(id)!, taskId: id, taskName: "fragile" };
    };
    const data = new Map<string, Uint8Array>();
    const results = [...await task.map(Array.from({ length: 620 }, (_, n) => String(n)))];
    for (const { id, data: bytes } of await huey.storage.pending()) data.set(id, bytes);
    await huey.flush({ queue: true });
    const nowMs = Date.now();
    for (const [n, { id }] of results.entries()) {
      // More than a page of them in one millisecond, others in the future.
      const bury = letter(id, n < 520 ? nowMs : nowMs + 1000 * n);
      await huey.storage.settle({ id, ending: "failed", noticeTtlMs: 60_000, bury });
    }
    // The keys of every other one are held.
    await task.map(Array.from({ length: 310 }, (_, n) => String(2 * n)));
    state.fails = false;
    expect([await huey.retryAll({ limit: 300 }), await huey.deadLetterCount()]).toEqual([300, 320]);
    expect([await huey.retryAll(), await huey.deadLetterCount()]).toEqual([10, 310]);
    await huey.flush({ queue: true });
    expect([await huey.retryAll({ limit: 10_000 }), await huey.deadLetterCount()]).toEqual([310, 0]);
  }, 60_000);

  test("it goes after its time, with the next one that fails, or when there are too many", async () => {
    const few = on(place, { keepFailed: { count: 2 } });
    const { task } = fragile(few);
    for (const text of ["a", "b", "c"]) {
      await task(text);
      await work(few);
    }
    expect((await few.deadLetters()).map(({ task }) => task?.args[0]).toSorted()).toEqual(["b", "c"]);
  });

  test("none is kept with keepFailed: false, and flush and delete take those that are", async () => {
    const none = on(place, { keepFailed: false });
    await fragile(none).task("a");
    await work(none);
    expect(await none.deadLetterCount()).toBe(0);
    const { task } = fragile(huey);
    const results = [...await task.map(["a", "b", "c"])];
    await work(huey);
    const [letter] = await huey.deadLetters();
    expect([await huey.deleteDeadLetter(letter!.id), await huey.deleteDeadLetter(letter!.id)]).toEqual([true, false]);
    const left = results.find(({ id }) => id !== letter!.taskId)!;
    expect([await huey.deleteDeadLetter(left.id), await huey.deadLetterCount()]).toEqual([true, 1]);
    await huey.flush({ deadLetters: true });
    expect([await huey.deadLetterCount(), await huey.retryAll()]).toEqual([0, 0]);
  });
});

describe("what is a failure", () => {
  test("a timeout, and a worker that died with the task again and again", async () => {
    const huey = memory({ maxDeliveries: 1 });
    const slow = huey.task({ name: "slow", timeout: 0.01 }, () => new Promise(() => {}));
    const killer = huey.task("killer", () => 1);
    await slow();
    await work(huey);
    await killer();
    const { claims: [first] } = await claim(huey);
    await huey.storage.recover({ consumer: "consumer-1" });
    expect(first).toBeDefined();
    await work(huey);
    const kinds = (await huey.deadLetters()).map(({ kind, error }) => [kind, error?.name]);
    expect(kinds).toEqual([["failed", new WorkerLostError("").name], ["failed", new TaskTimeout("").name]]);
  });

  test("a lock or a rate limit that ends a task without retries; not what is canceled, revoked or expired", async () => {
    const huey = memory();
    const locked = huey.task({ name: "locked", lock: "held" }, () => 1);
    const revoked = huey.task("revoked", () => 1);
    const expired = huey.task({ name: "expired", expires: 0 }, () => 1);
    await huey.lockTask("held").acquire();
    await locked();
    await (await revoked()).revoke();
    await expired();
    await work(huey);
    const letters = await huey.deadLetters();
    expect(letters.map(({ taskName, attempts }) => [taskName, attempts])).toEqual([["locked", 0]]);
  });

  test("an attempt that is followed by another is none", async () => {
    const huey = memory();
    const { task } = fragile(huey, { retries: 1, retryDelay: 60 });
    await task("a");
    await work(huey);
    expect([await huey.deadLetterCount(), await huey.scheduledCount()]).toEqual([0, 1]);
  });

  test("in immediate mode it is kept, and a retry runs it in the call", async () => {
    const huey = memory({ immediate: true });
    const { state, task } = fragile(huey);
    const shout = huey.task("shout", (text: string) => text.toUpperCase());
    const [first, second] = [...await huey.enqueue(task.s("pay").andThen(shout))];
    expect(await huey.deadLetterCount()).toBe(1);
    state.fails = false;
    expect([await huey.retry(first!.id), await second!.get()] as unknown[]).toEqual([true, "PAY DONE"]);
    expect([await huey.deadLetterCount(), await huey.pendingCount()]).toEqual([0, 0]);
  });
});

describe("a retry", () => {
  test("without the task: has the retries, and the delay, that the call was enqueued with", async () => {
    const huey = memory();
    const { task } = fragile(huey, { retries: 5, retryDelay: 60 });
    const result = await task.with({ retries: 2, retryDelay: 1, retryBackoff: 3 })("a");
    for (let attempt = 0; attempt < 3; attempt++) {
      await work(huey);
      for (const { id } of await huey.scheduled()) await huey.runNow(id);
    }
    task.unregister();
    expect(await huey.deadLetterCount({ kind: "failed" })).toBe(1);
    await huey.retry(result.id);
    expect((await huey.pending())[0]).toMatchObject({ retries: 2, retryDelay: 1 });
  });

  test("with the task: has the retries of its definition, an expiry that counts anew, and is due at once", async () => {
    const huey = memory();
    const { task } = fragile(huey, { retries: 1, retryDelay: 60, expires: 3600 });
    const result = await task.with({ retries: 0, eta: new Date(Date.now() + 60_000) })("a");
    expect(await huey.runNow(result.id)).toBe(true);
    await work(huey);
    const before = Date.now();
    await huey.retry(result.id);
    const [again] = await huey.pending();
    expect(again).toMatchObject({ retries: 1, retryDelay: 60, eta: undefined });
    expect(again!.expiresAt!.getTime()).toBeGreaterThanOrEqual(before + 3_600_000);
    expect(again!.expiresAt!.getTime()).toBeLessThan(before + 3_660_000);
  });

  test("of a message that nobody could read puts it back as it was", async () => {
    const huey = memory();
    const data = new TextEncoder().encode("hello");
    await huey.storage.enqueue([{ id: "odd", data, priority: 0, track: true }]);
    await work(huey);
    const [letter] = await huey.deadLetters();
    expect([await huey.requeueDeadLetter(letter!.id), (await huey.storage.pending())[0]!.data]).toEqual([true, data]);
  });

  test("leaves the dead letter and the result of its task when the storage fails", async () => {
    const huey = memory();
    const { task } = fragile(huey);
    const [first] = [...await huey.enqueue(task.s("a").andThen(task))];
    await work(huey);
    const requeue = huey.storage.requeueDeadLetter;
    huey.storage.requeueDeadLetter = () => Promise.reject(new Error("away"));
    expect((await failure(huey.retry(first!.id))).message).toBe("away");
    huey.storage.requeueDeadLetter = requeue;
    expect([(await first!.state()).state, await huey.deadLetterCount()]).toEqual(["failed", 1]);
    expect([await huey.retry(first!.id), await huey.pendingCount()]).toEqual([true, 1]);
  });
});

describe("odd failures", () => {
  test("errors of any shape and size are kept with what can be kept of them", async () => {
    const huey = memory();
    const odd: unknown[] = [
      undefined,
      null,
      "text",
      5n,
      {},
      [],
      Object.assign(new Error("x".repeat(100_000)), { stack: "y".repeat(100_000) }),
      Object.create(null),
      new AggregateError([new Error("a")], "several"),
      new Proxy({}, {
        get() {
          throw new Error("hostile");
        },
      }),
      Symbol("s"),
      Object.assign(new Error(), { name: 5, message: { toString: 1 } }),
    ];
    const task = huey.task("odd", (index: number) => {
      throw odd[index];
    });
    await task.map(odd.map((_, index) => index));
    await work(huey);
    const letters = await huey.deadLetters();
    expect(letters.length).toBe(odd.length);
    for (const { error, reason, kind } of letters) {
      expect([kind, typeof error!.name, typeof error!.message, reason.length > 0]).toEqual([
        "failed",
        "string",
        "string",
        true,
      ]);
      expect(error!.message.length + (error!.stack?.length ?? 0)).toBeLessThan(31_000);
    }
    expect(await huey.retryAll()).toBe(odd.length);
  });

  test("wrong filters and ids are refused by name", async () => {
    const huey = memory();
    await refusal(() => huey.deadLetters({ kind: "dead" as never }), "kind", "failed");
    await refusal(() => huey.deadLetters({ task: "a" } as never), "taskName");
    await refusal(() => huey.deadLetters({ limit: -1 }), "limit");
    await refusal(() => huey.deadLetterCount({ limit: 1 } as never), "limit");
    await refusal(() => huey.retryAll({ before: "yesterday" as never }), "before");
    await refusal(() => huey.retry(""), "id");
    await refusal(() => memory({ keepFailed: { count: 0 } }), "keepFailed.count");
    await refusal(() => memory({ keepFailed: { age: -1 } }), "keepFailed.age");
    await refusal(() => memory({ keepFailed: true as never }), "keepFailed");
    await refusal(() => memory({ keepFailed: { days: 7 } as never }), "age");
  });
});

test("tasks in a claim that was taken over meanwhile are not set aside", async () => {
  const huey = memory();
  const { task } = fragile(huey);
  await task("a");
  const { claims: [first] } = await claim(huey);
  await huey.storage.recover({ consumer: "consumer-1" });
  await run(huey, first!);
  expect([await huey.deadLetterCount(), await huey.pendingCount(), await promote(huey)]).toEqual([0, 1, 0]);
});
