/** What `runners.test.ts` runs under Node's test runner. @module */
import { expect } from "expect";
import assert from "node:assert";
import { describe, test } from "node:test";
import { MemoryStorage } from "../../storage/memory/storage.ts";
import { assertEnqueued, TestHuey, testStorage } from "../../testing/mod.ts";

test("a retry, by the clock of the kit", async () => {
  const huey = new TestHuey({ now: new Date("2026-01-05T12:00:00Z") });
  let calls = 0;
  const flaky = huey.task({ name: "flaky", retries: 1, retryDelay: 60 }, () => {
    if (++calls === 1) throw new Error("not yet");
  });
  await flaky();
  await assertEnqueued(huey, flaky, { count: 1 });
  const ran = await huey.advance({ minutes: 1 });
  assert.deepStrictEqual(ran.map(({ outcome }) => outcome), ["retrying", "complete"]);
});

testStorage("MemoryStorage", (options) => new MemoryStorage(options), { describe, test, expect });
