import { expect, test } from "bun:test";
import { dashboard } from "../../dashboard/mod.ts";
import { coreOf } from "../../lib/core/core.ts";
import { encodeAbout } from "../../lib/operation/consumers.ts";
import { TestHuey } from "../../testing/mod.ts";
import { ask, keptLog } from "./_visitor.ts";

const NOON = new Date("2030-05-14T12:00:00Z");

/** A sign of life of a consumer. */
async function serve(huey: TestHuey, consumer: string, pid: number, ttlMs: number): Promise<void> {
  const about = encodeAbout({
    startedMs: huey.clock.now().getTime(),
    version: "0.2.0",
    runtime: "bun 1.4.5",
    workerType: "process",
    slots: 4,
    busy: 1,
    memoryBytes: 123e6,
  });
  await huey.storage.renewLease({ consumer, ttlMs, host: "web-1", pid, about });
}

/** Time passes in which nothing runs. */
async function pass(huey: TestHuey, seconds: number): Promise<void> {
  await huey.pause();
  await huey.advance(seconds);
  await huey.resume();
}

function words(text: string): string {
  return text.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
}

test("an operator sees what stands still: what waits, what runs, who is dead, and since when", async () => {
  const huey = new TestHuey({ name: "shop", now: NOON, logger: keptLog() });
  const add = huey.task("add", (a: number) => a);
  await serve(huey, "dead", 4711, 1000);
  await add(1);
  await pass(huey, 300);
  await serve(huey, "alive", 4712, 15_000);
  const item = await coreOf(huey)!.storage.claim(1, { consumer: "alive", worker: "Worker-3" });
  expect(item.claims).toHaveLength(1);
  await add(2);
  await pass(huey, 5);
  const handler = dashboard(huey);
  const page = async (path: string) => (await ask(handler, `/q/shop/${path}`)).text;
  const overview = await page("");
  expect(words(overview)).toContain("1 consumer has not shown a sign of life, probably dead: process 4711 on web-1");
  expect(words(overview)).toContain("Waiting 1 oldest 5 s");
  expect(words(overview)).toMatch(/add Worker-3 5 s/);
  expect(words(overview)).toContain("Running 1 of 4 slots");
  expect(overview.match(/<title>Consumer 0\.2\.0 started on web-1, 2030-05-14 12:0\d UTC<\/title>/g)?.length).toBe(4);
  const consumers = words(await page("consumers"));
  expect(consumers).toMatch(/web-1 pid 4711 † silent 1 \/ 4 process bun 1\.4\.5 0\.2\.0 123 MB 5 min ago ended 5 min ago/);
  expect(consumers).toMatch(/web-1 pid 4712 ✓ alive 1 \/ 4 process bun 1\.4\.5 0\.2\.0 123 MB 5 s ago 10 s left/);
  await huey.close();
});

test("an operator comes from the warning to the error in two steps, and retries it from there", async () => {
  const huey = new TestHuey({ name: "shop", now: NOON, logger: keptLog() });
  const charge = huey.task("charge", (cents: number) => {
    if (cents > 100) throw new RangeError(`cannot charge ${cents}`);
  });
  for (const cents of [50, 500, 600]) await charge(cents);
  await huey.drain();
  const handler = dashboard(huey);
  const read = async (path: string) => (await ask(handler, path)).text;
  const overview = await read("/q/shop/");
  // What has failed stands above the charts.
  expect(overview.indexOf("RangeError: cannot charge")).toBeLessThan(overview.indexOf('class="chart"'));
  const warning = /class="alert bad">.*?href="([^"]*)">2 tasks failed/s.exec(overview)![1]!;
  expect(warning).toBe("/q/shop/failures");
  const failures = await read(warning);
  expect(words(failures)).toMatch(/charge RangeError: cannot charge 600 at .* 2 /);
  const newest = /href="([^"]*invocation[^"]*)"/.exec(failures)![1]!;
  const one = await read(newest);
  expect(words(one)).toContain("cannot charge 600");
  expect(one).toContain('action="/q/shop/act/retry"');
  const task = words(await read("/q/shop/task?name=charge"));
  expect(task).toMatch(/Completed 1 Failed for good 2/);
  expect(task).toMatch(/Run times Last hour; attempts that took longer than the row above up to [\d.]+ m?s [123]/);
  await huey.close();
});
