import { describe, expect, test } from "bun:test";
import { StorageError, TaskException, TaskLockedException } from "../../lib/errors.ts";
import { begin, failure, idle, logbook, record, testHuey, waitUntil, work } from "../helpers.ts";

describe("a lock", () => {
  test("is held by one at a time and never waits", async () => {
    const huey = testHuey();
    const lock = huey.lockTask("db-backup");
    expect([lock.name, await lock.isLocked(), await huey.isLocked("db-backup")]).toEqual(["db-backup", false, false]);
    const held = await lock.acquire();
    expect([held.name, await lock.isLocked(), await huey.isLocked("db-backup")]).toEqual(["db-backup", true, true]);
    const error = await failure(huey.lockTask("db-backup").acquire()) as TaskLockedException;
    expect(error).toBeInstanceOf(TaskLockedException);
    expect(error.message).toBe('Lock "db-backup" is held already');
    expect([error.lockName, error.message.includes("db-backup")]).toEqual(["db-backup", true]);
    expect(await failure(lock.acquire())).toBeInstanceOf(TaskLockedException);
    expect([await held.release(), await held.release()]).toEqual([true, false]);
    expect(await lock.isLocked()).toBe(false);
    expect(await (await lock.acquire()).release()).toBe(true);
  });

  test("is released at the end of its scope", async () => {
    const huey = testHuey();
    const lock = huey.lockTask("scope");
    const inside = async (): Promise<void> => {
      await using _held = await lock.acquire();
      expect(await lock.isLocked()).toBe(true);
      throw new Error("out");
    };
    expect((await failure(inside())).message).toBe("out");
    expect(await lock.isLocked()).toBe(false);
  });

  test("locks of other names and other Hueys are others", async () => {
    const huey = testHuey();
    await huey.lockTask("a").acquire();
    expect(await huey.isLocked("b")).toBe(false);
    await huey.lockTask("b").acquire();
    expect(await testHuey().isLocked("a")).toBe(false);
  });

  test("has an owner: who lost it cannot release the next holder's", async () => {
    const huey = testHuey();
    const lock = huey.lockTask("lock");
    const first = await lock.acquire();
    expect([await lock.clear(), await lock.clear()]).toEqual([true, false]);
    const second = await lock.acquire();
    expect(await first.release()).toBe(false);
    expect(await lock.isLocked()).toBe(true);
    expect(await second.release()).toBe(true);
  });

  test("with a ttl ends by itself", async () => {
    const huey = testHuey();
    const lock = huey.lockTask("lock", { ttl: { minutes: 1 } });
    const first = await lock.acquire();
    idle(huey, 59);
    expect(await lock.isLocked()).toBe(true);
    idle(huey, 2);
    expect(await lock.isLocked()).toBe(false);
    const second = await lock.acquire();
    expect([await first.release(), await lock.isLocked(), await second.release()]).toEqual([false, true, true]);
  });

  test("without a ttl stays", async () => {
    const huey = testHuey();
    await huey.lockTask("lock").acquire();
    idle(huey, 1e7);
    expect(await huey.isLocked("lock")).toBe(true);
  });

  test("with slots has several holders", async () => {
    const huey = testHuey();
    const lock = huey.lockTask("lock", { slots: 3 });
    const held = [await lock.acquire(), await lock.acquire()];
    expect(await lock.isLocked()).toBe(false);
    held.push(await lock.acquire());
    expect(await lock.isLocked()).toBe(true);
    expect(await failure(lock.acquire())).toBeInstanceOf(TaskLockedException);
    await held[1]!.release();
    expect(await lock.isLocked()).toBe(false);
    await lock.acquire();
    expect(await lock.clear()).toBe(true);
    expect(await held[0]!.release()).toBe(false);
    for (let n = 0; n < 3; n++) await lock.acquire();
  });

  test("slots of one are no locks of another name", async () => {
    const huey = testHuey();
    const lock = huey.lockTask("lock", { slots: 3 });
    for (let n = 0; n < 3; n++) await lock.acquire();
    const other = await huey.lockTask("lock.1").acquire();
    expect(await lock.clear()).toBe(true);
    expect(await other.release()).toBe(true);
  });

  test("of many that try at once exactly as many as there are slots succeed", async () => {
    const huey = testHuey();
    const lock = huey.lockTask("lock", { slots: 2 });
    const tries = await Promise.allSettled(Array.from({ length: 10 }, () => lock.acquire()));
    expect(tries.filter(({ status }) => status === "fulfilled").length).toBe(2);
  });
});

describe("run and wrap", () => {
  test("run holds the lock while the function runs", async () => {
    const huey = testHuey();
    const lock = huey.lockTask("lock");
    expect(await lock.run(async () => [await lock.isLocked(), "value"])).toEqual([true, "value"]);
    expect(await lock.isLocked()).toBe(false);
    expect((await failure(lock.run(() => Promise.reject(new Error("no"))))).message).toBe("no");
    expect(
      (await failure(lock.run(() => {
        throw new Error("at once");
      }))).message,
    ).toBe("at once");
    expect(await lock.isLocked()).toBe(false);
  });

  test("run is refused while it is held; it is not re-entrant", async () => {
    const huey = testHuey();
    const lock = huey.lockTask("lock");
    expect(await failure(lock.run(() => lock.run(() => 1)))).toBeInstanceOf(TaskLockedException);
    expect(await lock.isLocked()).toBe(false);
  });

  test("wrap gives a function that does the same", async () => {
    const huey = testHuey();
    const lock = huey.lockTask("lock");
    const add = lock.wrap((a: number, b: number) => a + b);
    expect(await add(1, 2)).toBe(3);
    await lock.acquire();
    expect(await failure(add(1, 2))).toBeInstanceOf(TaskLockedException);
  });

  test("a task whose body is wrapped ends as locked", async () => {
    const huey = testHuey();
    const { names } = record(huey);
    const lock = huey.lockTask("reports-lock");
    const report = huey.task("report", lock.wrap(() => "done"));
    const held = await lock.acquire();
    const result = await report();
    await work(huey);
    expect(names).toEqual(["enqueued", "executing", "locked"]);
    expect(await failure(result.get())).toBeInstanceOf(TaskException);
    await held.release();
    const other = await report();
    await work(huey);
    expect(await other.get()).toBe("done");
  });
});

describe("the task option", () => {
  test("a name, or a name with options", async () => {
    const huey = testHuey();
    const seen: boolean[] = [];
    const a = huey.task({ name: "a", lock: "one" }, async () => void seen.push(await huey.isLocked("one")));
    const options = { name: "b", lock: { name: "two", ttl: 60, slots: 1 } };
    const b = huey.task(options, async () => void seen.push(await huey.isLocked("two")));
    await a();
    await b();
    await work(huey);
    expect(seen).toEqual([true, true]);
    expect([await huey.isLocked("one"), await huey.isLocked("two")]).toEqual([false, false]);
  });

  test("a second invocation meanwhile ends as locked", async () => {
    const huey = testHuey();
    const gate = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const task = huey.task({ name: "task", lock: "lock" }, async (n: number) => {
      started.resolve();
      await gate.promise;
      return n;
    });
    const [first, second] = [await task(1), await task(2)];
    const { done } = await begin(huey);
    await started.promise;
    const { names } = record(huey);
    await work(huey);
    expect(names).toEqual(["executing", "locked"]);
    gate.resolve();
    await done;
    expect(await first.get()).toBe(1);
    expect(((await failure(second.get())) as TaskException).cause).toBeInstanceOf(TaskLockedException);
    expect(await huey.isLocked("lock")).toBe(false);
  });

  test("a locked task is retried normally", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", lock: "lock", retries: 1, retryDelay: 10 }, () => "done");
    const held = await huey.lockTask("lock").acquire();
    const { names } = record(huey);
    const result = await task();
    await work(huey);
    expect(names.slice(0, 4)).toEqual(["enqueued", "executing", "locked", "retrying"]);
    await held.release();
    await huey.advance(10);
    result.reset();
    expect(await result.get()).toBe("done");
  });

  test("the lock is released after a failure", async () => {
    const huey = testHuey();
    const fails = huey.task({ name: "fails", lock: "lock" }, () => {
      throw new Error("no");
    });
    await fails();
    await work(huey);
    expect(await huey.isLocked("lock")).toBe(false);
  });
});

describe("the lock of a dead worker", () => {
  test("is freed with its claims", async () => {
    const huey = testHuey();
    const started = Promise.withResolvers<void>();
    let runs = 0;
    const task = huey.task({ name: "task", lock: "lock" }, async () => {
      started.resolve();
      if (++runs === 1) await new Promise(() => {});
      return "second";
    });
    const result = await task();
    await begin(huey); // and never ends
    await started.promise;
    expect(await huey.isLocked("lock")).toBe(true);
    await huey.storage.recover({ consumer: "consumer-1" });
    expect(await huey.isLocked("lock")).toBe(false);
    await work(huey);
    expect(await result.get()).toBe("second");
  });

  test("also when it was taken in the body", async () => {
    const huey = testHuey();
    const started = Promise.withResolvers<void>();
    const task = huey.task("task", async () => {
      await huey.lockTask("inner").acquire();
      started.resolve();
      await new Promise(() => {});
    });
    await task();
    await begin(huey);
    await started.promise;
    expect(await huey.isLocked("inner")).toBe(true);
    await huey.storage.recover({ consumer: "consumer-1" });
    expect(await huey.isLocked("inner")).toBe(false);
  });

  test("with the settlement, unless it has a ttl: as a debounce it outlives the task", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", lock: "of the task" }, async (keep: string | undefined) => {
      await huey.lockTask("debounce", { ttl: 60 }).acquire();
      if (keep !== undefined) await huey.lockTask(keep).acquire();
    });
    await task(undefined);
    await work(huey);
    expect([await huey.isLocked("of the task"), await huey.isLocked("debounce")]).toEqual([false, true]);
    await huey.flushLocks();
    await task("not released");
    await work(huey);
    expect([await huey.isLocked("not released"), await huey.isLocked("debounce")]).toEqual([false, true]);
  });

  test("one with a ttl is renewed while its task runs, and no longer", async () => {
    const huey = testHuey();
    const { locks } = huey.storage;
    const renew = locks.replaceIfEqual.bind(locks);
    let renewals = 0;
    locks.replaceIfEqual = (key, before, after, ttlMs) => {
      renewals++;
      return renew(key, before, after, ttlMs);
    };
    const lock = huey.lockTask("lock", { ttl: { milliseconds: 90 } });
    const gate = Promise.withResolvers<void>();
    await huey.task("task", async () => {
      await lock.acquire();
      await gate.promise;
    })();
    const { done } = await begin(huey);
    await waitUntil(() => {
      if (renewals < 6) idle(huey, 0.01);
      return renewals === 6;
    });
    expect(await lock.isLocked()).toBe(true);
    gate.resolve();
    await done;
    idle(huey, 1);
    expect(await lock.isLocked()).toBe(false);
    expect(renewals).toBe(6);
  });

  test("a failure to give it back does not take the place of what the function did", async () => {
    const { logger, lines } = logbook();
    const huey = testHuey({ logger });
    const { locks } = huey.storage;
    locks.deleteIfEqual = () => Promise.reject(new StorageError("connection reset"));
    expect(await huey.lockTask("lock").run(() => "done")).toBe("done");
    expect(await failure(huey.lockTask("other").run(() => Promise.reject(new Error("of the function"))))).toMatchObject({
      message: "of the function",
    });
    expect(lines.map(({ level, message }) => [level, message])).toEqual([
      ["error", 'Lock "lock" could not be given back: connection reset'],
      ["error", 'Lock "other" could not be given back: connection reset'],
    ]);
  });

  test("one that was taken outside of tasks stays", async () => {
    const huey = testHuey();
    await huey.lockTask("outside").acquire();
    await huey.task("task", () => 1)();
    await huey.storage.claim(1, { consumer: "dead", worker: "w" });
    await huey.storage.recover({ consumer: "dead" });
    expect(await huey.isLocked("outside")).toBe(true);
  });
});
