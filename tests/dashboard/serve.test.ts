import { connect } from "node:net";
import { afterEach, expect, test } from "bun:test";
import { ConfigurationError, MemoryHuey } from "../../mod.ts";
import { type DashboardServer, serveDashboard } from "../../dashboard/mod.ts";
import { keptLog } from "./_visitor.ts";

const TOKEN = "k3v9-2x8q-7m1z-5p0w";
const servers: DashboardServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function start(options: Partial<Parameters<typeof serveDashboard>[1]> = {}) {
  const logger = keptLog();
  const huey = new MemoryHuey("shop", { logger });
  const add = huey.task("add", (a: number, b: number) => a + b);
  const server = await serveDashboard(huey, { port: 0, ...options });
  servers.push(server);
  return { huey, add, server, logger };
}

/** Sends bytes as they are, and gives what comes back. */
function sendRaw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.on("data", (data) => answer += data);
    socket.on("close", () => resolve(answer));
    socket.on("error", () => resolve(answer));
  });
}

test("serves pages and files, and takes forms", async () => {
  const { server, huey, add, logger } = await start({ path: "/huey" });
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/huey\/$/);
  const { id } = await add(1, 2);
  const page = await (await fetch(server.url)).text();
  expect(page).toContain('href="/huey/q/shop/list/waiting"');
  expect((await fetch(`${server.url}assets/style.css`)).headers.get("content-type")).toContain("text/css");
  const { origin } = new URL(server.url);
  const form = { method: "POST", body: new URLSearchParams({ id }), headers: { origin }, redirect: "manual" } as const;
  const acted = await fetch(`${server.url}q/shop/act/cancel`, form);
  expect(acted.status).toBe(303);
  expect(await huey.isRevoked(id)).toBe(true);
  expect(logger.lines).toContain(`Dashboard: cancel on queue "shop" by this computer (127.0.0.1), 1 of 1: ${id}`);
  const head = await fetch(server.url, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
});

test("the cookie of the login passes through", async () => {
  const { server } = await start({ token: TOKEN });
  const { origin } = new URL(server.url);
  const body = new URLSearchParams({ token: TOKEN });
  const entered = await fetch(`${server.url}login`, { method: "POST", body, headers: { origin }, redirect: "manual" });
  const cookie = entered.headers.getSetCookie()[0]!.split(";")[0]!;
  expect((await fetch(server.url, { headers: { cookie } })).status).toBe(200);
  expect((await fetch(server.url)).status).toBe(401);
});

test("streams events until the other side has gone", async () => {
  const { server, add } = await start();
  const gone = new AbortController();
  const response = await fetch(`${server.url}q/shop/events`, { signal: gone.signal });
  await add(1, 2);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("event: change")) text += (await reader.read()).value;
  gone.abort();
  await reader.read().catch(() => {});
  // A server that still held the stream would not close.
  await server.close();
});

test("requests that are none do not end it", async () => {
  const { server } = await start();
  const port = Number(new URL(server.url).port);
  const wrong = [
    "rubbish\r\n\r\n",
    "GET http://evil.example/ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    "GET / HTTP/1.1\r\nhost: local host\r\nconnection: close\r\n\r\n",
    "GET //evil.example/ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    "GET / HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    `POST /q/shop/act/pause HTTP/1.1\r\nhost: localhost\r\norigin: http://localhost\r\ncontent-length: 9999\r\nconnection: close\r\n\r\n`,
  ];
  for (const text of wrong.slice(0, -1)) expect(await sendRaw(port, text)).toMatch(/^HTTP\/1\.1 (400|401|404)/);
  const socket = connect(port, "127.0.0.1", () => socket.end(wrong.at(-1)!));
  await new Promise((resolve) => socket.on("close", resolve).resume());
  expect((await fetch(server.url)).status).toBe(200);
});

test("a wrong port or address is refused", async () => {
  const huey = new MemoryHuey("other");
  for (const port of ["80", -1, 65_536, 1.5, undefined, null]) {
    await expect(serveDashboard(huey, { port: port as number })).rejects.toThrow(/port/);
  }
  await expect(serveDashboard(huey, { port: 0, host: "" })).rejects.toThrow(/host/);
  await expect(serveDashboard(huey, { port: 0, tokn: "x" } as never)).rejects.toThrow(/token/);
});

test("a port that is taken is said", async () => {
  const { server } = await start();
  const port = Number(new URL(server.url).port);
  await expect(serveDashboard(new MemoryHuey("other"), { port })).rejects.toThrow(ConfigurationError);
});
