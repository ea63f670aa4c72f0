import { afterEach, expect, test } from "bun:test";
import { Consumer, MemoryHuey } from "../../mod.ts";
import { dashboard } from "../../dashboard/mod.ts";
import { waitForState } from "../../testing/mod.ts";
import { ask, keptLog } from "./_visitor.ts";

const consumers: Consumer[] = [];

afterEach(async () => {
  for (const consumer of consumers.splice(0)) await consumer.stop({ graceful: false, grace: 0 });
});

async function serve(huey: MemoryHuey): Promise<Consumer> {
  const consumer = new Consumer(huey, { workers: 3, periodic: false });
  consumers.push(consumer);
  await consumer.start();
  return consumer;
}

/** The cells of the rows of a page's tables, as text. */
function rowsOf(text: string): string[][] {
  const plain = (html: string): string => html.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim();
  return [...text.matchAll(/<tr[^>]*>(.*?)<\/tr>/gs)].map(([, row]) =>
    [...row!.matchAll(/<t[dh][^>]*>(.*?)<\/t[dh]>/gs)].map(([, cell]) => plain(cell!))
  );
}

function words(text: string): string {
  return text.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
}

test("the numbers of each task, of the queue and of its consumers", async () => {
  const huey = new MemoryHuey("shop", { logger: keptLog() });
  const fine = huey.task("fine", (n: number) => n);
  const fails = huey.task({ name: "fails", retries: 1 }, (n: number) => {
    throw new Error(`no ${n}`);
  });
  for (let n = 0; n < 7; n++) await fine(n);
  for (let n = 0; n < 2; n++) await fails(n);
  const consumer = await serve(huey);
  await consumer.waitFor("idle");
  const handler = dashboard(huey);
  const page = async (path: string) => (await ask(handler, `/q/shop/${path}`)).text;
  const tasks = rowsOf(await page("tasks"));
  const cells = (name: string) => tasks.find(([first]) => first === name)!.slice(2, 6);
  expect(cells("fine")).toEqual(["7", "7", "0", "0"]);
  expect(cells("fails")).toEqual(["2", "0", "2", "2"]);
  const one = words(await page("task?name=fails"));
  expect(one).toContain("Failed for good 2 Retried 2");
  const overview = words(await page(""));
  expect(overview).toContain("7 completed 2 failed");
  expect(overview).toContain("2 tasks failed in the last 5 minutes");
  expect(overview).toContain("of 3 slots");
  expect(rowsOf(await page("list/recent")).filter(([name]) => name?.startsWith("fine")).length).toBe(7);
  const [, row] = rowsOf(await page("consumers"));
  expect(row!.slice(1, 3)).toEqual(["✓ alive", "0 / 3"]);
  expect(row!.join(" ")).toMatch(/pid \d+ .*greenlet (bun|deno|node) \d+\.\d+\.\d+ \d+\.\d+\.\d+ \d+ MB/);
});

test("tags, steps, attempts and times of one invocation", async () => {
  const huey = new MemoryHuey("shop", { logger: keptLog() });
  const reached = Promise.withResolvers<void>();
  const charge = huey.task({ name: "charge", context: true, retries: 3 }, async (context, cents: number) => {
    await context.step("reserve", () => ({ reserved: cents }));
    if (context.attempt === 1) throw new Error("the bank is closed");
    reached.resolve();
    await new Promise((resolve) => context.signal.addEventListener("abort", resolve, { once: true }));
  });
  const { id } = await charge.with({ meta: { tenant: "acme", trace: "span-7" } })(7777.25);
  await charge.with({ meta: { tenant: "other" }, delay: 1000 })(1);
  await serve(huey);
  await reached.promise;
  const handler = dashboard(huey);
  const page = async (path: string, options = {}) => words((await ask(dashboard(huey, options), `/q/shop/${path}`)).text);
  const shown = await page(`invocation?id=${id}`);
  for (
    const part of [
      "Tag tenant acme",
      "Tag trace span-7",
      "Attempts 2",
      "reserve { reserved: 7777.25 }",
      "Enqueued",
      "Started, attempt 2",
    ]
  ) {
    expect(shown).toContain(part);
  }
  const tagged = async (list: string, query: string) =>
    rowsOf((await ask(handler, `/q/shop/list/${list}?${query}`)).text).length - 1;
  expect(await tagged("running", "tag=tenant%3Dacme")).toBe(1);
  expect(await tagged("running", "tag=tenant")).toBe(1);
  expect(await tagged("running", "tag=tenant%3Dother")).toBe(-1);
  expect(await tagged("scheduled", "q=other")).toBe(1);
  const hidden = await page(`invocation?id=${id}`, { show: false });
  // None of them can be a part of an identifier or of a time.
  for (const part of ["acme", "span-7", "reserve", "7777.25", "bank"]) expect(hidden).not.toContain(part);
  expect(await page("list/running", { show: false })).not.toContain("acme");
  expect(await page("list/running?tag=tenant%3Dacme", { show: false })).toContain("Nothing here matches");
});

test("an attempt that failed is shown while the next one waits, and can be made at once", async () => {
  const huey = new MemoryHuey("shop", { logger: keptLog() });
  const charge = huey.task({ name: "charge", retries: 1, retryDelay: 3600 }, () => {
    throw new Error("the bank is closed");
  });
  const { id } = await charge();
  await serve(huey);
  await waitForState(huey, id, "retrying");
  const { text } = await ask(dashboard(huey), `/q/shop/invocation?id=${id}`);
  expect(words(text)).toContain("the bank is closed");
  expect(words(text)).toContain("Next attempt");
  expect(words((await ask(dashboard(huey), "/q/shop/list/scheduled")).text)).toContain("attempt 2");
  expect(text).toContain("/act/run-now");
  expect(words((await ask(dashboard(huey, { show: false }), `/q/shop/invocation?id=${id}`)).text)).not.toContain("bank");
});

test("blocked tasks are a list of their own", async () => {
  const huey = new MemoryHuey("shop");
  const one = huey.task({ name: "one", concurrency: 1 }, (n: number) => n);
  const ids = [(await one(1)).id, (await one(2)).id, (await one(3)).id];
  const handler = dashboard(huey);
  const rows = rowsOf((await ask(handler, "/q/shop/list/blocked")).text).slice(1);
  expect(rows.map((row) => row[2])).toEqual(["2", "3"]);
  expect(words((await ask(handler, `/q/shop/invocation?id=${ids[1]}`)).text)).toContain("Waits for a place of its concurrency");
  expect(words((await ask(handler, "/q/shop/")).text)).toMatch(/Blocked 2/);
});
