import { describe, expect, test } from "bun:test";
import { chord } from "../../lib/composition/group.ts";
import { Huey } from "../../lib/huey/huey.ts";
import { Serializer } from "../../lib/serializer/serializer.ts";
import { SignedSerializer } from "../../lib/serializer/signed.ts";
import { spread } from "../../lib/serializer/spread.ts";
import type { TaskContext } from "../../lib/types/context.ts";
import type { SerializerLike } from "../../lib/types/options.ts";
import { failure, memory, silent, work } from "../helpers.ts";

/** A serializer of one's own: JSON, asynchronous, and it counts. */
function own(): SerializerLike & { written: number; read: number } {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  return {
    written: 0,
    read: 0,
    async serialize(value) {
      await Promise.resolve();
      this.written++;
      return encoder.encode(`own:${JSON.stringify(value) ?? "null"}`);
    },
    async deserialize(data) {
      await Promise.resolve();
      this.read++;
      const text = decoder.decode(data);
      if (!text.startsWith("own:")) throw new SyntaxError("Not mine");
      return JSON.parse(text.slice(4));
    },
  };
}

const kinds: [string, () => SerializerLike][] = [
  ["the default", () => new Serializer()],
  ["gzip", () => new Serializer({ compression: true })],
  ["zlib", () => new Serializer({ compression: true, useZlib: true })],
  ["signed", () => new SignedSerializer({ secret: "a secret of some length" })],
  ["signed and compressed", () => new SignedSerializer({ secret: "a secret of some length", salt: "x", compression: true })],
  ["one's own, asynchronous", own],
  ["one's own, which refuses errors", () => new NoErrors()],
];

class NoErrors extends Serializer {
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

describe.each(kinds)("with the serializer %s", (_name, make) => {
  test("calls, results, data, pipelines and chords work", async () => {
    const huey = memory({ serializer: make() });
    const add = huey.task("add", (a: number, b: number) => a + b);
    const total = huey.task("total", (values: number[]) => values.reduce((a, b) => a + b, 0));
    const result = await add(1, 2);
    const pipeline = await huey.enqueue(add.s(1, 2).andThen(add, 3));
    const handle = await huey.enqueue(chord([add.s(1, 2), add.s(3, 4)], total).andThen(add, 1));
    await work(huey);
    expect([await result.get(), await pipeline.get(), await handle.pipelineResults!.get()]).toEqual([3, [3, 6], [10, 11]]);
    await huey.put("key", { a: [1] });
    expect(await huey.get<unknown>("key")).toEqual({ a: [1] });
  });

  test("what expires at a time, or after one, runs before", async () => {
    const huey = memory({ serializer: make() });
    const task = huey.task("task", () => "ran");
    const at = new Date(Date.now() + 60_000);
    const results = await Promise.all([at, { epochMilliseconds: at.getTime() }, { minutes: 1 }, 60].map((expires) => {
      return task.with({ expires })();
    }));
    expect((await huey.pending()).map(({ expires }) => expires)).toEqual([at, at, { minutes: 1 }, 60]);
    await work(huey);
    expect(await Promise.all(results.map((result) => result.get()))).toEqual(Array(4).fill("ran"));
  });

  test("a spread is passed on as its items, and read as an array", async () => {
    const huey = memory({ serializer: make() });
    const both = huey.task("both", () => spread(1, 2));
    const add = huey.task("add", (a: number, b: number) => a + b);
    const list = huey.task("list", (values: unknown[]) => values);
    const pipeline = await huey.enqueue(both.s().andThen(add));
    const chorded = await huey.enqueue(chord([both.s(), both.s()], list));
    const alone = await both();
    await work(huey);
    expect(await alone.get()).toEqual([1, 2] as never);
    expect(await pipeline.get()).toEqual([[1, 2], 3]);
    expect(await chorded.get()).toEqual([[1, 2], [1, 2]]);
  });

  test("a failure reads as one", async () => {
    const huey = memory({ serializer: make() });
    const fails = huey.task("fails", () => {
      throw new Error("I failed");
    });
    const result = await fails();
    await work(huey);
    expect((await failure(result.get())).message).toContain("I failed");
  });

  test("an error is one for its reader, its handler and its chord, also at a second attempt", async () => {
    const huey = memory({ serializer: make() });
    const fails = huey.task("fails", () => {
      throw new RangeError("I failed");
    });
    const got: unknown[] = [];
    const twice = ({ attempt }: TaskContext, error: unknown) => {
      got.push(error);
      if (attempt === 1) throw new Error("once more");
    };
    const handler = huey.task({ name: "handler", context: true, retries: 1 }, (context, error: Error) => twice(context, error));
    const members = huey.task({ name: "members", context: true, retries: 1 }, (context, [error]: unknown[]) => {
      twice(context, error);
    });
    const result = await huey.enqueue(fails.s().onError(handler));
    await huey.enqueue(chord([fails.s()], members));
    await work(huey);
    const all = [...got, (await failure(result.get())).cause] as Error[];
    expect(all.map((error) => [error instanceof RangeError, error.message, error.stack?.includes("I failed")])).toEqual(
      Array(5).fill([true, "I failed", true]),
    );
  });

  test("what looks like an error that is carried, and is none, stays what it is", async () => {
    const huey = memory({ serializer: make() });
    const echo = huey.task("echo", (value: unknown) => value);
    for (const value of [{ "huey:error": 1 }, { "huey:error": { name: "Error", message: "x" }, more: 1 }, [[]], null]) {
      const result = await echo(value);
      await work(huey);
      expect(await result.get()).toEqual(value);
    }
  });

  test("schedules, retries and listings work", async () => {
    const huey = memory({ serializer: make() });
    const fails = huey.task({ name: "fails", retries: 1, retryDelay: 60 }, (_n: number) => {
      throw new Error("no");
    });
    await fails(5);
    await work(huey);
    const [waiting] = await huey.scheduled();
    expect([waiting!.name, waiting!.retries, [...waiting!.args]] as unknown[]).toEqual(["fails", 0, [5]]);
  });

  test("also in immediate mode", async () => {
    const huey = memory({ serializer: make(), immediate: true });
    const add = huey.task("add", (a: number, b: number) => a + b);
    expect(await (await huey.enqueue(add.s(1, 2).andThen(add, 3))).get()).toEqual([3, 6]);
  });

  test("a foreign message is set aside", async () => {
    const huey = memory({ serializer: make() });
    await huey.storage.enqueue([{ id: "x", data: new TextEncoder().encode("foreign"), priority: 0, track: true }]);
    await work(huey);
    expect(await huey.deadLetterCount()).toBe(1);
  });
});

test("the Huey's compression options make the default serializer compress", async () => {
  const text = "x".repeat(10_000);
  for (const options of [{ compression: true }, { compression: true, useZlib: true }]) {
    const huey = memory(options);
    const task = huey.task("task", (value: string) => value);
    const result = await task(text);
    const [item] = await huey.storage.pending();
    expect(item!.data.length).toBeLessThan(1000);
    await work(huey);
    expect(await result.get()).toBe(text);
  }
});

test("one's own serializer sees each message and each value once each way", async () => {
  const serializer = own();
  const huey = memory({ serializer });
  const result = await huey.task("task", () => 1)();
  expect([serializer.written, serializer.read]).toEqual([1, 0]);
  await work(huey);
  expect([serializer.written, serializer.read]).toEqual([2, 1]);
  await result.get();
  expect([serializer.written, serializer.read]).toEqual([2, 2]);
});

test("a serializer that refuses leaves nothing behind", async () => {
  const refusing: SerializerLike = {
    serialize: () => Promise.reject(new Error("refused")),
    deserialize: () => undefined,
  };
  const huey = memory({ serializer: refusing });
  const task = huey.task("task", () => 1);
  expect((await failure(task())).message).toContain("refused");
  expect((await failure(task.map([[], []]))).message).toContain("refused");
  expect((await failure(huey.put("key", 1))).message).toContain("refused");
  expect([await huey.pendingCount(), await huey.resultCount()]).toEqual([0, 0]);
});

describe("a signed message", () => {
  const signed = (secret: string, salt?: string) => new SignedSerializer({ secret, ...(salt === undefined ? {} : { salt }) });

  test("that was changed is set aside and does not run", async () => {
    const huey = memory({ serializer: signed("a secret of some length") });
    let runs = 0;
    const task = huey.task("task", (_n: number) => ++runs);
    await task(5);
    const [item] = await huey.storage.pending();
    await huey.storage.flush();
    const text = new TextDecoder().decode(item!.data);
    const changed = new TextEncoder().encode(text.replace("5", "6"));
    const tampered = [changed, item!.data.slice(0, -1), new TextEncoder().encode(`${text} `), item!.data.slice(5)];
    await huey.storage.enqueue(tampered.map((data, index) => ({ id: `t${index}`, data, priority: 0, track: true })));
    await work(huey);
    expect([runs, await huey.deadLetterCount()]).toEqual([0, 4]);
  });

  test("of another secret or salt is set aside", async () => {
    for (
      const serializer of [
        signed("another secret of some length"),
        signed("a secret of some length", "other salt"),
        new Serializer(),
      ]
    ) {
      const writer = memory({ serializer });
      await writer.task("task", () => 1)();
      const reader = new Huey({ storage: writer.storage, serializer: signed("a secret of some length"), logger: silent });
      let runs = 0;
      reader.task("task", () => ++runs);
      await work(reader);
      expect([runs, await reader.deadLetterCount()]).toEqual([0, 1]);
    }
  });

  test("results are signed too", async () => {
    const huey = memory({ serializer: signed("a secret of some length") });
    const result = await huey.task("task", () => ({ admin: 0 }))();
    await work(huey);
    const data = (await huey.allResults()).get(result.id)!;
    const text = new TextDecoder().decode(data);
    await huey.storage.results.put(result.id, new TextEncoder().encode(text.replace('"admin":0', '"admin":1')));
    expect((await failure(result.get())).name).toBe("DecodeError");
  });
});
