/** Many attempts at once in one isolate. */
import { expect, test } from "bun:test";
import { coreOf } from "../../lib/core/core.ts";
import { executeClaim } from "../../lib/execution/execute.ts";
import { chord } from "../../lib/composition/group.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { claim, idle, OWNER, promote, record, testHuey } from "../helpers.ts";

/** Runs everything, up to 100 attempts at a time. */
async function runTogether(huey: Huey): Promise<void> {
  for (;;) {
    const { claims, revocations } = await claim(huey, 100);
    if (claims.length === 0) return;
    await Promise.all(claims.map((each) => executeClaim(coreOf(huey)!, each, { owner: OWNER, revocations })));
  }
}

test("each task keeps its own context", async () => {
  const huey = testHuey();
  const task = huey.task({ name: "task", context: true }, async (context, n: number) => {
    const { id } = context;
    for (let turn = 0; turn < n % 7; turn++) await Promise.resolve();
    return id === context.id && context.args[0] === n;
  });
  const results = await task.map(Array.from({ length: 500 }, (_, n) => n));
  await runTogether(huey);
  expect((await results.get()).every((same) => same === true)).toBe(true);
});

test("a lock lets one through, the others are retried until they had it", async () => {
  const huey = testHuey();
  let inside = 0;
  let most = 0;
  const task = huey.task({ name: "task", lock: { name: "lock", slots: 3 }, retries: 1000 }, async (n: number) => {
    most = Math.max(most, ++inside);
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    inside--;
    return n;
  });
  const results = await task.map(Array.from({ length: 40 }, (_, n) => n));
  await runTogether(huey);
  // Those that were tried again at once many times pause for a second.
  for (; await huey.scheduledCount() > 0; await runTogether(huey)) {
    idle(huey, 1);
    await promote(huey);
  }
  for (const result of results) result.reset();
  expect(await results.get()).toEqual(Array.from({ length: 40 }, (_, n) => n));
  expect([most, await huey.isLocked("lock")]).toEqual([3, false]);
});

test("a chord of many members calls back once", async () => {
  const huey = testHuey();
  const give = huey.task("give", async (n: number) => {
    for (let turn = 0; turn < n % 5; turn++) await Promise.resolve();
    return n;
  });
  const total = huey.task("total", (values: number[]) => values.reduce((a, b) => a + b, 0));
  const handle = await huey.enqueue(chord(Array.from({ length: 300 }, (_, n) => give.s(n)), total));
  const { seen } = record(huey);
  await runTogether(huey);
  expect(await handle.get()).toBe(300 * 299 / 2);
  expect(seen.filter(({ signal, task }) => signal === "executing" && task.name === "total").length).toBe(1);
});

test("a once-revocation of a task stops one, not several", async () => {
  const huey = testHuey();
  let runs = 0;
  const task = huey.task("task", (_n: number) => ++runs);
  await task.revoke({ once: true });
  await task.map([1, 2, 3, 4, 5]);
  await runTogether(huey);
  expect([runs, await task.isRevoked()]).toEqual([4, false]);
});

test("nothing is left behind", async () => {
  const huey = testHuey();
  const task = huey.task({ name: "task", lock: { name: "l", slots: 1000 }, timeout: 60 }, (n: number) => n);
  const results = await task.map(Array.from({ length: 200 }, (_, n) => n));
  await runTogether(huey);
  await results.get();
  const { data, revocations, meta } = huey.storage;
  expect([await data.size(), await revocations.size(), await meta.size(), coreOf(huey)!.running.size]).toEqual([0, 0, 0, 0]);
});
