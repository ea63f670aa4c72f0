import { expect, test } from "bun:test";
import { crontab, every, MemoryHuey } from "../../mod.ts";
import { dashboard } from "../../dashboard/mod.ts";
import { lastOutcome } from "../../dashboard/queue/history.ts";
import { TestHuey } from "../../testing/mod.ts";
import { ask, keptLog } from "./_visitor.ts";

/** The texts of the cells of the rows that have a text in them. */
function rowsWith(html: string, text: string): string[][] {
  const plain = (cell: string): string => cell.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim();
  const rows = [...html.matchAll(/<tr[^>]*>(.*?)<\/tr>/gs)].map(([, row]) =>
    [...row!.matchAll(/<t[dh][^>]*>(.*?)<\/t[dh]>/gs)].map(([, cell]) => plain(cell!))
  );
  return rows.filter((row) => row.join(" ").includes(text));
}

test("a periodic task tells when it ran and how that ended, for as long as it is counted", async () => {
  const huey = new TestHuey({ name: "shop", now: new Date("2030-03-01T00:30:00Z"), utc: true, logger: keptLog() });
  let night = 0;
  huey.periodicTask("nightly", crontab({ hour: 3, minute: 0 }), () => {
    if (++night === 2) throw new RangeError("no backup");
  });
  huey.periodicTask("never", crontab({ month: 2, day: 29, hour: 0, minute: 0 }), () => {});
  await huey.advance({ hours: 54 });
  const handler = dashboard(huey);
  const page = async (path: string) => (await ask(handler, `/q/shop/${path}`)).text;
  const periodic = await page("periodic");
  const [[, words, next, last]] = rowsWith(periodic, "nightly") as [string[]];
  expect([words, next, last]).toEqual(["every day at 3:00 (UTC) 0 3 * * * (UTC)", "in 20 h", "3 h ago ✓ complete"]);
  expect(periodic).toContain('aria-label="nightly, Last day: 1 completed, 0 failed"');
  expect(periodic).toContain('title="2030-03-03 03:00:00.000 UTC"');
  const nightly = await page("task?name=nightly");
  expect(rowsWith(nightly, "03:00 UTC".slice(0, 5)).map((row) => row.slice(0, 5))).toEqual([
    ["2030-03-03 03:00", "✓ complete", "1", "0", "0"],
    ["2030-03-02 03:00", "✕ failed", "0", "1", "0"],
    ["2030-03-01 03:00", "✓ complete", "1", "0", "0"],
  ]);
  expect(await page("task?name=never")).toContain("None has ended in the last 30 days.");
  await huey.close();
});

test("a run that is no longer in the sample is known by the hour in which it ended", () => {
  const none = { enqueued: 1, completed: 0, failed: 0, retried: 0, revoked: 0, expired: 0, canceled: 0, dead: 0, recovered: 0 };
  const times = { runMean: 1, runP50: 1, runP95: 1, runMax: 1, waitMean: 1, waitP95: 1 };
  const row = (counts: Partial<typeof none>) => ({ at: new Date(0), taskName: "a", ...none, ...times, ...counts });
  const of = (...rows: Partial<typeof none>[]) => lastOutcome({ last: undefined, rows: rows.map(row) });
  expect([of(), of({}), of({ completed: 1 }, {}), of({ completed: 1, failed: 1 }), of({ failed: 1 }, { revoked: 1 })])
    .toEqual([undefined, undefined, "complete", "failed", "revoked"]);
  expect([of({ expired: 1 }), of({ canceled: 1 })]).toEqual(["expired", "canceled"]);
});

test("the list of queues shows an hour of each, its size, its age and that it is paused", async () => {
  const [shop, mail] = [new TestHuey({ name: "shop", logger: keptLog() }), new MemoryHuey("mail", { logger: keptLog() })];
  const add = shop.task("add", (n: number) => {
    if (n === 1) throw new Error("no");
  });
  const send = mail.task("send", () => {});
  for (let n = 0; n < 3; n++) await add(n);
  await shop.drain();
  await send();
  await mail.pause();
  const { text } = await ask(dashboard([shop, mail]), "/");
  expect(text).toContain('aria-label="Last hour: 2 completed, 1 failed"');
  expect(text).toContain('aria-label="Last hour: 0 completed, 0 failed"');
  const [row] = rowsWith(text, "mail");
  expect(row!.slice(0, 4)).toEqual(["mail", "‖ paused", "", "1"]);
  expect(rowsWith(text, "shop")[0]!.slice(3)).toEqual(["0", "0 s", "0", "0", "1", "0", "0"]);
  await Promise.all([shop.close(), mail.close()]);
});

test("more tasks than a page has are leafed through, each with the hour that it had", async () => {
  const huey = new MemoryHuey("shop", { logger: keptLog() });
  for (let n = 0; n < 60; n++) {
    huey.task(`task-${String(n).padStart(2, "0")}`, () => {});
    huey.periodicTask(`clock-${String(n).padStart(2, "0")}`, every({ minutes: 5 }), () => {});
  }
  const handler = dashboard(huey);
  const names = async (path: string) =>
    [...(await ask(handler, `/q/shop/${path}`)).text.matchAll(/data-row="([^"]*)"/g)].map(([, name]) => name!);
  const tasks = [await names("tasks"), await names("tasks?page=2"), await names("tasks?page=5"), await names("tasks?page=99")];
  expect(tasks.map(({ length }) => length)).toEqual([25, 25, 20, 20]);
  expect(new Set(tasks.flat()).size).toBe(70);
  expect(await names("periodic?page=3")).toEqual(Array.from({ length: 10 }, (_, n) => `clock-${n + 50}`));
  const { text } = await ask(handler, "/q/shop/tasks?page=2&span=day");
  expect(text).toContain('href="/q/shop/tasks?span=day&amp;page=3"');
});
