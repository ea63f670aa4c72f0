import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Consumer, FileHuey, type Huey, MemoryHuey, SqliteHuey } from "../../mod.ts";
import { dashboard } from "../../dashboard/mod.ts";
import { ask, type Handler, keptLog, ORIGIN } from "./_visitor.ts";

const BASE = "/tools/huey";
const BIG = 2n ** 80n + 1n;
const folder = mkdtempSync(join(tmpdir(), "huey-addresses-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Something in each state, with slashes and dots in every name. */
async function fill(huey: Huey): Promise<void> {
  const fine = huey.task("mail/../send.v2", (value: unknown) => value);
  const fails = huey.task(".", () => {
    throw new Error("a/../b");
  });
  huey.periodicTask("clock/./tick", () => false, () => {});
  await fails.with({ id: ".." })();
  const consumer = new Consumer(huey, { periodic: false });
  await consumer.start();
  await consumer.waitFor("idle");
  await consumer.stop();
  await fine.with({ id: "../one.two/three" })(BIG);
  await fine.with({ id: "./x", delay: 1000 })(1);
}

/** All pages that can be reached by links, and what is wrong with a link. */
async function crawl(handler: Handler, most: number): Promise<{ pages: Map<string, string>; wrong: string[] }> {
  const pages = new Map<string, string>();
  const wrong: string[] = [];
  const open = [`${BASE}/`];
  while (open.length > 0 && pages.size < most) {
    const path = open.shift()!;
    if (pages.has(path)) continue;
    const { status, text, headers } = await ask(handler, path);
    pages.set(path, text);
    if (status !== 200 && status !== 302) wrong.push(`${path} ${status}`);
    const found = [...text.matchAll(/\s(?:href|src|action|formaction|data-events)="([^"]*)"/g)].map(([, link]) =>
      link!.replaceAll("&amp;", "&")
    ).filter((link) => link !== "" && !link.startsWith("#"));
    const links = headers.has("location") ? [...found, headers.get("location")!] : found;
    wrong.push(...links.filter((link) => !isOwn(link)).map((link) => `${path} leads to ${link}`));
    open.push(...links.filter((link) => isOwn(link) && !/\/(act|events|assets)(\/|$)/.test(link.split("?")[0]!)));
  }
  return { pages, wrong };
}

/** It stays below the place where the dashboard is mounted, also when a browser or a proxy has read it. */
function isOwn(link: string): boolean {
  const { pathname, search } = new URL(link, `${ORIGIN}${BASE}/`);
  return link.startsWith(`${BASE}/`) && !pathname.includes("//") && `${pathname}${search}` === link;
}

test("below a path, every link leads to a page, whatever slashes and dots are in names, on three storages in one board", async () => {
  const logger = keptLog();
  const hueys = [
    new SqliteHuey({ name: "a/../b", filename: join(folder, "a.db"), logger }),
    new FileHuey({ name: "..", path: join(folder, "files"), logger }),
    new MemoryHuey({ name: "shop.eu/1", logger }),
  ];
  for (const huey of hueys) await fill(huey);
  const { pages, wrong } = await crawl(dashboard(hueys, { path: `${BASE}/` }), 400);
  expect(wrong).toEqual([]);
  const paths = [...pages.keys()];
  for (const id of ["../one.two/three", "./x", ".."]) {
    expect(paths.filter((path) => path.endsWith(`/invocation?${new URLSearchParams({ id })}`))).toHaveLength(3);
  }
  expect(logger.lines.filter((line) => /Dashboard/.test(line))).toEqual([]);
  await Promise.all(hueys.map((huey) => huey.close()));
});

test("large numbers are shown to their last digit, in lists, arguments and values, and are found", async () => {
  const huey = new MemoryHuey({ name: "shop", logger: keptLog(), immediate: false });
  await huey.task("add", (value: bigint) => value).with({ id: "big" })(BIG);
  const handler = dashboard(huey);
  for (const path of ["list/waiting", "invocation?id=big", `list/waiting?q=${BIG}`]) {
    const { text } = await ask(handler, `/q/shop/${path}`);
    expect([path, text.includes(`>${BIG}n<`) || text.includes(`[ ${BIG}n ]`)]).toEqual([path, true]);
  }
  await huey.close();
});

test("of several queues the one whose storage fails is told in its row, and the others are shown", async () => {
  const logger = keptLog();
  const broken = new SqliteHuey({ name: "broken", filename: join(folder, "nowhere", "deep", "x.db"), logger });
  const shop = new MemoryHuey({ name: "shop", logger });
  await shop.task("add", () => {})();
  const handler = dashboard([broken, shop]);
  const { status, text } = await ask(handler, "/");
  const words = text.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
  expect(status).toBe(200);
  expect(words).toMatch(/broken ✕ does not answer/);
  expect(words).toMatch(/shop † no consumer 1 /);
  expect(text).not.toContain(folder);
  expect((await ask(handler, "/q/broken/")).status).toBe(503);
  expect((await ask(handler, "/q/shop/")).status).toBe(200);
  await shop.close();
  await broken.close();
});
