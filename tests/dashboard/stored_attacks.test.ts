import { expect, test } from "bun:test";
import { coreOf } from "../../lib/core/core.ts";
import { Consumer, MemoryHuey, type Storage } from "../../mod.ts";
import { dashboard } from "../../dashboard/mod.ts";
import { ROUTES } from "../../dashboard/routes.ts";
import { bytes, item, lease, LONG_MS, owner } from "../../testing/contract/helpers.ts";
import { ask, keptLog } from "./_visitor.ts";

/** Would run, or break out of whatever it stands in. */
const EVIL = `<img src=x onerror=alert(1)>"'\`</script><b id=evil>\u001b[31m&{{7*7}}`;

/** Something of every kind that a storage keeps. */
async function storeEverything(storage: Storage): Promise<void> {
  const odd = [EVIL, '{"v":1}', "null", "[]", '["x"', '{"__proto__":1}', "9".repeat(400), ""];
  const gate = { key: EVIL, limit: 1 };
  for (const [n, text] of odd.entries()) {
    const more = { gate, about: text, unique: { key: `${EVIL}${n}`, until: "end" as const } };
    await storage.renewLease({ ...lease(`${EVIL}${n}`), host: EVIL, about: text, ttlMs: LONG_MS });
    await storage.enqueue([{ ...item(`${EVIL} a${n}`), data: bytes(text), ...more }, item(`${EVIL} b${n}`, more)]);
    await storage.enqueue([item(`${EVIL} c${n}`, { dueMs: 1e15 + n }), item(`${EVIL} d${n}`, { about: text })]);
    const { claims: [claim] } = await storage.claim(1, { consumer: `${EVIL}${n}`, worker: EVIL });
    await storage.keep(claim!, EVIL, bytes(text));
    const kinds = ["failed", "unknown", "unreadable"] as const;
    for (const kind of kinds) {
      const bury = { id: `${EVIL}${kind}${n}`, kind, reason: EVIL, atMs: n, data: bytes(text), taskId: EVIL, taskName: EVIL };
      const { claims: [other] } = await storage.claim(1, owner("x"));
      const ending = { claim: other, id: `${EVIL}${n}`, ending: "failed", noticeTtlMs: LONG_MS, about: text } as const;
      await storage.settle({ ...ending, bury: { ...bury, error: bytes(text) }, result: bytes(text) });
      await storage.enqueue([item(`${EVIL} e${n}${kind}`)]);
    }
    await storage.meta.put(`progress:${EVIL}`, bytes(text));
    const row = {
      step: "minute" as const,
      atMs: Date.now() - n * 60_000,
      taskName: `${EVIL}${n}`,
      sums: { [EVIL]: 1, failed: 1 },
    };
    await storage.count([{ ...row, maxima: { [EVIL]: 1e308 } }], [bytes(text)], {
      minuteAgeMs: LONG_MS,
      hourAgeMs: LONG_MS,
      recent: 50,
    });
  }
}

test("what a stranger has stored, of every kind, stays text on every page, and stops none", async () => {
  const logger = keptLog();
  const huey = new MemoryHuey("shop", { logger });
  huey.task({ name: "buy", concurrency: { limit: 1, key: () => EVIL } }, () => {});
  const { storage } = coreOf(huey)!;
  await storeEverything(storage);
  await storage.pause({ untilMs: 8.64e15 });
  const handler = dashboard(huey);
  const pages = ROUTES.filter(({ kind }) => kind === "page").map(({ path }) => path.replace(":queue", "shop"));
  const id = encodeURIComponent(`${EVIL} a0`);
  pages.push("/q/shop/search?q=img", `/q/shop/invocation?id=${id}`, `/q/shop/task?name=${encodeURIComponent(EVIL)}`);
  for (const { id } of await storage.deadLetters()) pages.push(`/q/shop/invocation?id=${encodeURIComponent(id)}`);
  for (const path of pages) {
    const { status, text } = await ask(handler, path);
    expect([path, status < 500 ? "" : logger.lines.at(-1), /<img src=x|<b id=evil>|"'`<\/script>/.test(text)]).toEqual([
      path,
      "",
      false,
    ]);
  }
  await storage.resume();
  const consumer = new Consumer(huey, { workers: 2, periodic: false });
  await consumer.start();
  const fine = await huey.task("fine", () => 1)();
  expect(await fine.get({ blocking: true, timeout: 20 })).toBe(1);
  await consumer.stop({ graceful: false, grace: 0 });
}, 60_000);
