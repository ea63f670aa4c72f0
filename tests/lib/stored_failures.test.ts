/** A value is read as a value and a failure as a failure, whatever a task returns and whatever is stored. @module */
import { describe, expect, test } from "bun:test";
import { DecodeError, TaskException } from "../../lib/errors.ts";
import { chord } from "../../lib/composition/group.ts";
import { Serializer } from "../../lib/serializer/serializer.ts";
import { failure, lostCount, memory, work } from "../helpers.ts";

const lure = { error: "Admin: please log in again at evil.example", traceback: "", taskId: "t", retries: 0, outcome: "failed" };

class Disguised {
  toJSON(): unknown {
    return { "huey:failure": lure };
  }
}

describe("a value that looks like a failure is a value", () => {
  const CASES: [string, unknown, unknown][] = [
    ["the key of failures", { "huey:failure": lure }, { "huey:failure": lure }],
    ["the key around values", { "huey:value": { "huey:failure": lure } }, { "huey:value": { "huey:failure": lure } }],
    ["both keys", { "huey:value": 1, "huey:failure": lure }, { "huey:value": 1, "huey:failure": lure }],
    ["what toJSON gives", new Disguised(), { "huey:failure": lure }],
  ];
  for (const [name, value, read] of CASES) {
    test(name, async () => {
      for (const immediate of [false, true]) {
        const huey = memory({ immediate });
        const echo = huey.task("echo", () => value as object);
        const result = await echo();
        const followed = await huey.enqueue(echo.s().andThen(huey.task("next", (given: unknown) => given)));
        const collected = await huey.enqueue(chord([echo.s()], huey.task("all", (values: unknown[]) => values)));
        if (!immediate) await work(huey);
        expect(await result.get() as unknown).toEqual(read);
        expect((await followed.get() as unknown[])[1]).toEqual(read);
        expect(await collected.get() as unknown).toEqual([read]);
      }
    });
  }

  test("also with plain JSON as the serializer", async () => {
    class Plain extends Serializer {
      protected override encode(value: unknown): Uint8Array {
        return new TextEncoder().encode(JSON.stringify(value));
      }
      protected override decode(data: Uint8Array): unknown {
        return JSON.parse(new TextDecoder().decode(data));
      }
    }
    const huey = memory({ serializer: new Plain() });
    const results = [
      await huey.task("one", () => new Disguised())(),
      await huey.task("two", () => ({ "huey:failure": lure }))(),
    ];
    await work(huey);
    for (const result of results) expect(await result.get() as unknown).toEqual({ "huey:failure": lure });
  });
});

test("what is stored as a failure, and is none of ours, is read as a failure with texts", async () => {
  const huey = memory();
  for (const metadata of [{}, [], { error: { a: 1 }, taskId: 5, outcome: "won", retries: "x" }, { error: null }]) {
    await huey.storage.results.put("id", new Serializer().serialize({ "huey:failure": metadata }));
    const error = await failure(huey.result("id"));
    expect(error).toBeInstanceOf(TaskException);
    const { error: text, traceback, taskId, retries, outcome } = (error as TaskException).metadata;
    expect([text, traceback, taskId, retries, outcome]).toEqual(["", "", "", 0, undefined]);
    expect(error.message).toBe("Task  failed");
  }
});

describe("a failure that cannot be stored as it is", () => {
  test("of more text than the serializer takes ends once, with the beginning of its text", async () => {
    for (const compression of [false, true]) {
      const huey = memory({ serializer: new Serializer({ compression, maxBytes: 100_000 }) });
      const got: string[] = [];
      const handler = huey.task("handler", (error: Error) => void got.push(error.message));
      let runs = 0;
      const task = huey.task({ name: "task", retries: 1 }, (length: number) => {
        runs++;
        throw new RangeError("x".repeat(length));
      });
      const list = huey.task("list", (values: Error[]) => values.map(({ message }) => message.slice(0, 5)));
      for (const length of [30_000, 90_000, 200_000]) {
        runs = 0;
        const result = await huey.enqueue(task.s(length).onError(handler));
        const chorded = await huey.enqueue(chord([task.s(length)], list));
        await work(huey);
        const error = await failure(result.get()) as TaskException;
        expect(error.message).toMatch(/^RangeError: xxx/);
        expect([error.metadata.outcome, got.length, got.pop()!.slice(0, 3), runs]).toEqual(["failed", 1, "xxx", 4]);
        expect([await chorded.get(), await lostCount(huey)]).toEqual([["xxxxx"], 0]);
      }
    }
  });

  test("with a serializer that refuses every error ends once, with its text", async () => {
    class Plain extends Serializer {
      protected override encode(value: unknown): Uint8Array {
        return new TextEncoder().encode(JSON.stringify(value, (_key, part) => {
          if (part instanceof Error) throw new TypeError("only plain data");
          return part;
        }));
      }
      protected override decode(data: Uint8Array): unknown {
        return JSON.parse(new TextDecoder().decode(data));
      }
    }
    const plain = new Plain();
    const later = {
      serialize: async (value: unknown) => await Promise.resolve(plain.serialize(value)),
      deserialize: async (data: Uint8Array) => await Promise.resolve(plain.deserialize(data)),
    };
    for (const serializer of [plain, new Plain({ compression: true }), later]) {
      const huey = memory({ serializer });
      let runs = 0;
      const task = huey.task("task", () => {
        runs++;
        throw new RangeError("no luck");
      });
      const result = await task();
      await work(huey);
      expect((await failure(result.get())).message).toBe("RangeError: no luck");
      expect([runs, await lostCount(huey)]).toEqual([1, 0]);
    }
  });

  test("with a serializer that stores nothing any more ends once, as a dead letter", async () => {
    const serializer = new Serializer();
    let isAway = false;
    const huey = memory({
      serializer: {
        serialize: (value: unknown) =>
          isAway ? Promise.reject(new Error("The key store is away")) : serializer.serialize(value),
        deserialize: (data: Uint8Array) => serializer.deserialize(data),
      },
    });
    let runs = 0;
    const task = huey.task("task", () => {
      isAway = true;
      return ++runs;
    });
    const { id } = await task();
    await work(huey);
    expect([runs, await huey.pendingCount(), (await huey.state(id)).state]).toEqual([1, 0, "dead"]);
  });
});

test("a result that cannot be read still has an end when it was put back", async () => {
  const huey = memory({ resultTtl: 5 });
  const lives: unknown[] = [];
  const { results } = huey.storage;
  const put = results.putIfEmpty.bind(results);
  results.putIfEmpty = (key, value, options) =>
    put(key, value, { ...options, ttlMs: (lives.push(options?.ttlMs), options?.ttlMs) });
  await results.put("x", new TextEncoder().encode("junk"));
  await expect(huey.result("x")).rejects.toThrow(DecodeError);
  expect(lives).toEqual([5000]);
});
