/** A call of the storage that is never answered: who waits for it is told, or goes on without it. */
import { describe, expect, test } from "bun:test";
import { Consumer } from "../../consumer/consumer.ts";
import { StorageError } from "../../lib/errors.ts";
import { Huey } from "../../lib/huey/huey.ts";
import type { Storage } from "../../lib/storage.ts";
import type { GetOptions, ResultGroup } from "../../lib/types/results.ts";
import { MemoryStorage } from "../../storage/memory/storage.ts";
import { failure, silent } from "../helpers.ts";

const SLOW = 60_000;
/** A call counts as never answered after so many looks, a second apart, and a little. */
const GIVEN_UP_MS = 20_000;

type Fate = "fails" | "is never answered";

interface Pair {
  /** Its calls meet their fate. */
  readonly huey: Huey;
  /** On the same storage, with nothing in the way. */
  readonly sure: Huey;
  /** From now on. */
  arm(): void;
  /** How many calls have met their fate. */
  readonly met: () => number;
}

/** The first call of a method, `state` or `meta.put`, meets its fate; or the one of a number, whatever it is. */
function pair(which: string | number, fate: Fate = "is never answered"): Pair {
  const storage = new MemoryStorage({ name: "unanswered" });
  let [armed, calls, met] = [false, 0, 0];
  const disturbed = (name: string, call: () => unknown): unknown => {
    const isIt = armed && met === 0 && (typeof which === "number" ? ++calls === which : name === which);
    if (!isIt) return call();
    met++;
    return fate === "fails" ? Promise.reject(new StorageError("The connection broke")) : new Promise(() => {});
  };
  const wrap = <T extends object>(inner: T, prefix: string): T =>
    new Proxy(inner, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (prefix === "" && member !== null && typeof member === "object" && "peekMany" in member) {
          return wrap(member, `${String(name)}.`);
        }
        if (typeof member !== "function" || ["check", "close"].includes(String(name))) {
          return member;
        }
        return (...values: unknown[]) => disturbed(prefix + String(name), () => member.apply(target, values));
      },
    });
  const make = (storage: Storage): Huey => new Huey({ name: "unanswered", storage, logger: silent });
  return { huey: make(wrap(storage, "")), sure: make(storage), arm: () => void (armed = true), met: () => met };
}

/** Fails a test whose promise stays pending. */
async function ends<T>(promise: Promise<T>, what: string, ms: number = GIVEN_UP_MS): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what} did not end`)), ms);
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function all(updates: AsyncIterable<unknown>): Promise<unknown[]> {
  const values = [];
  for await (const value of updates) values.push(value);
  return values;
}

/** Every way to wait for what has not ended. */
const READERS: Readonly<Record<string, (huey: Huey, id: string, handles: ResultGroup<unknown[]>) => Promise<unknown>>> = {
  get: (_huey, _id, [handle]) => handle!.get({ blocking: true }),
  group: (_huey, _id, handles) => handles.get({ blocking: true }),
  result: (huey, id) => huey.result(id, { blocking: true }),
  handle: (huey, id) => huey.handle(id).get({ blocking: true, preserve: true }),
  progressUpdates: (_huey, _id, [handle]) => all(handle!.progressUpdates()),
  asCompleted: (_huey, _id, handles) => all(handles.asCompleted()),
};
const LIMITS: readonly (() => GetOptions)[] = [
  () => ({ timeout: 0.1 }),
  () => ({ timeout: 0.1, preserve: true }),
  () => ({ signal: AbortSignal.timeout(100) }),
];

describe("a call that is never answered", () => {
  test("ends a blocking read, whichever call of it that is", async () => {
    await Promise.all(
      Object.entries(READERS).flatMap(([name, read]) =>
        [1, 2, 3, 4].map(async (which) => {
          const { huey, arm, met } = pair(which);
          const handles = await huey.task("task", () => {}).map([[]]);
          arm();
          const error = await ends(failure(read(huey, [...handles][0]!.id, handles)), `${name}, call ${which}`);
          expect([name, error instanceof StorageError, met()]).toEqual([name, true, 1]);
        })
      ),
    );
  }, SLOW);

  test("does not keep a blocking read beyond its time limit, or its signal", async () => {
    await Promise.all(LIMITS.flatMap((limit) =>
      [1, 2, 3, 4].map(async (which) => {
        const { huey, arm, met } = pair(which);
        const result = await huey.task("task", () => {})();
        arm();
        const options = limit();
        const error = await ends(failure(result.get({ blocking: true, ...options })), `call ${which}`, 4000);
        expect([error.name, met()]).toEqual([options.signal ? "TimeoutError" : "ResultTimeout", 1]);
      })
    ));
  }, SLOW);

  test("does not spoil a read that comes later", async () => {
    const { huey, sure, arm } = pair("results.pop");
    const result = await huey.task("task", () => 7)();
    sure.task("task", () => 7);
    arm();
    expect(await ends(failure(result.get({ blocking: true })), "the read")).toBeInstanceOf(StorageError);
    await using consumer = new Consumer(sure);
    await consumer.start();
    expect(await ends(result.get({ blocking: true }), "the second read")).toBe(7);
  }, SLOW);

  test("does not hold up a scheduler, also without health checks", async () => {
    await Promise.all(["dueMs", "promoteDue"].map(async (call) => {
      const { huey, sure, arm, met } = pair(call);
      const task = huey.task("task", () => 7);
      await using consumer = new Consumer(huey, { checkWorkerHealth: false });
      await consumer.start();
      arm();
      const { id } = await task.schedule({ delay: 0.05 });
      expect(await ends(sure.result(id, { blocking: true }), call)).toBe(7);
      expect(met()).toBe(1);
    }));
  }, SLOW);

  test("does not hold up a stop, where it counts dead letters", async () => {
    const { huey, sure, arm, met } = pair("deadLetterCount");
    const consumer = new Consumer(huey);
    await consumer.start();
    arm();
    await huey.storage.enqueue([{ id: "bad", data: new Uint8Array([1, 2, 3]), priority: 0, track: true }]);
    expect(await ends(failure(sure.result("bad", { blocking: true })), "the message")).toBeInstanceOf(Error);
    await ends(consumer.stop(), "the stop");
    expect(met()).toBe(1);
  }, SLOW);
});

test("a task does not fail because its progress could not be stored at once", async () => {
  const fates = ["fails", "is never answered"] as const;
  await Promise.all(fates.flatMap((fate) =>
    ["meta.peek", "meta.put"].map(async (call) => {
      const { huey, sure, arm, met } = pair(call, fate);
      let runs = 0;
      const task = huey.task({ name: "task", context: true }, async (context, n: number) => {
        runs++;
        arm();
        await context.setProgress(n);
        return n;
      });
      await using consumer = new Consumer(huey);
      await consumer.start();
      const { id } = await task(7);
      expect([call, fate, await ends(sure.result(id, { blocking: true }), call)]).toEqual([call, fate, 7]);
      expect([runs, met(), await sure.handle(id).progress()]).toEqual([1, 1, 7]);
    })
  ));
}, SLOW);
