/** Progress takes no more room than its last values need, and what cannot be read does not end a task. @module */
import { expect, test } from "bun:test";
import { progressKey } from "../../lib/core/keys.ts";
import { memory, work } from "../helpers.ts";

test("of large values only as many are kept as there is room for", async () => {
  const huey = memory();
  const large = "x".repeat(300_000);
  const sizes: number[] = [];
  const task = huey.task({ name: "task", context: true }, async (context) => {
    for (let n = 0; n < 80; n++) {
      await context.setProgress({ n, large });
      sizes.push((await huey.storage.meta.peek(progressKey(context.id)))!.length);
    }
    await context.setProgress({ n: 80, large: "x".repeat(5_000_000) });
    return "done";
  });
  const result = await task();
  await work(huey);
  expect(Math.max(...sizes)).toBeLessThan(1_100_000);
  expect(((await result.progress()) as { n: number }).n).toBe(80);
  expect(await result.get()).toBe("done");
});

test("a value that cannot be stored rejects, and the next one is stored", async () => {
  const huey = memory();
  const task = huey.task({ name: "task", context: true }, async (context) => {
    await context.setProgress(1);
    await expect(context.setProgress(() => 1)).rejects.toThrow(TypeError);
    await context.setProgress(2);
  });
  const result = await task();
  await work(huey);
  expect(await result.progress()).toBe(2);
});

test("a record that cannot be read is written anew", async () => {
  for (const broken of [new Uint8Array([1, 2]), new TextEncoder().encode('{"total":"x"}')]) {
    const huey = memory();
    const task = huey.task({ name: "task", context: true }, async (context) => {
      await context.setProgress(1);
      return "done";
    });
    const result = await task();
    await huey.storage.meta.put(progressKey(result.id), broken);
    await work(huey);
    expect([await result.progress(), await result.get()]).toEqual([1, "done"]);
  }
});
