/** A storage whose calls fail, are never answered, or lose their reply: one call of an attempt after the other, and all of them for a while. */
import { afterEach, describe, expect, test } from "bun:test";
import { Consumer } from "../../consumer/consumer.ts";
import { StorageError } from "../../lib/errors.ts";
import { chord } from "../../lib/composition/group.ts";
import { Huey } from "../../lib/huey/huey.ts";
import { type Clock, systemClock } from "../../lib/primitives/clock.ts";
import type { Storage } from "../../lib/storage.ts";
import { MemoryStorage } from "../../storage/memory/storage.ts";
import { silent, waitUntil } from "../helpers.ts";

const SLOW = 20_000;
const FAULTS = ["fails", "is never answered", "is carried out, and its reply is lost"] as const;
type Fault = typeof FAULTS[number];

/** Waits are short here; the time of day is that of the machine. */
const hasty: Clock = {
  ...systemClock,
  startTimer: (ms, strike, options) => systemClock.startTimer(ms / 50, strike, options),
};

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function consume(huey: Huey): Promise<Consumer> {
  const consumer = new Consumer(huey, { workers: 2, maxDelay: 0.02, initialDelay: 0.002 });
  ends.push(() => consumer.stop({ graceful: false, grace: 0 }));
  await consumer.start();
  return consumer;
}

type Disturb = (name: string, run: () => Promise<unknown>) => Promise<unknown>;

/** All calls of a storage and of its spaces go through `disturb`. */
function disturbed<T extends object>(target: T, disturb: Disturb, prefix = ""): T {
  return new Proxy(target, {
    get(object, key) {
      const member: unknown = Reflect.get(object, key, object);
      if (typeof member === "object" && member !== null && "peekMany" in member) {
        return disturbed(member, disturb, `${String(key)}.`);
      }
      if (typeof member !== "function") return member;
      const method = member.bind(object) as (...values: unknown[]) => Promise<unknown>;
      if (["close", "check", "listen"].includes(String(key))) return method;
      return (...values: unknown[]) => disturb(prefix + String(key), () => method(...values));
    },
  });
}

/** Disturbs the `nth` call since `arm`. */
class OneFault {
  readonly #fault: Fault;
  readonly #nth: number;
  #left = -1;

  constructor(fault: Fault, nth: number) {
    this.#fault = fault;
    this.#nth = nth;
  }

  arm(): void {
    this.#left = this.#nth;
  }

  readonly call: Disturb = async (name, run) => {
    if (this.#left <= 0 || --this.#left > 0) return await run();
    if (this.#fault === "is never answered") return await new Promise(() => {});
    if (this.#fault === "is carried out, and its reply is lost") await run();
    throw new StorageError(`connection reset during ${name}`);
  };
}

function setup(disturb: Disturb): { huey: Huey; sure: Huey } {
  const storage = new MemoryStorage({ name: "faulty" });
  const make = (storage: Storage): Huey => new Huey({ name: "faulty", storage, logger: silent, clock: hasty });
  ends.push(() => storage.close());
  return { huey: make(disturbed<Storage>(storage, disturb)), sure: make(storage) };
}

for (const delivery of ["at-least-once", "at-most-once"] as const) {
  for (const fault of FAULTS) {
    describe(`${delivery}, when one call of the storage ${fault}`, () => {
      for (let nth = 1; nth <= 9; nth++) {
        test(`no. ${nth} after a failure: the end, its signal and the count of retries stand`, async () => {
          const one = new OneFault(fault, nth);
          const { huey, sure } = setup(one.call);
          const runs: number[] = [];
          const signals: string[] = [];
          const options = {
            name: "flaky",
            retries: 1,
            context: true,
            delivery,
            lock: "flaky",
            rateLimit: { limit: 9, per: 60 },
          } as const;
          const flaky = huey.task(options, ({ attempt }) => {
            runs.push(attempt);
            if (attempt === 1) one.arm();
            throw new Error("no luck");
          });
          const told: unknown[] = [];
          const callback = huey.task("callback", (values: Error[]) => void told.push(...values.map(({ message }) => message)));
          huey.signal((signal, task) => void (task.name === "flaky" && signals.push(signal)));
          await sure.revokeAll(sure.task("another", () => {}));
          await huey.enqueue(chord([flaky.s()], callback));
          const consumer = await consume(huey);
          await waitUntil(() => told.length > 0);
          await consumer.waitFor("idle");
          expect([told, runs]).toEqual([["no luck"], [1, 2]]);
          // Another slot may have the retry before this one knows that it was written.
          const attempts = signals.filter((signal) => signal !== "enqueued" && signal !== "executing");
          expect(attempts.sort()).toEqual(["error", "error", "retrying"]);
          expect(await sure.isLocked("flaky")).toBe(false);
        }, SLOW);
      }

      for (let nth = 1; nth <= 6; nth++) {
        test(`no. ${nth} after a success: it is told once, and its lock is free`, async () => {
          const one = new OneFault(fault, nth);
          const { huey, sure } = setup(one.call);
          const signals: string[] = [];
          let hooks = 0;
          huey.signal((signal) => void signals.push(signal));
          huey.postExecute(() => void hooks++);
          const charge = huey.task({ name: "charge", delivery, lock: "card" }, () => {
            one.arm();
            return "charged";
          });
          const { id } = await charge();
          await consume(huey);
          expect(await sure.result(id, { blocking: true })).toBe("charged");
          await waitUntil(async () => signals.at(-1) === "complete" && !await sure.isLocked("card"));
          expect([signals, hooks]).toEqual([["enqueued", "executing", "complete"], 1]);
        }, SLOW);
      }

      for (let nth = 1; nth <= 6; nth++) {
        test(`no. ${nth} after the start of the consumer: every task runs`, async () => {
          const one = new OneFault(fault, nth);
          const { huey, sure } = setup(one.call);
          const ran = new Set<number>();
          const add = huey.task({ name: "add", delivery, lock: { name: "add", slots: 10 } }, (n: number) => void ran.add(n));
          const { map } = sure.task("add", (_: number) => {});
          await add.map([1, 2, 3]);
          const consumer = await consume(huey);
          one.arm();
          await map([4, 5, 6]);
          await waitUntil(() => ran.size === 6);
          await consumer.waitFor("idle");
        }, SLOW);
      }
    });
  }
}

describe("a storage that is down", () => {
  test("for long: what has ended meanwhile is settled when it is back, and nothing stays claimed", async () => {
    let down = false;
    let failed = 0;
    const { huey, sure } = setup((name, run) => {
      if (!down) return run();
      failed++;
      return Promise.reject(new StorageError(`down: ${name}`));
    });
    const gate = Promise.withResolvers<void>();
    let runs = 0;
    const fetchIt = huey.task({ name: "fetchIt", retries: 3 }, async () => {
      if (++runs > 1) return "fetched";
      await gate.promise;
      throw new Error("upstream is down too");
    });
    await consume(huey);
    const { id } = await fetchIt();
    await waitUntil(() => runs === 1);
    down = true;
    gate.resolve();
    await waitUntil(() => failed > 5);
    down = false;
    expect(await sure.result(id, { blocking: true })).toBe("fetched");
    expect([runs, await sure.pendingCount()]).toEqual([2, 0]);
  }, SLOW);

  for (const how of ["fails", "is never answered"] as const) {
    test(`when each call ${how}, a forced stop ends, after the shutdown hooks`, async () => {
      let down = false;
      const { huey } = setup((name, run) => {
        if (!down) return run();
        return how === "fails" ? Promise.reject(new StorageError(`down: ${name}`)) : new Promise(() => {});
      });
      let hooks = 0;
      huey.onShutdown(() => void hooks++);
      const started = Promise.withResolvers<void>();
      for (const delivery of ["at-least-once", "at-most-once"] as const) {
        const slow = huey.task({ name: delivery, delivery }, () => {
          if (delivery === "at-most-once") started.resolve();
          return new Promise(() => {});
        });
        await slow();
      }
      const consumer = await consume(huey);
      await started.promise;
      down = true;
      await consumer.stop({ graceful: false, grace: 0 });
      expect(hooks).toBe(1);
    }, SLOW);
  }

  test("while a consumer starts: it does nothing more once it was stopped", async () => {
    const gate = Promise.withResolvers<void>();
    const late: string[] = [];
    let stopped = false;
    const { huey, sure } = setup(async (name, run) => {
      if (stopped) late.push(name);
      else await gate.promise;
      return await run();
    });
    // Of a storage in memory nobody else sees the lease: say that others do.
    Object.defineProperty(huey.storage, "shared", { value: true, configurable: true });
    const consumer = new Consumer(huey, { healthCheckInterval: 0.1 });
    const starting = consumer.start();
    await consumer.stop({ graceful: false, grace: 0 });
    stopped = true;
    gate.resolve();
    await starting;
    await waitUntil(async () => (await sure.storage.leases()).length === 0);
    const before = late.length;
    await sure.task("work", () => {})();
    await new Promise((resolve) => hasty.startTimer(20_000, () => resolve(undefined)));
    expect(late.length).toBe(before);
    expect(await sure.pendingCount()).toBe(1);
  }, SLOW);
});
