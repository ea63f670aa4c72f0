/** A value is read as a value and a failure as a failure, whatever a task returns and whatever is stored. @module */
import { describe, expect, test } from "bun:test";
import { TaskException } from "../../lib/errors.ts";
import { chord } from "../../lib/group.ts";
import { Serializer } from "../../lib/serializer.ts";
import { failure, memory, work } from "../helpers.ts";

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
