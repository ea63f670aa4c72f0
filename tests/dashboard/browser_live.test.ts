/// <reference lib="dom" />
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { MemoryHuey } from "../../mod.ts";
import { type DashboardServer, serveDashboard } from "../../dashboard/mod.ts";
import { openTab, startBrowser, type Tab, TELEPHONE } from "./_browser.ts";
import { keptLog } from "./_visitor.ts";

/** By this name a browser comes over plain http, as to a server in a network of its own: it then has no clipboard of its own. */
const PLAIN = "shop.test";

let browser: Browser;
let server: DashboardServer;
const huey = new MemoryHuey("shop", { logger: keptLog() });
const add = huey.task("add", (a: number, b: number) => a + b);

const at = (path: string): string => `${server.url}q/shop/${path}`;

async function withTab(
  options: Parameters<typeof openTab>[1],
  use: (tab: Tab) => Promise<void>,
  expected = /nothing/,
): Promise<void> {
  const tab = await openTab(browser, options);
  try {
    await use(tab);
    expect(tab.complaints.filter((complaint) => !expected.test(complaint))).toEqual([]);
  } finally {
    await tab.close();
  }
}

/** Waits until the page shows that so many wait. */
async function waitForCount(page: Page, wanted: number): Promise<void> {
  await page.waitForFunction(
    (number) => document.querySelector('#nav a[data-key="w"] .count')?.textContent === String(number),
    wanted,
  );
}

beforeAll(async () => {
  browser = await startBrowser([`--host-resolver-rules=MAP ${PLAIN} 127.0.0.1`]);
  server = await serveDashboard(huey, { port: 0, authorize: () => "write" });
  await add.map(Array.from({ length: 60 }, (_, n) => [n, n] as [number, number]));
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await huey.close();
});

describe("a page that changes by itself", () => {
  test("leaves the focus where it is", async () => {
    await withTab({}, async ({ page }) => {
      await page.goto(at("list/waiting"));
      const words = () => page.evaluate(() => document.activeElement!.textContent!.replace(/\d+/, ""));
      for (const selector of ["#nav a[data-key=s]", "#more summary", "main tbody tr:nth-child(3) a", "main .bulk a.button"]) {
        await page.locator(selector).focus();
        const focused = await words();
        await add(1, 2);
        await waitForCount(page, await huey.pendingCount());
        const isConnected = await page.evaluate(() => document.activeElement!.isConnected);
        const isFocused = await page.locator(selector).evaluate((element) => element === document.activeElement);
        expect([selector, await words(), isConnected, isFocused]).toEqual([selector, focused, true, true]);
      }
    });
  });

  test("does not jump, nor does one that is loaded again, also on a telephone", async () => {
    await withTab(TELEPHONE, async ({ page }) => {
      await page.goto(at("list/waiting"));
      await page.evaluate(() => scrollTo(0, 900));
      const top = await page.evaluate(() => scrollY);
      await add(1, 2);
      await waitForCount(page, await huey.pendingCount());
      expect(await page.evaluate(() => scrollY)).toBe(top);
      await page.reload();
      await page.waitForFunction((wanted) => scrollY === wanted, top);
      // What is chosen in the line of pages is in sight all the same.
      await page.goto(at("consumers"));
      const box = (await page.locator("#nav a[aria-current]").boundingBox())!;
      expect([box.x >= 0, box.x + box.width <= 390]).toEqual([true, true]);
    });
  });

  test("that is paused fetches nothing when its tab is shown again, and one that is not paused does", async () => {
    await withTab({}, async ({ page }) => {
      await page.goto(at("list/waiting"));
      const fetched: string[] = [];
      page.on("request", (request) => fetched.push(request.resourceType()));
      const showAgain = () => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
      const again = page.waitForRequest((request) => request.resourceType() === "fetch");
      await showAgain();
      await again;
      await page.getByRole("button", { name: "Live" }).click();
      await page.getByRole("button", { name: "Paused" }).waitFor();
      fetched.length = 0;
      await showAgain();
      await page.evaluate(() => dispatchEvent(new Event("focus")));
      await add(1, 2);
      // It stays paused on the next page too.
      await page.goto(at("list/scheduled"));
      await page.getByRole("button", { name: "Paused" }).waitFor();
      expect(fetched.filter((type) => type === "fetch" || type === "eventsource")).toEqual([]);
    });
  });
});

test("the list of queues changes by itself too, whichever queue has changed", async () => {
  const mail = new MemoryHuey("mail", { logger: keptLog() });
  const send = mail.task("send", () => {});
  const both = await serveDashboard([huey, mail], { port: 0 });
  await withTab({}, async ({ page }) => {
    await page.goto(both.url);
    const waiting = page.locator("main tr", { hasText: "mail" }).locator('td[data-label="Waiting"]');
    expect(await waiting.innerText()).toBe("0");
    await send();
    await page.waitForFunction(() => document.querySelectorAll('td[data-label="Waiting"]')[1]?.textContent === "1");
  });
  await both.close();
  await mail.close();
});

test("an id is copied over plain http", async () => {
  await withTab({}, async ({ page }) => {
    const id = (await huey.pending(1))[0]!.id;
    await page.goto(at(`invocation?id=${id}`).replace("127.0.0.1", PLAIN));
    expect(await page.evaluate(() => [isSecureContext, typeof navigator.clipboard])).toEqual([false, "undefined"]);
    await page.locator("button[data-copy]").first().click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    await page.locator("#find").focus();
    await page.keyboard.press("ControlOrMeta+V");
    expect(await page.locator("#find").inputValue()).toBe(id);
    // A browser says of each header that only https makes effective that it has ignored it.
  }, /Cross-Origin-Opener-Policy|Origin-Agent-Cluster/);
});

test("scripts and styles are fetched once, pages each time", async () => {
  await withTab({}, async ({ page }) => {
    const sizes = () =>
      page.evaluate(() =>
        (performance.getEntriesByType("resource") as PerformanceResourceTiming[]).filter(({ name }) =>
          name.includes("/assets/")
        )
          .map(({ transferSize }) => transferSize > 0)
      );
    const goto = async (path: string): Promise<boolean[]> => {
      await page.goto(at(path));
      // What a page still fetches when it is left is not kept, and may come after it is shown.
      await page.waitForFunction(() => {
        return performance.getEntriesByType("resource").filter(({ name }) => name.includes("/assets/")).length >= 3;
      });
      return await sizes();
    };
    expect(await goto("tasks")).toContain(true);
    expect(await goto("list/waiting")).not.toContain(true);
  });
});
