/**
 * A real browser: Debian's chromium, driven by playwright-core.
 * @module
 */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** A page, and everything that it has complained about. */
export interface Tab {
  readonly page: Page;
  readonly complaints: string[];
  close(): Promise<void>;
}

/** What telephones have. */
export const TELEPHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** Starts the browser. `more`: arguments for it. */
export async function startBrowser(more: readonly string[] = []): Promise<Browser> {
  const names = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "chromium"));
  const executablePath = names.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error("There is no chromium on the PATH: npm test installs it");
  return await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", ...more] });
}

/** Opens a page that keeps the errors of its scripts, of its policy, and of what it loads. */
export async function openTab(browser: Browser, options: BrowserContextOptions = {}): Promise<Tab> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("requestfailed", (request) => {
    // A page that is left drops its stream of events, and what it was just fetching.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") complaints.push(`${request.url()} failed`);
  });
  return { page, complaints, close: () => context.close() };
}
