/// <reference lib="dom" />
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildGuide } from "../../scripts/site.ts";
import { openTab, startBrowser, TELEPHONE } from "../dashboard/_browser.ts";

const LIMIT_MS = 120_000;

describe("the guide as a site", () => {
  let folder: string;
  let count: number;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "huey-site-"));
    count = buildGuide(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("has every page, and each link of a page leads somewhere", () => {
    const files = readdirSync(folder).filter((name) => name.endsWith(".html"));
    expect(files).toHaveLength(count);
    const wrong: string[] = [];
    for (const file of files) {
      const html = readFileSync(join(folder, file), "utf8");
      for (const [, target = ""] of html.matchAll(/(?:href|src)="([^"]*)"/g)) {
        // The reference is built beside the guide, by another program.
        if (/^[a-z]+:/.test(target) || target.startsWith("api/")) continue;
        const [path = "", anchor] = target.split("#");
        const other = path === "" ? file : path;
        const isThere = existsSync(join(folder, other)) &&
          (anchor === undefined || readFileSync(join(folder, other), "utf8").includes(`id="${anchor}"`));
        if (!isThere) wrong.push(`${file}: ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("is read, searched and steered in a browser, from disk", async () => {
    const browser = await startBrowser();
    try {
      const { page, complaints } = await openTab(browser, { colorScheme: "dark" });
      const api = (text: string): boolean => text.includes("api/");
      await page.goto(pathToFileURL(join(folder, "index.html")).href);
      expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe("rgb(20, 23, 30)");
      await page.getByRole("link", { name: "Start here", exact: true }).first().click();
      expect(await page.locator("h1").textContent()).toBe("Start here");
      expect(await page.locator("nav a[aria-current]").textContent()).toBe("Start here");
      await page.keyboard.press("/");
      await page.keyboard.type("failed tasks");
      await page.locator("#found a").first().click();
      expect(page.url().endsWith("operating.html#failed-tasks")).toBe(true);
      expect(complaints.filter((text) => !api(text))).toEqual([]);
      const telephone = await openTab(browser, TELEPHONE);
      await telephone.page.goto(pathToFileURL(join(folder, "command_line.html")).href);
      expect(await telephone.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
      expect(await telephone.page.locator("nav li").first().isVisible()).toBe(false);
      await telephone.page.locator("nav summary").click();
      expect(await telephone.page.locator("nav li").first().isVisible()).toBe(true);
    } finally {
      await browser.close();
    }
  }, LIMIT_MS);
});
