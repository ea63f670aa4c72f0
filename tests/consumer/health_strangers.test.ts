/** Who asks the health endpoint what it is not for. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";
import { isOwnHost, parseHead } from "../../consumer/health/http_head.ts";
import { SmallHttpServer } from "../../consumer/health/small_http.ts";
import { FileHuey } from "../../mod.ts";
import { silent } from "../helpers.ts";
import { Folder, RUNTIMES, terminated } from "./_folder.ts";
import { DENO } from "./_program.ts";

const SLOW = 60_000;
const sockets: Socket[] = [];
let server: SmallHttpServer;
let port: number;

beforeEach(async () => {
  server = new SmallHttpServer(({ path, host }) => Promise.resolve({ status: 200, body: { path, host } }));
  port = await server.start("127.0.0.1", 0);
});
afterEach(() => {
  server.close();
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** Opens a connection and sends something. */
function open(text: string, to: number = port): Socket {
  const socket = connect(to, "127.0.0.1");
  sockets.push(socket);
  socket.on("error", () => {});
  socket.on("connect", () => socket.write(text));
  return socket;
}

/** Sends a request as it is. @returns everything that comes back until the connection is closed */
function ask(text: string, to?: number): Promise<string> {
  const socket = open(text, to);
  let answer = "";
  socket.on("data", (data: unknown) => answer += String(data));
  return new Promise((resolve) => socket.on("close", () => resolve(answer)));
}

describe("parseHead()", () => {
  test("reads method, path and host", () => {
    const head = parseHead("GET /health?a=b HTTP/1.1\r\nHost: localhost:8080\r\nX-Other: 1");
    expect(head).toEqual({ method: "GET", path: "/health", host: "localhost:8080" });
    expect(parseHead("GET / HTTP/1.0")).toEqual({ method: "GET", path: "/", host: undefined });
  });

  const BROKEN = [
    ...["", "GET", "GET /", "GET / HTTP/2.0", "GET / HTTP/1.1", "GET  / HTTP/1.1\r\nHost: a", "\x16\x03\x01\x02"],
    ...[
      "GET / HTTP/1.1\r\nHost: a\r\nHost: b",
      "GET / HTTP/1.1\r\nHost: a\r\n folded: x",
      "GET / HTTP/1.1\r\nHost: a\r\nno colon",
    ],
    ...["GET / HTTP/1.1\nHost: a", `GET /${"a".repeat(5000)} HTTP/1.1\r\nHost: a`],
  ];
  for (const head of BROKEN) {
    test(`does not read ${JSON.stringify(head.slice(0, 40))}`, () => expect(parseHead(head)).toBeUndefined());
  }
});

describe("isOwnHost()", () => {
  test("knows this computer, and the name that was given", () => {
    for (
      const host of [
        "localhost",
        "LOCALHOST:8080",
        "127.0.0.1:1",
        "127.1.2.3",
        "[::1]:80",
        "a.localhost",
        "localhost.",
        undefined,
      ]
    ) {
      expect([host, isOwnHost(host, "127.0.0.1")]).toEqual([host, true]);
    }
    expect(isOwnHost("Shop.internal:8080", "shop.internal")).toBe(true);
    expect(isOwnHost("10.0.0.5:8080", "0.0.0.0")).toBe(true);
    expect(isOwnHost("[fd00::1]", "::")).toBe(true);
  });

  test("knows no other", () => {
    const others = [
      "evil.example",
      "10.0.0.5",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "",
      "a b",
      "localhost@evil",
      "[::2]",
    ];
    for (const host of others) expect([host, isOwnHost(host, "127.0.0.1")]).toEqual([host, false]);
    expect(isOwnHost("evil.example", "0.0.0.0")).toBe(false);
  });
});

describe("the small server", () => {
  test("answers one request, and nothing that follows it", async () => {
    const answer = await ask("GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nGET /b HTTP/1.1\r\nHost: y\r\n\r\n");
    expect(answer).toContain('{"path":"/a","host":"x"}');
    expect(answer.match(/HTTP\/1\.1 /g)!.length).toBe(1);
    expect(await ask("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n")).toMatch(/content-length: \d+\r\nconnection: close\r\n\r\n$/);
  });

  test("reads a request that comes in pieces", async () => {
    const socket = open("GET /pie");
    let answer = "";
    socket.on("data", (data: unknown) => answer += String(data));
    for (const piece of ["ces HTTP/1.1\r", "\nHost: ", "x\r\n\r", "\n"]) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      socket.write(piece);
    }
    await new Promise((resolve) => socket.on("close", resolve));
    expect(answer).toContain('"path":"/pieces"');
  });

  test("refuses what is too long, and what is no request", async () => {
    expect(await ask(`GET / HTTP/1.1\r\nHost: x\r\nA: ${"a".repeat(9000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await ask("\x16\x03\x01\x02\x00\x01junk\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect(await ask("GET / HTTP/1.1\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("drops who is slow, the oldest first when there are many", async () => {
    const slow = Array.from({ length: 300 }, () => open("GET / HTTP/1.1\r\nX-a: "));
    const closed = slow.map((socket) => new Promise<void>((resolve) => socket.on("close", () => resolve())));
    await Promise.all(closed.slice(0, 200));
    expect(await ask("GET /quick HTTP/1.1\r\nHost: x\r\n\r\n")).toContain('"path":"/quick"');
    await Promise.all(closed);
  }, 30_000);

  test("drops who does not take the answer, if nobody is slower", async () => {
    const greedy = Array.from({ length: 50 }, () => {
      const socket = open("GET /greedy HTTP/1.1\r\nHost: x\r\n\r\n");
      return new Promise<void>((resolve) => socket.on("readable", () => resolve()));
    });
    await Promise.all(greedy);
    expect(await ask("GET /quick HTTP/1.1\r\nHost: x\r\n\r\n")).toContain('"path":"/quick"');
  });
});

describe("the health endpoint of a consumer", () => {
  test("leaves the descriptors that claiming needs alone, and tells strangers nothing", async () => {
    const folder = new Folder();
    try {
      folder.module(
        "app.js",
        `export const huey = new library.FileHuey("shop", { path: "data/shop" }); huey.task("ok", () => "ok");`,
      );
      const few = ["sh", "-c", 'ulimit -n 250; exec "$0" "$@"', ...RUNTIMES[DENO ? "deno" : "bun"]];
      const program = folder.run(["-k", "greenlet", "--health-port", "0", "app.js"], few);
      await program.says("/health");
      await program.says("Consumer started");
      const to = Number(/Health at http:\/\/127\.0\.0\.1:(\d+)/.exec(program.text)![1]);
      for (let n = 0; n < 600; n++) open("GET /live HTTP/1.1\r\nX: ", to);
      const huey = new FileHuey("shop", { path: join(folder.data, "shop"), logger: silent });
      const result = await huey.task("ok", () => "")();
      expect(await program.during(result.get({ blocking: true }))).toBe("ok");
      await huey.close();
      expect(await ask("GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n", to)).toMatch(/^HTTP\/1\.1 403 /);
      // On a busy machine a look may take longer than its second.
      let answer = "";
      while (!answer.includes('"healthy":true')) {
        answer = await program.during(ask("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", to));
      }
      expect(await terminated(program)).toBe(0);
    } finally {
      await folder.end();
    }
  }, SLOW);

  test("says that the storage failed, and not where it is", async () => {
    const folder = new Folder();
    try {
      folder.module(
        "app.js",
        `import { rmSync, writeFileSync } from "node:fs";
         export const huey = new library.FileHuey("shop", { path: "data/shop" });
         huey.onStartup(() => { rmSync("data/shop", { recursive: true }); writeFileSync("data/shop", ""); });`,
      );
      const program = folder.run(["-k", "greenlet", "--health-port", "0", "app.js"]);
      await program.says("/health");
      const to = Number(/Health at http:\/\/127\.0\.0\.1:(\d+)/.exec(program.text)![1]);
      let answer = "";
      while (!answer.includes('"reason":"the storage failed: see the log"')) {
        answer = await program.during(ask("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", to));
      }
      expect(answer).not.toContain(folder.path);
      await program.says('Health of queue "shop": ');
    } finally {
      await folder.end();
    }
  }, SLOW);
});
