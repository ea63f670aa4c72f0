/**
 * Two looks at a page of the dashboard, and what they cost.
 * @module
 */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import process from "node:process";
import type { Huey } from "../../mod.ts";
import { serveDashboard } from "../../dashboard/mod.ts";
import { startBrowser } from "../../tests/dashboard/_browser.ts";

/** What one look cost, in milliseconds. */
export interface Look {
  readonly cpuMs: number;
  readonly wallMs: number;
  /** Until the browser had painted. */
  readonly paintMs?: number;
}

/** Both looks. */
export interface Looks {
  readonly first: Look;
  readonly second: Look;
  readonly bytes: number;
}

/** Looks at a page twice. */
export async function lookAt(huey: Huey, page: string, browser: boolean): Promise<Looks> {
  const server = await serveDashboard(huey, { port: 0 });
  const looks = await (browser ? paint : ask)(server.url, `${server.url}q/${huey.name}/${page}`);
  await server.close();
  return looks;
}

/** What asks costs little, and has been used before. */
async function ask(home: string, url: string): Promise<Looks> {
  for (let times = 0; times < 3; times++) await get(`${home}assets/style.css`);
  const looks: Look[] = [];
  let bytes = 0;
  for (let times = 0; times < 2; times++) {
    const [startMs, before] = [performance.now(), process.cpuUsage()];
    bytes = await get(url);
    const { user, system } = process.cpuUsage(before);
    looks.push({ cpuMs: (user + system) / 1000, wallMs: performance.now() - startMs });
  }
  return { first: looks[0]!, second: looks[1]!, bytes };
}

async function get(url: string): Promise<number> {
  const [response] = await once(request(url).end(), "response") as [IncomingMessage];
  let bytes = 0;
  for await (const chunk of response) bytes += (chunk as Uint8Array).length;
  if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`);
  return bytes;
}

/** The browser has been used before: its own first start is none of the dashboard. */
async function paint(home: string, url: string): Promise<Looks> {
  const browser = await startBrowser();
  const tab = await (await browser.newContext({ viewport: { width: 1280, height: 860 } })).newPage();
  await tab.goto(`${home}assets/icon.svg`);
  const looks: Look[] = [];
  let bytes = 0;
  for (let n = 0; n < 2; n++) {
    const before = process.cpuUsage();
    const startMs = performance.now();
    const response = await tab.goto(url);
    const wallMs = performance.now() - startMs;
    const { user, system } = process.cpuUsage(before);
    bytes = (await response!.body()).length;
    looks.push({ cpuMs: (user + system) / 1000, wallMs, paintMs: await tab.evaluate(paintedMs) });
  }
  await browser.close();
  return { first: looks[0]!, second: looks[1]!, bytes };
}

/** In the browser: when it had painted something of the page. */
function paintedMs(): Promise<number> {
  return new Promise((resolve) => {
    new PerformanceObserver((list, observer) => {
      const painted = list.getEntriesByName("first-contentful-paint")[0];
      if (painted === undefined) return;
      observer.disconnect();
      resolve(painted.startTime);
    }).observe({ type: "paint", buffered: true });
  });
}
