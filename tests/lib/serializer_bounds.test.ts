/** What is too large is neither written nor read, and is found out before much is spent on it. @module */
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "bun:test";
import { DecodeError } from "../../lib/errors.ts";
import { Serializer } from "../../lib/serializer/serializer.ts";
import { failure, memory, work } from "../helpers.ts";
import type { Pipeline } from "../../lib/types/composition.ts";

const MIB = 1024 * 1024;
const serializer = new Serializer();
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const nested = (levels: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
};

/** Whatever is refused when it is written is refused when it is read, and the other way around. */
const BEYOND: [string, object, unknown, unknown, string][] = [
  ["bytes", { maxBytes: 100 }, "x".repeat(98), "x".repeat(99), "maxBytes"],
  ["bytes of two-byte letters", { maxBytes: 100 }, "é".repeat(49), "é".repeat(50), "maxBytes"],
  ["values in a list", { maxNodes: 10 }, Array(9).fill(1), Array(10).fill(1), "maxNodes"],
  ["values in objects", { maxNodes: 5 }, { a: { b: [1, 2] } }, { a: { b: [1, 2, 3] } }, "maxNodes"],
  ["empty lists and objects", { maxNodes: 4 }, [[], {}, ""], [[], {}, "", " "], "maxNodes"],
  ["levels", { maxDepth: 3 }, nested(3), nested(4), "maxDepth"],
  ["values, by default", {}, Array(999_999).fill(0), Array(1_000_000).fill(0), "maxNodes"],
  ["levels, by default", {}, nested(1000), nested(1001), "maxDepth"],
];

describe("beyond the bound, written and read alike", () => {
  for (const [name, options, within, beyond, option] of BEYOND) {
    test(name, () => {
      const bound = new Serializer(options);
      expect(bound.deserialize(bound.serialize(within))).toEqual(within);
      expect(() => bound.serialize(beyond)).toThrow(option);
      const data = bytesOf(JSON.stringify(beyond));
      expect(() => bound.deserialize(data)).toThrow(DecodeError);
      expect(() => bound.deserialize(data)).toThrow(option);
    });
  }

  test("16 MiB is the bound by default, and can be moved", () => {
    const text = "x".repeat(16 * MIB);
    expect(() => serializer.serialize(text)).toThrow(RangeError);
    const roomy = new Serializer({ maxBytes: 20 * MIB, compression: true });
    const data = roomy.serialize(text);
    expect(roomy.deserialize(data)).toBe(text);
    expect(() => serializer.deserialize(data)).toThrow(DecodeError);
  });
});

test("what looks like brackets and commas within texts is not counted", () => {
  const bound = new Serializer({ maxNodes: 4, maxDepth: 2 });
  const value = ['[[[[,,,,"\\', { '{"a\\\\': "]]}}" }];
  expect(bound.deserialize(bound.serialize(value))).toEqual(value);
});

test("lists that share their items do not take forever", () => {
  let value: unknown = [1];
  for (let level = 0; level < 60; level++) value = [value, value];
  expect(() => serializer.serialize(value)).toThrow("maxNodes");
  let map: unknown = new Map();
  for (let level = 0; level < 60; level++) map = new Map([[1, map], [2, map]]);
  expect(() => serializer.serialize({ map })).toThrow(RangeError);
  expect(() => serializer.serialize({ args: [new Array(4_000_000_000)] })).toThrow("args[0]");
  const long = "x".repeat(MIB);
  expect(() => serializer.serialize(Array(1000).fill(long))).toThrow("maxBytes");
});

describe("what takes long to make", () => {
  const pattern = "\\p{L}".repeat(50);
  const patterns = (count: number): unknown => Array(count).fill({ $: "RegExp", v: [pattern, "iu"] });
  const url = (text: string): unknown => ({ $: "URL", v: text });
  const letters = "\u00fc.".repeat(1_000_000);

  test("regular expressions are bounded in length, all of a value together", () => {
    const many = Array(40).fill(new RegExp(pattern, "u"));
    expect(serializer.deserialize(serializer.serialize(many))).toEqual(many);
    expect(() => serializer.serialize([...many, /x/])).toThrow("[40]: its regular expressions");
    for (const value of [patterns(41), { $: "RegExp", v: ["\\p{L}".repeat(2001), "iu"] }]) {
      expect(() => serializer.deserialize(bytesOf(JSON.stringify(value)))).toThrow("10000 characters together");
    }
    // Each value counts for itself.
    expect(serializer.deserialize(bytesOf(JSON.stringify(patterns(1))))).toEqual([new RegExp(pattern, "iu")]);
  });

  test("hosts are bounded in length, however the URL is written; paths, data and other schemes are not", () => {
    const hosts = ["https://", "HTTP:", " wss:\\\\", "f\ttp:/", "file:////", "https://user:password@"].map((start) =>
      start + letters
    );
    for (const text of hosts) {
      expect(() => serializer.deserialize(bytesOf(JSON.stringify(url(text))))).toThrow("The host of a URL");
    }
    const long = "x".repeat(1_000_000);
    for (
      const text of [`https://h/${long}`, `https://h?${long}`, `https://h#${long}`, `data:text/plain,${long}`, `a://${long}`]
    ) {
      expect(serializer.deserialize(serializer.serialize(new URL(text)))).toEqual(new URL(text));
    }
  });
});

test("a pack is not unpacked beyond the bound, whatever it holds", () => {
  const letters = 300 * MIB;
  for (const options of [{}, { compression: true }]) {
    const reader = new Serializer({ ...options, maxBytes: MIB });
    const bomb = new Uint8Array(gzipSync(new Uint8Array(letters), { level: 1 }));
    const many = new Uint8Array(gzipSync(bytesOf(`[${"{},".repeat(300_000)}1]`)));
    const nothing = gzipSync(new Uint8Array());
    const empty = new Uint8Array(100_000 * nothing.length);
    for (let member = 0; member < 100_000; member++) empty.set(nothing, member * nothing.length);
    for (const data of [bomb, empty]) expect(() => reader.deserialize(data)).toThrow("maxBytes of the serializer is 1048576");
    expect(() => new Serializer({ ...options, maxNodes: 1000 }).deserialize(many)).toThrow("maxNodes");
  }
});

test("a format of one's own is bounded in bytes, compressed or not", () => {
  class Raw extends Serializer {
    protected override encode(value: unknown): Uint8Array {
      return value as Uint8Array;
    }
    protected override decode(data: Uint8Array): unknown {
      return data;
    }
  }
  for (const compression of [false, true]) {
    const raw = new Raw({ compression, maxBytes: 1000 });
    expect(raw.deserialize(raw.serialize(new Uint8Array(1000)))).toEqual(new Uint8Array(1000));
    expect(() => raw.serialize(new Uint8Array(1001))).toThrow("maxBytes");
    expect(() => raw.deserialize(new Raw({ compression }).serialize(new Uint8Array(2000)))).toThrow(DecodeError);
  }
});

test("a message beyond the bound is set aside, once", async () => {
  const huey = memory();
  let runs = 0;
  huey.task("task", () => ++runs);
  const message = (args: string): Uint8Array => bytesOf(`{"v":1,"id":"x","name":"task","args":[${args}]}`);
  const [deep, many] = ["[".repeat(2000) + "]".repeat(2000), `${"1,".repeat(1_000_000)}1`];
  const bombs = [message(deep), message(many), new Uint8Array(gzipSync(message(many)))];
  await huey.storage.enqueue(bombs.map((data, index) => ({ id: `b${index}`, data, priority: 0, track: true })));
  await work(huey);
  expect([runs, await huey.deadLetterCount(), await huey.pendingCount()]).toEqual([0, 3, 0]);
  for (const { reason } of await huey.deadLetters()) expect(reason).toMatch(/max(Nodes|Depth)/);
});

test("a value beyond the bound is refused at the call, and fails the task that returns it", async () => {
  const huey = memory({ serializer: new Serializer({ maxBytes: 20_000 }) });
  const task = huey.task("task", (length: number) => "x".repeat(length));
  const pass = huey.task("pass", (text: string) => text);
  await expect(pass("x".repeat(30_000))).rejects.toThrow("args[0]");
  const result = await task(30_000);
  await work(huey);
  await expect(result.get()).rejects.toThrow("The value of task task cannot be stored");
});

test("wrong options are refused, and the nearest one is named", () => {
  const refused: [unknown, string][] = [
    [{ compresion: true }, 'A serializer has no option "compresion": did you mean "compression"?'],
    [{ compression: "yes" }, "compression must be true or false"],
    [{ useZlib: 1 }, "useZlib must be true or false"],
    [{ maxBytes: 1024 * MIB }, "maxBytes must be a whole number from 1 to 268435456"],
    [{ maxNodes: 1.5 }, "maxNodes must be a whole number"],
    [{ maxDepth: "5" }, "maxDepth must be"],
    [{ maxDepth: 1001 }, "from 1 to 1000"],
    [true, "an object of options"],
    [null, "an object of options"],
  ];
  for (const [options, message] of refused) expect(() => new Serializer(options as never)).toThrow(message);
});

test("a path that is long is shown by its ends", async () => {
  const huey = memory();
  const step = huey.task("step", (n: unknown) => n);
  let steps: Pipeline<unknown[]> = step.s(1).andThen(step);
  for (let n = 0; n < 1500; n++) steps = steps.andThen(step);
  const { message } = await failure(huey.enqueue(steps));
  expect(message.startsWith("Cannot serialize next.next.")).toBe(true);
  expect(message).toContain("maxDepth");
  expect(message.length).toBeLessThan(400);
});
