/// <reference lib="dom" />
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Browser, Page } from "playwright-core";
import { PriorityRedisHuey, SqliteHuey } from "../../mod.ts";
import { NAVIGATION } from "../../dashboard/parts/layout.ts";
import { type RedisServer, startRedis } from "../redis_server.ts";
import { unreadable } from "./_readable.ts";
import { openTab, startBrowser, type Tab, TELEPHONE } from "./_browser.ts";
import { openShop, type Shop } from "./_shop.ts";
import { LONG } from "../sizes.ts";

/** HUEY_PICTURES names a folder that gets pictures of the pages, such as docs/pictures. */
const pictures = process.env["HUEY_PICTURES"];
/** The long run names redis as well. */
const storages = LONG ? ["sqlite", "redis"] : ["sqlite"];
/** Those that need no more than a queue. */
const PAGES = NAVIGATION.flat().map(({ path }) => path);

let browser: Browser;
let shop: Shop;
let redis: RedisServer | undefined;

async function open(storage: string, folder: string): Promise<Shop> {
  if (storage === "sqlite") {
    return await openShop((options) => new SqliteHuey({ ...options, filename: join(folder, "shop.db") }));
  }
  redis = await startRedis();
  const { url } = redis;
  return await openShop((options) => new PriorityRedisHuey({ ...options, url }));
}

const at = (path: string): string => `${shop.server.url}q/shop/${path}`;

async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

/** Uses a page, which must have nothing to complain about, but for what is expected. */
async function withTab(
  options: Parameters<typeof openTab>[1],
  use: (tab: Tab) => Promise<void>,
  expected = "nothing",
): Promise<void> {
  const tab = await openTab(browser, options);
  try {
    await use(tab);
    expect(tab.complaints.filter((complaint) => !complaint.includes(expected))).toEqual([]);
  } finally {
    await tab.close();
  }
}

/** The number in a tile of the overview. */
async function tile(page: Page, title: string): Promise<string> {
  return await page.locator("a.tile", { has: page.getByText(title, { exact: true }) }).locator("b").innerText();
}

describe.each(storages)("the dashboard in a browser, on %s", (storage) => {
  const folder = mkdtempSync(join(tmpdir(), "huey-browser-"));

  beforeAll(async () => {
    [browser, shop] = await Promise.all([startBrowser(), open(storage, folder)]);
  });

  afterAll(async () => {
    await browser?.close();
    await shop?.close();
    await redis?.stop();
    redis = undefined;
    rmSync(folder, { recursive: true, force: true });
  });

  test("shows on the overview what the queue has", async () => {
    await withTab({}, async ({ page }) => {
      await page.goto(at(""));
      const { huey } = shop;
      expect(await tile(page, "Waiting")).toBe(String(await huey.pendingCount()));
      expect(await tile(page, "Running")).toBe("2");
      expect(await tile(page, "Scheduled")).toBe("1");
      expect(await tile(page, "Failed")).toBe("12");
      expect(await page.getByText("No consumer serves this queue").count()).toBe(0);
      await picture(page, "overview");
    });
  });

  test.each(["dark", "light"] as const)("every page can be read and used on a small telephone, %s", async (colorScheme) => {
    await withTab({ ...TELEPHONE, viewport: { width: 360, height: 740 }, colorScheme }, async ({ page }) => {
      const ones = [`invocation?id=${shop.ids.failed}`, `invocation?id=${shop.ids.chain}`, "task?name=chargeCard"];
      // The usual run looks at each page in one of the two.
      const isWanted = (_: string, at: number): boolean => LONG || (at % 2 === 0) === (colorScheme === "dark");
      for (const path of [...PAGES, ...ones].filter(isWanted)) {
        await page.goto(at(path));
        expect([path, ...await problemsOf(page), ...await unreadable(page)]).toEqual([path]);
      }
    });
  });

  test("follows dark and light, by the system and by hand", async () => {
    await withTab({ ...TELEPHONE, colorScheme: "dark" }, async ({ page }) => {
      await page.goto(at("list/failed"));
      expect(await background(page)).toBe("rgb(18, 21, 27)");
      await picture(page, "failed-telephone-dark");
      await page.getByRole("button", { name: "Dark or light" }).click();
      expect(await background(page)).toBe("rgb(247, 248, 250)");
      await page.reload();
      expect(await background(page)).toBe("rgb(247, 248, 250)");
    });
  });

  test("can be read without scripts", async () => {
    await withTab({ javaScriptEnabled: false }, async ({ page }) => {
      await page.goto(at("list/failed"));
      await page.getByRole("link", { name: "chargeCard" }).first().click();
      expect(await page.locator("main").innerText()).toContain("has expired");
      expect(await page.locator("pre").first().innerText()).toContain("_shop.ts");
    });
  });

  test("is used by keyboard alone", async () => {
    await withTab({}, async ({ page }) => {
      await page.goto(at(""));
      await page.keyboard.press("g");
      await page.keyboard.press("f");
      await page.waitForURL(/list\/failed/);
      await page.keyboard.press("?");
      expect(await page.getByRole("dialog").innerText()).toContain("next and previous row");
      await page.keyboard.press("Escape");
      await page.keyboard.press("j");
      await page.keyboard.press("j");
      await page.keyboard.press("x");
      expect(await page.locator("#selected").innerText()).toBe("1 selected");
      await page.keyboard.press("/");
      await page.keyboard.type("expired-1");
      await page.keyboard.press("Enter");
      await page.waitForURL(/search\?q=/);
      expect(await page.locator("main").innerText()).toContain("All 4");
    });
  });

  test("asks before it acts, and says what it did", async () => {
    await withTab({}, async ({ page }) => {
      await page.goto(at("list/failed"));
      const boxes = page.getByRole("checkbox", { name: /^Select chargeCard/ });
      await boxes.nth(0).check();
      await boxes.nth(1).check();
      const before = await shop.huey.deadLetterCount();
      await page.getByRole("button", { name: "Delete selected" }).click();
      expect(await page.getByRole("dialog").innerText()).toContain("Delete: 2 selected?");
      await page.getByRole("button", { name: "No" }).click();
      expect(await shop.huey.deadLetterCount()).toBe(before);
      await page.getByRole("button", { name: "Delete selected" }).click();
      await page.getByRole("button", { name: "Yes" }).click();
      await page.getByText("2 tasks deleted").waitFor();
      expect(await shop.huey.deadLetterCount()).toBe(before - 2);
      await page.getByRole("link", { name: /^Retry all/ }).click();
      await page.getByRole("button", { name: `Retry ${before - 2} tasks` }).click();
      await page.getByText(`${before - 2} tasks enqueued again`).waitFor();
    });
  });

  test("cancels what runs, runs what is scheduled, enqueues what is typed", async () => {
    await withTab({}, async ({ page }) => {
      await page.goto(at(`invocation?id=${shop.ids.running}`));
      expect(await page.getByRole("progressbar").getAttribute("value")).toBe("0.375");
      await picture(page, "invocation");
      await page.getByRole("button", { name: "Cancel resizeImage" }).click();
      await page.getByRole("button", { name: "Yes" }).click();
      // The page changes by itself when the task has ended.
      await page.locator(".badge", { hasText: "revoked" }).first().waitFor();
      await page.goto(at(`invocation?id=${shop.ids.scheduled}`));
      await page.getByRole("button", { name: "Run now sendInvoice" }).click();
      await page.locator(".badge", { hasText: "complete" }).first().waitFor();
      await page.goto(at("enqueue"));
      await page.getByLabel("Task").selectOption("sendInvoice");
      await page.getByLabel("Arguments").fill('[1, "x"');
      await page.getByRole("button", { name: "Enqueue" }).click();
      expect(await page.getByRole("alert").innerText()).toContain("no JSON");
      await page.getByLabel("Arguments").fill('[7, "x"]');
      await page.getByRole("button", { name: "Enqueue" }).click();
      await page.getByText("'Sent 7'").waitFor();
      // A browser tells the answer to a wrong form as an error of its own.
    }, "status of 400");
  });

  test("changes by itself, unless that is paused", async () => {
    await withTab({}, async ({ page }) => {
      await page.goto(at(""));
      await page.getByRole("button", { name: "Pause", exact: true }).click();
      await page.getByRole("button", { name: "Yes" }).click();
      await page.getByText("The queue is paused").waitFor();
      const before = Number(await tile(page, "Waiting"));
      await shop.sendInvoice(1);
      await page.waitForFunction((wanted) => document.querySelector("a.tile b")?.textContent === String(wanted), before + 1);
      await page.getByRole("button", { name: "Live" }).click();
      const listens = page.waitForRequest(/\/events$/);
      await shop.sendInvoice(2);
      await page.getByRole("button", { name: "Paused" }).click();
      await listens;
      await page.waitForFunction((wanted) => document.querySelector("a.tile b")?.textContent === String(wanted), before + 2);
      await page.getByRole("button", { name: "Resume" }).click();
      await page.getByText("All is well").or(page.locator(".alerts")).first().waitFor();
      expect(await shop.huey.isPaused()).toBe(false);
    });
  });
});

async function background(page: Page): Promise<string> {
  return await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
}

/** What is wrong with a page: no landmarks, controls and pictures without a name, and what does not fit. */
async function problemsOf(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const named = (element: Element): boolean =>
      (element.textContent ?? "").trim() !== "" || element.hasAttribute("aria-label") || element.hasAttribute("title") ||
      ((element as HTMLInputElement).labels?.length ?? 0) > 0;
    const controls = [...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea")];
    const images = [...document.querySelectorAll("img:not([alt]), svg[role=img]:not([aria-label])")];
    const one = ["h1", "main", "nav#nav[aria-label]", "header", "form[role=search]", "html[lang=en]"];
    return [
      ...[...controls.filter((element) => !named(element)), ...images].map((element) => element.outerHTML.slice(0, 200)),
      ...one.filter((selector) => document.querySelectorAll(selector).length !== 1),
      ...(document.documentElement.scrollWidth > innerWidth ? [`${location} is too wide`] : []),
    ];
  });
}
