/** The page of one task: its timeline, and each attempt with its error, its stack and what it logged. */
import { afterEach, expect, test } from "bun:test";
import { coreOf } from "../../lib/core/core.ts";
import { registerSecret } from "../../lib/primitives/secrets.ts";
import { Consumer, MemoryHuey } from "../../mod.ts";
import { dashboard, type DashboardOptions } from "../../dashboard/mod.ts";
import { waitForState } from "../../testing/mod.ts";
import { ask, keptLog } from "./_visitor.ts";

const consumers: Consumer[] = [];

afterEach(async () => {
  for (const consumer of consumers.splice(0)) await consumer.stop({ graceful: false, grace: 0 });
});

function words(text: string): string {
  return text.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
}

const EVIL = `</details><script>alert(1)</script><img src=x onerror=alert(1)>"'\u001b[31m`;

/** A task whose attempts fail each in its own way. @param retryDelay Seconds before the last one */
async function failing(retryDelay: number): Promise<{ huey: MemoryHuey; id: string }> {
  const huey = new MemoryHuey("shop", { logger: keptLog() });
  const pay = huey.task({ name: "pay", context: true, retries: 3 }, (context, _to: string) => {
    context.logger.warn(`asks the bank, attempt ${context.attempt} ${EVIL}`);
    throw new RangeError(`bank ${context.attempt} ${EVIL} hunter2-of-the-shop`);
  });
  registerSecret("hunter2-of-the-shop");
  const { id } = await pay.with({ retryDelay, retryBackoff: 1 })("ada");
  const consumer = new Consumer(huey, { workers: 1, periodic: false });
  consumers.push(consumer);
  await consumer.start();
  await waitForState(huey, id, retryDelay > 0 ? "retrying" : "failed", { timeout: 30 });
  return { huey, id };
}

async function page(huey: MemoryHuey, id: string, options: DashboardOptions = {}): Promise<string> {
  return (await ask(dashboard(huey, options), `/q/shop/invocation?id=${id}`)).text;
}

test("a failed task: all attempts with their stacks and lines, and a timeline", async () => {
  const { huey, id } = await failing(0);
  const text = await page(huey, id);
  const plain = words(text);
  for (let n = 1; n <= 4; n++) {
    expect(plain).toContain(`Attempt ${n} failed`);
    expect(plain).toContain(`asks the bank, attempt ${n}`);
    expect(plain).toContain(`RangeError: bank ${n}`);
  }
  expect(text.match(/<details id="attempt-/g)).toHaveLength(4);
  expect(text.match(/<pre>RangeError: bank \d[^]*?attempts\.test\.ts/g)!.length).toBeGreaterThanOrEqual(4);
  const order = ["Enqueued", "Started", "Attempt 1 failed", "Started, attempt 2", "Attempt 4 failed", "Failed for good"];
  const timeline = words(/<ol class="timeline">(.*?)<\/ol>/s.exec(text)![1]!);
  const places = order.map((part) => timeline.indexOf(part));
  expect(places.every((place, at) => place >= 0 && (at === 0 || place > places[at - 1]!))).toBe(true);
  expect(timeline).toContain("tried again at once");
  expect(timeline).not.toContain("bank");
});

test("a task that waits for its next attempt: the error with its stack, and when it is tried again", async () => {
  const { huey, id } = await failing(3600);
  const plain = words(await page(huey, id));
  expect(plain).toContain("Error of the last attempt RangeError: bank 1");
  expect(plain).toContain("attempts.test.ts");
  expect(plain).toMatch(/Attempt 1 failed .* tried again after (1 h|59 min 59 s)/);
  expect(plain).toContain("Next attempt");
});

test("nothing of it runs in a browser, tells a secret, or is seen where it is hidden", async () => {
  for (const delay of [0, 3600]) {
    const { huey, id } = await failing(delay);
    const text = await page(huey, id);
    expect(text).not.toMatch(/<script>alert|<img src=x|<\/details><script|hunter2/);
    for (const show of [false, () => "shown"] as const) {
      const hidden = await page(huey, id, { show });
      for (const part of ["bank", "hunter2", "alert(1)", "attempts.test.ts", "RangeError"]) expect(hidden).not.toContain(part);
      expect(words(hidden)).toContain("Attempt 1 failed");
    }
  }
});

test("what a stranger has stored as an attempt stays text", async () => {
  const huey = new MemoryHuey("shop", { logger: keptLog() });
  huey.task("pay", () => {});
  const { storage, serializer } = coreOf(huey)!;
  const error = { name: EVIL, message: EVIL, stack: EVIL };
  const record = {
    attempt: 2 ** 53 - 1,
    outcome: EVIL,
    endedAt: -8.64e15,
    startedAt: 8.64e15,
    dueAt: 0,
    worker: EVIL,
    consumer: EVIL,
  };
  const more = { deliveries: 2 ** 53 - 1, times: 2 ** 53 - 1, error, log: [{ at: 0, level: EVIL, text: EVIL }] };
  const message = { v: 1, id: "odd", name: "pay", args: [], history: [{ ...record, ...more }, { ...record, ...more }] };
  const data = await serializer.serialize(message, { purpose: "message", queue: storage.name, id: "odd" });
  await storage.enqueue([{ id: "odd", data, priority: 0, track: true }]);
  const { status, text } = await ask(dashboard(huey), "/q/shop/invocation?id=odd");
  expect(status).toBe(200);
  expect(text).not.toMatch(/<script>alert|<img src=x|<\/details><script/);
  expect(words(text)).toContain("not kept any more");
});
