import { describe, expect, test } from "bun:test";
import { chord } from "../../mod.ts";
import type { TaskContext } from "../../lib/types/context.ts";
import { claim, failure, idle, NOON, refusal, testHuey, work } from "../helpers.ts";
import { coreOf } from "../../lib/core/core.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import type { Message } from "../../lib/message/message.ts";
import { assertEnqueued, TestHuey } from "../../testing/mod.ts";
import { hueyOn, STORAGES } from "./_every_storage.ts";

/** A task that notes its meta under a label, and gives its label. */
function noting(huey: Huey) {
  const seen: Record<string, Readonly<Record<string, string>>> = {};
  const note = huey.task(
    { name: "note", context: true },
    (context: TaskContext, label: string, _more?: unknown) => {
      seen[label] = context.meta;
      if (label === "fail") throw new Error("no");
      return label;
    },
  );
  return { seen, note };
}

for (const label of STORAGES) {
  describe(`on ${label}`, () => {
    const make = hueyOn(label);

    test("meta travels with a message, and to what follows from it", async () => {
      const huey = make();
      const { seen, note } = noting(huey);
      const tagged = note.with({ meta: { tenant: "a", trace: "1" } });
      await tagged("plain");
      await huey.enqueue(tagged.s("first").andThen(note, "second").andThen(note.with({ meta: { trace: "3" } }), "third"));
      await huey.enqueue(tagged.s("fail").onError(note, "handler"));
      const members = [
        note.with({ meta: { a: "1", both: "first" } }).s("m1"),
        note.with({ meta: { b: "2", both: "second" } }).s("m2"),
      ];
      await huey.enqueue(chord(members, note.with({ meta: { b: "own" } }), "callback"));
      await huey.enqueue(tagged.s("before").andThen(chord([note.s("m3"), note.s("m4").andThen(note, "m4b")], note, "after")));
      await work(huey);
      const both = { tenant: "a", trace: "1" };
      expect(seen).toEqual({
        plain: both,
        first: both,
        second: both,
        third: { tenant: "a", trace: "3" },
        fail: both,
        handler: both,
        m1: { a: "1", both: "first" },
        m2: { b: "2", both: "second" },
        callback: { a: "1", both: "first", b: "own" },
        before: both,
        m3: both,
        m4: both,
        m4b: both,
        after: both,
      });
    });

    test("a retry has the meta and the time of the call, and what a later version has added", async () => {
      const huey = make();
      const messages: Message[] = [];
      const task = huey.task({ name: "task", retries: 1, context: true }, (context) => {
        messages.push((context as unknown as { message: Message }).message);
        if (context.attempt === 1) throw new Error("no");
      });
      const { task: { enqueuedAt } } = await task.with({ meta: { a: "b" } })();
      const { claims: [taken] } = await claim(huey);
      const message = JSON.parse(new TextDecoder().decode(taken!.data)) as Message;
      const data = new TextEncoder().encode(JSON.stringify({ ...message, later: { of: ["a", 1] } }));
      await huey.storage.settle({ claim: taken!, id: taken!.id, noticeTtlMs: 0, enqueue: [{ ...taken!, data }] });
      await work(huey);
      expect(messages).toHaveLength(2);
      for (const each of messages as (Message & { later?: unknown })[]) {
        expect([each.meta, each.enqueuedAt, each.later]).toEqual([{ a: "b" }, enqueuedAt!.getTime(), { of: ["a", 1] }]);
      }
    });
  });
}

describe("meta", () => {
  test.each([{ a: 1 }, { a: null }, [[]], "a", 5, new Map(), { a: "\ud800" }, { "\udc00": "a" }, { a: ["b"] }])(
    "%p is no meta",
    async (meta) => {
      await refusal(() => testHuey().task("task", () => 1).with({ meta: meta as never }), "meta");
    },
  );

  test("has at most 64 keys, and 8192 bytes of UTF-8", async () => {
    const huey = testHuey();
    const task = huey.task("task", () => 1);
    const keys = (count: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, ""]));
    await task.with({ meta: keys(64) })();
    await refusal(() => task.with({ meta: keys(65) }), "meta", "64", "65");
    await task.with({ meta: { a: "x".repeat(8191) } })();
    await refusal(() => task.with({ meta: { a: "x".repeat(8192) } }), "meta", "8192", "8193");
    await refusal(() => task.with({ meta: { a: "é".repeat(4096) } }), "meta", "8193");
    expect(await work(huey)).toBe(2);
  });

  test("is checked for a whole composition at the call, with what each step inherits", async () => {
    const huey = testHuey();
    const { note } = noting(huey);
    const sized = (key: string, bytes: number): Record<string, string> => ({ [key]: "x".repeat(bytes - 1) });
    const [large, larger] = [note.with({ meta: sized("a", 5000) }), note.with({ meta: sized("b", 5000) })];
    const tooMuch = [
      large.s("a").andThen(larger, "b"),
      large.s("a").andThen(note, "b").andThen(larger, "c"),
      large.s("a").onError(larger, "h"),
      note.s("a").andThen(large.s("b").onError(note, "h").onError(larger, "i")),
      chord([large.s("a"), larger.s("b")], note, "c"),
      chord([large.s("a")], larger, "c"),
      large.s("a").andThen(chord([note.s("b"), note.s("c").andThen(larger, "d")], note, "e")),
    ];
    for (const composition of tooMuch) {
      const error = await failure(huey.enqueue(composition as never));
      expect([error.name, error.message.includes("meta of task note")]).toEqual(["RangeError", true]);
      expect((await failure(huey.enqueueMany([note.s("x"), composition as never]))).name).toBe("RangeError");
    }
    expect(await huey.pendingCount()).toBe(0);
    await huey.enqueue(chord([large.s("a"), large.s("b")], large, "c"));
    await work(huey);
  });

  test("is that of the time of the call, whatever becomes of the object, and cannot be changed", async () => {
    const huey = testHuey();
    const { seen, note } = noting(huey);
    const meta: Record<string, string> = { a: "1" };
    const call = note.with({ meta });
    meta["a"] = "2";
    const { task } = await call("x");
    expect(() => (task.meta as Record<string, string>)["a"] = "3").toThrow(TypeError);
    await work(huey);
    expect(seen["x"]).toEqual({ a: "1" });
    expect(Object.keys((await note("y")).task.meta)).toEqual([]);
  });

  test("may have any names", async () => {
    const huey = testHuey();
    const { seen, note } = noting(huey);
    const meta = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c","$huey":"d","":"e"}') as Record<string, string>;
    await huey.enqueue(note.with({ meta }).s("x").andThen(note.with({ meta: { own: "f" } }), "y"));
    await work(huey);
    expect(Object.entries(seen["x"]!).toSorted()).toEqual(Object.entries(meta).toSorted());
    expect(Object.entries(seen["y"]!).toSorted()).toEqual([...Object.entries(meta), ["own", "f"]].toSorted() as never);
  });

  test("costs a message nothing where there is none", async () => {
    const huey = testHuey();
    const task = huey.task("task", (n: number) => n);
    await task(1);
    const { claims: [taken] } = await claim(huey);
    const message = JSON.parse(new TextDecoder().decode(taken!.data)) as object;
    expect(Object.keys(message).toSorted()).toEqual(["args", "enqueuedAt", "id", "name", "v"]);
  });

  const wild: Partial<Record<keyof Message, unknown>>[] = [
    ...[5, "a", [], { a: 1 }, null, Object.fromEntries(Array.from({ length: 65 }, (_, n) => [n, ""]))].map((meta) => ({
      meta,
    })),
    ...[0, -1, 1e9, "1", [], {}, { limit: 1 }, { limit: 0, key: "a" }, { limit: 1, key: 5 }, {
      limit: 1,
      key: "x".repeat(1001),
    }, null]
      .map((concurrency) => ({ concurrency })),
    ...[true, "a", [], { key: 5 }, { key: "x".repeat(1001) }, { key: "a", until: "end" }, { key: "a", until: -1 }, {
      until: 1e99,
    }, null]
      .map((unique) => ({ unique })),
    { enqueuedAt: "now" },
    { enqueuedAt: 1e99 },
    { run: "" },
    { run: 5 },
  ];
  test.each(wild)("a message with %j is set aside", async (field) => {
    const huey = testHuey();
    huey.task("task", () => 1);
    const data = new TextEncoder().encode(JSON.stringify({ v: 1, id: "a", name: "task", args: [], ...field }));
    await huey.storage.enqueue([{ id: "a", data, priority: 0, track: true }]);
    await work(huey);
    const [letter] = await huey.deadLetters();
    expect([letter?.kind, letter?.reason.includes(Object.keys(field)[0]!)]).toEqual(["unreadable", true]);
  });

  test("of a follow-up in a message of anybody, that would come to too much, is left out", async () => {
    const huey = testHuey();
    const { seen } = noting(huey);
    const next = { v: 1, id: "b", name: "note", args: ["next"], meta: { b: "y".repeat(5000) } };
    const message = { v: 1, id: "a", name: "note", args: ["first"], meta: { a: "x".repeat(5000) }, next };
    const data = new TextEncoder().encode(JSON.stringify(message));
    await huey.storage.enqueue([{ id: "a", data, priority: 0, track: true }]);
    await work(huey);
    expect(Object.keys(seen["next"]!)).toEqual(["b"]);
  });

  test("assertEnqueued finds by it", async () => {
    const huey = new TestHuey();
    const task = huey.task({ name: "task", concurrency: 1 }, () => 1);
    await task.with({ meta: { a: "1", b: "2" } })();
    await task.with({ meta: { a: "2" } })();
    expect((await assertEnqueued(huey, task, { meta: { a: "1" }, count: 1 })).meta).toEqual({ a: "1", b: "2" });
    await assertEnqueued(huey, task, { meta: { a: "2" } });
    expect((await failure(assertEnqueued(huey, task, { meta: { a: "3" } }))).message).toContain('meta {"a":"3"}');
    await refusal(() => assertEnqueued(huey, task, { meta: "a" as never }), "meta");
    expect(await huey.drain()).toHaveLength(2);
  });
});

describe("enqueuedAt", () => {
  test("is the time of the call, of a follow-up its own", async () => {
    const huey = testHuey();
    const seen: [string, number][] = [];
    const task = huey.task(
      { name: "task", context: true, retries: 1, retryDelay: 5 },
      (context, label: string, _more?: unknown) => {
        seen.push([label, context.enqueuedAt!.getTime() - NOON]);
        if (label === "retried" && context.attempt === 1) throw new Error("no");
      },
    );
    expect(task.s("x").enqueuedAt).toBe(undefined);
    const scheduled = await task.schedule({ args: ["scheduled"], delay: 10 });
    expect(scheduled.task.enqueuedAt).toEqual(new Date(NOON));
    await task("retried");
    await huey.enqueue(task.s("first").andThen(task, "second"));
    idle(huey, 1);
    await work(huey);
    await huey.enqueue(chord([task.s("m")], task, "callback"));
    idle(huey, 1);
    await work(huey);
    await huey.advance(10);
    expect(Object.fromEntries(seen)).toEqual({ scheduled: 0, retried: 0, first: 0, second: 1000, m: 1000, callback: 2000 });
    expect(coreOf(huey)).toBeDefined();
  });
});
