import { afterEach, describe, expect, test } from "bun:test";
import { Worker, type WorkerOptions } from "../../consumer/worker/worker.ts";
import { type Core, coreOf } from "../../lib/core/core.ts";
import { StorageError } from "../../lib/errors.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import type { Claim, Storage } from "../../lib/storage.ts";
import { failure, logbook, memory, OWNER, record } from "../helpers.ts";

const POLL = { initialMs: 1, backoff: 1, maxMs: 1 };
const workers: Worker[] = [];

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop(0)));
});

function makeWorker(huey: Huey, options: Partial<WorkerOptions> = {}): Worker {
  const worker = new Worker(coreOf(huey)!, { slots: 1, owner: OWNER, poll: POLL, logger: coreOf(huey)!.logger, ...options });
  workers.push(worker);
  return worker;
}

/** A task that runs until it is told to end. */
function gates(
  huey: Huey,
): { task: () => Promise<unknown>; begun: () => Promise<void>; open: () => void; running: () => number } {
  const waiting: (() => void)[] = [];
  let seen: (() => void) | undefined;
  const task = huey.task("gate", () => {
    return new Promise<void>((resolve) => {
      waiting.push(resolve);
      seen?.();
    });
  });
  return {
    task: () => task(),
    begun: () => new Promise((resolve) => seen = resolve),
    open: () => waiting.shift()?.(),
    running: () => waiting.length,
  };
}

/** Watches the calls of `claim`. */
function watchClaims(storage: Storage): { limits: number[] } {
  const limits: number[] = [];
  const { claim } = storage;
  storage.claim = (limit, owner) => {
    limits.push(limit);
    return claim.call(storage, limit, owner);
  };
  return { limits };
}

describe("Worker", () => {
  test("runs what is in the queue, in order", async () => {
    const huey = memory();
    const seen: number[] = [];
    const note = huey.task("note", (value: number) => void seen.push(value));
    await note.map([1, 2, 3, 4, 5]);
    const worker = makeWorker(huey);
    worker.resume();
    expect(await worker.idle()).toBe(5);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  test("claims nothing while it pauses, and gives back what comes meanwhile", async () => {
    const huey = memory();
    const note = huey.task("note", (value: number) => value);
    const { storage } = huey;
    const { claim } = storage;
    const [asked, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    storage.claim = async (limit, owner) => {
      asked.resolve();
      await gate.promise;
      return await claim.call(storage, limit, owner);
    };
    await note(1);
    const worker = makeWorker(huey);
    worker.resume();
    await asked.promise;
    const released = new Promise<readonly Claim[]>((resolve) => {
      const { release } = storage;
      storage.release = async (claims) => {
        await release.call(storage, claims);
        resolve(claims);
      };
    });
    await worker.pause();
    gate.resolve();
    expect((await released).length).toBe(1);
    storage.claim = claim;
    await note(2);
    expect([worker.started, await huey.pendingCount()]).toEqual([0, 2]);
    worker.resume();
    expect(await worker.idle()).toBe(2);
    await worker.pause();
    await worker.stop();
    expect(await worker.ended).toBe("stopped");
  });

  test("claims as many as slots are free, and never more", async () => {
    const huey = memory();
    const gate = gates(huey);
    const { limits } = watchClaims(huey.storage);
    for (let index = 0; index < 5; index++) await gate.task();
    const worker = makeWorker(huey, { slots: 3 });
    const begun = gate.begun();
    worker.resume();
    await begun;
    await Promise.resolve();
    expect(gate.running()).toBe(3);
    expect(limits).toEqual([3]);
    expect(await huey.pendingCount()).toBe(2);
    const next = gate.begun();
    gate.open();
    await next;
    expect(limits).toEqual([3, 1]);
    expect(await huey.pendingCount()).toBe(1);
    for (let index = 0; index < 4; index++) gate.open();
    const last = worker.idle();
    while (gate.running() > 0 || await huey.pendingCount() > 0) {
      gate.open();
      await new Promise((resolve) => setTimeout(resolve));
    }
    await last;
  });

  test("replaces attempts that end in the same tick by one claim", async () => {
    const huey = memory();
    const nothing = huey.task("nothing", () => {});
    const { limits } = watchClaims(huey.storage);
    await nothing.map(Array.from({ length: 40 }, () => []));
    const worker = makeWorker(huey, { slots: 10 });
    worker.resume();
    await worker.idle();
    expect(limits.slice(0, 4)).toEqual([10, 10, 10, 10]);
  });

  test("claims the next task while a settlement is under way, and starts it after that", async () => {
    const huey = memory();
    const nothing = huey.task("nothing", () => {});
    await nothing.map([[], []]);
    const { limits } = watchClaims(huey.storage);
    const settled = Promise.withResolvers<void>();
    const started: string[] = [];
    const worker = makeWorker(huey, {
      execute: async (core, claim, options) => {
        started.push(claim.id);
        (options as { onSettle?: (claim: Claim) => void }).onSettle!(claim);
        if (started.length === 1) await settled.promise;
        await core.storage.settle({ claim, id: claim.id, noticeTtlMs: 0 });
      },
    });
    worker.resume();
    while (await huey.pendingCount() > 0) await new Promise((resolve) => setTimeout(resolve));
    expect(limits).toEqual([1, 1]);
    expect(started.length).toBe(1);
    settled.resolve();
    expect(await worker.idle()).toBe(2);
  });

  test("gives back at a stop what was claimed so and has not started", async () => {
    const huey = memory();
    const nothing = huey.task("nothing", () => {});
    await nothing.map([[], []]);
    const settled = Promise.withResolvers<void>();
    const worker = makeWorker(huey, {
      execute: async (core, claim, options) => {
        (options as { onSettle?: (claim: Claim) => void }).onSettle!(claim);
        await settled.promise;
        await core.storage.settle({ claim, id: claim.id, noticeTtlMs: 0 });
      },
    });
    worker.resume();
    while (await huey.pendingCount() > 0) await new Promise((resolve) => setTimeout(resolve));
    const stopped = worker.stop();
    settled.resolve();
    await stopped;
    expect(worker.started).toBe(1);
    expect(await huey.pendingCount()).toBe(1);
  });

  test("lets timers run while it is never out of work", async () => {
    const huey = memory();
    let left = 100_000;
    const again = huey.task("again", async () => {
      if (--left > 0) await again();
    });
    await again();
    const worker = makeWorker(huey);
    worker.resume();
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(left).toBeGreaterThan(0);
    left = 0;
    await worker.idle();
  });

  test("says once that the storage fails, and goes on when it works", async () => {
    const { logger, lines } = logbook();
    const huey = memory({ logger });
    const { claim } = huey.storage;
    let failures = 3;
    const storage: Storage = huey.storage;
    storage.claim = (limit, owner) => {
      return failures-- > 0 ? Promise.reject(new StorageError("no connection")) : claim.call(storage, limit, owner);
    };
    const add = huey.task("add", (a: number, b: number) => a + b);
    const result = await add(1, 2);
    const worker = makeWorker(huey);
    worker.resume();
    expect(await result.get({ blocking: true })).toBe(3);
    const said = lines.filter(({ message }) => message.startsWith("Claiming tasks")).map(({ level }) => level);
    expect(said).toEqual(["error", "debug", "debug", "info"]);
  });

  test("says that it works again also when there is nothing to claim", async () => {
    const { logger } = logbook();
    const over = Promise.withResolvers<string>();
    const huey = memory({ logger: { ...logger, info: over.resolve } });
    const { storage } = huey;
    const { claim } = storage;
    let failures = 1;
    storage.claim = (limit, owner) => {
      if (failures-- > 0) return Promise.reject(new StorageError("no connection"));
      return claim.call(storage, limit, owner);
    };
    makeWorker(huey).resume();
    expect(await over.promise).toContain("Claiming tasks works again");
  });

  test("fails a task that could not be settled for a reason of its own", async () => {
    const huey = memory();
    const core: Core = coreOf(huey)!;
    const add = huey.task("add", (a: number, b: number) => a + b);
    const result = await add(1, 2);
    const worker = makeWorker(huey, { execute: () => Promise.reject(new TypeError("broken inside")) });
    worker.resume();
    const error = await failure(result.get({ blocking: true }));
    expect(error.message).toContain("broken inside");
    expect(await core.storage.claimed(OWNER)).toEqual([]);
  });

  test("stop() waits for what runs and leaves the rest in the queue", async () => {
    const huey = memory();
    const gate = gates(huey);
    await gate.task();
    await gate.task();
    const worker = makeWorker(huey);
    const begun = gate.begun();
    worker.resume();
    await begun;
    const stopped = worker.stop();
    gate.open();
    await stopped;
    expect(await worker.ended).toBe("stopped");
    expect(await huey.pendingCount()).toBe(1);
  });

  test("stop() ends a waiting claim", async () => {
    const worker = makeWorker(memory());
    worker.resume();
    await Promise.resolve();
    await worker.stop();
    expect(await worker.ended).toBe("stopped");
  });

  test("stop() before start() ends it too", async () => {
    const worker = makeWorker(memory());
    await worker.stop();
    expect(await worker.ended).toBe("stopped");
  });

  test("gives back claims that arrive after the stop", async () => {
    const huey = memory();
    const add = huey.task("add", (a: number, b: number) => a + b);
    await add(1, 2);
    const storage: Storage = huey.storage;
    const { claim } = storage;
    const worker = makeWorker(huey);
    storage.claim = async (limit, owner) => {
      const batch = await claim.call(storage, limit, owner);
      void worker.stop();
      return batch;
    };
    worker.resume();
    await worker.ended;
    expect(await huey.pendingCount()).toBe(1);
    expect(worker.started).toBe(0);
  });

  test("stop() with a grace time gives back what still runs after the grace time", async () => {
    const huey = memory();
    const gate = gates(huey);
    const { names } = record(huey);
    await gate.task();
    const worker = makeWorker(huey);
    const begun = gate.begun();
    worker.resume();
    await begun;
    await worker.stop(1);
    expect(names).toEqual(["enqueued", "executing", "interrupted"]);
    expect(await huey.pendingCount()).toBe(1);
    gate.open();
  });

  test("stop() with a grace time lets what ends in the grace time end", async () => {
    const huey = memory();
    const gate = gates(huey);
    await gate.task();
    const worker = makeWorker(huey);
    const begun = gate.begun();
    worker.resume();
    await begun;
    const interrupted = worker.stop(60_000);
    gate.open();
    await interrupted;
    expect(await huey.pendingCount()).toBe(0);
  });

  test("ends after maxTasks attempts", async () => {
    const huey = memory();
    const nothing = huey.task("nothing", () => {});
    await nothing.map(Array.from({ length: 7 }, () => []));
    const worker = makeWorker(huey, { slots: 4, maxTasks: 5 });
    worker.resume();
    expect(await worker.ended).toBe("exhausted");
    expect(worker.started).toBe(5);
    expect(await huey.pendingCount()).toBe(2);
  });

  test("tells of the start and the end of each attempt", async () => {
    const huey = memory();
    const add = huey.task("add", (a: number, b: number) => a + b);
    await add(1, 2);
    const told: string[] = [];
    const worker = makeWorker(huey, {
      onStart: ({ message }) => told.push(`start ${message.name}`),
      onEnd: ({ id }) => told.push(`end ${id.length > 0}`),
    });
    worker.resume();
    await worker.idle();
    expect(told).toEqual(["start add", "end true"]);
  });

  test("aborts the signal of a running task that is revoked", async () => {
    const huey = memory();
    const begun = Promise.withResolvers<void>();
    const wait = huey.task({ name: "wait", context: true, retries: 3 }, ({ signal }) => {
      begun.resolve();
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    });
    const result = await wait();
    const worker = makeWorker(huey);
    worker.resume();
    await begun.promise;
    await result.revoke();
    await worker.idle();
    expect(await result.state()).toMatchObject({ state: "revoked", ended: true });
    expect(worker.started).toBe(1);
  });
});
