/** What somebody who is not let in, or should not be, could try at a dashboard. @module */
import { describe, expect, test } from "bun:test";
import { MemoryHuey } from "../../mod.ts";
import { dashboard } from "../../dashboard/mod.ts";
import { methodOf, ROUTES } from "../../dashboard/routes.ts";
import { act, ask, type Handler, keptLog, ORIGIN, OWN } from "./_visitor.ts";

const TOKEN = "k3v9-2x8q-7m1z-5p0w";
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"];

function shop(options: Parameters<typeof dashboard>[1] = {}) {
  const huey = new MemoryHuey("shop", { logger: keptLog() });
  const ran: unknown[] = [];
  huey.task("buy", (what: unknown) => void ran.push(what));
  return { huey, ran, handler: dashboard(huey, options) };
}

const PATHS = [...new Set(ROUTES.map(({ path }) => path.replace(":queue", "shop")))];

describe("every route, with every method,", () => {
  const FORM = { id: "x", task: "buy", args: '["stolen"]', list: "waiting", action: "cancel", token: "wrong-wrong-wrong-1" };

  async function send(handler: Handler, path: string, method: string, headers: Readonly<Record<string, string>>) {
    const form = method === "GET" || method === "HEAD" ? {} : { form: FORM };
    return await ask(handler, path, { method, headers, ...form });
  }

  test("gives nothing to a stranger, and no way around: dots, slashes, letters and codes in paths", async () => {
    const { handler, huey } = shop({ token: TOKEN, path: "/huey" });
    const open: string[] = [];
    for (const path of PATHS) {
      const tricks = [
        path,
        `${path}/`,
        `/${path}`,
        `/.${path}`,
        `/x/..${path}`,
        `/%2e${path}`,
        path.toUpperCase(),
        `${path}%00`,
      ];
      tricks.push(
        path.replace("/q/", "/%71/"),
        path.replaceAll("/", "%2F"),
        `${path};x`,
        `${path}?/login`,
        `/assets/..${path}`,
      );
      for (const trick of tricks) {
        for (const method of METHODS) {
          const { status } = await send(handler, `/huey${trick}`, method, OWN);
          if (![401, 404, 405].includes(status)) open.push(`${method} ${trick} ${status}`);
        }
      }
    }
    const known = ROUTES.filter(({ right }) => right === "none").map(({ path }) => path);
    expect(open.filter((each) => !known.some((path) => each.includes(path) || each.toLowerCase().includes(path)))).toEqual([]);
    expect([await huey.pendingCount(), await huey.isPaused()]).toEqual([0, false]);
  });

  test("lets who may only look act nowhere", async () => {
    const { handler, huey } = shop({ authorize: () => "read" });
    const { id } = await huey.task("buy2", () => {})();
    for (const route of ROUTES.filter(({ right }) => right === "write")) {
      const { status } = await send(handler, route.path.replace(":queue", "shop"), methodOf(route), OWN);
      expect([route.path, status]).toEqual([route.path, 403]);
    }
    expect([await huey.pendingCount(), await huey.isRevoked(id)]).toEqual([1, false]);
  });

  test("acts for no page of somebody else, and for no form without an origin", async () => {
    const { handler, huey, ran } = shop();
    const foreign: Readonly<Record<string, string>>[] = [
      {},
      { origin: "null" },
      { origin: "http://evil.example" },
      { origin: "http://localhost.evil.example" },
      { origin: "http://localhost:81" },
      { origin: "http://localhost@evil.example" },
      { origin: "http://localhost/", "sec-fetch-site": "cross-site" },
      { origin: ORIGIN, "sec-fetch-site": "cross-site" },
      { origin: ORIGIN, "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "SAME-ORIGIN" },
      { referer: `${ORIGIN}/`, "x-requested-with": "XMLHttpRequest" },
      { authorization: "Basic x" },
    ];
    for (const route of ROUTES.filter((each) => methodOf(each) === "POST")) {
      for (const headers of foreign) {
        const { status } = await send(handler, route.path.replace(":queue", "shop"), "POST", headers);
        expect([route.path, headers, status === 403 || status === 404]).toEqual([route.path, headers, true]);
      }
    }
    expect([await huey.pendingCount(), await huey.isPaused(), ran]).toEqual([0, false, []]);
  });

  test("says in every answer that no frame, no script of others and no cache is wanted", async () => {
    const { handler } = shop({ token: TOKEN });
    const bearer = { authorization: `Bearer ${TOKEN}` };
    for (const path of [...PATHS, "/nothing", "/q/nobody/", "/q/shop/task?name=nobody"]) {
      for (const method of METHODS) {
        for (const headers of [bearer, { ...OWN }]) {
          const answer = await send(handler, path, method, headers);
          const told = ["content-security-policy", "x-frame-options", "x-content-type-options"].map((name) =>
            answer.headers.get(name)
          );
          expect([path, method, told[0]?.includes("frame-ancestors 'none'"), told[1], told[2]]).toEqual(
            [path, method, true, "DENY", "nosniff"],
          );
          expect(told[0]).not.toMatch(/unsafe|\*|data:/);
          if (!path.startsWith("/assets/")) expect([path, answer.headers.get("cache-control")]).toEqual([path, "no-store"]);
        }
      }
    }
  });
});

describe("who claims to be this computer", () => {
  const HOSTS: Readonly<Record<string, boolean>> = {
    "localhost": true,
    "LocalHost:8080": true,
    "localhost.": true,
    "127.0.0.1": true,
    "127.0.0.1.:80": true,
    "[::1]": true,
    "[::1]:8080": true,
    "evil.example": false,
    "localhost.evil.example": false,
    "evil.localhost.example": false,
    "127.0.0.1.evil.example": false,
    "127.1": false,
    "0x7f.0.0.1": false,
    "2130706433": false,
    "0.0.0.0": false,
    "[::]": false,
    "[::ffff:127.0.0.1]": false,
    "[::1%25lo]": false,
    "localhost@evil.example": false,
    "localhost:80@evil.example": false,
    "localhost/x": false,
    "localhost?x": false,
    "localhost#x": false,
    "localhost,evil.example": false,
    "localhost evil.example": false,
    "xn--localhost-": false,
    "": false,
    "localhost:": false,
    "localhost:123456": false,
  };
  for (const [host, isLocal] of Object.entries(HOSTS)) {
    test(`${isLocal ? "is let in" : "is not let in"} as ${JSON.stringify(host)}`, async () => {
      const { status } = await ask(shop().handler, "/q/shop/", { headers: { host } });
      expect(status).toBe(isLocal ? 200 : 401);
    });
  }
});

describe("tokens and cookies", () => {
  test("that are odd open nothing and fail nothing", async () => {
    const { handler } = shop({ token: TOKEN });
    const odd = [
      "",
      " ",
      TOKEN.toUpperCase(),
      TOKEN.slice(1),
      `${TOKEN} ${TOKEN}`,
      "x".repeat(100_000),
      "\u00e9".repeat(20),
      "null",
    ];
    for (const token of [...odd, "[object Object]", "undefined", "true"]) {
      const typed = await act(handler, "/login", { token });
      expect([typed.status, typed.headers.get("set-cookie")]).toEqual([401, null]);
      if (/^[\x20-\xff]*$/.test(token)) {
        expect((await ask(handler, "/", { headers: { authorization: `Bearer ${token}` } })).status).toBe(401);
      }
    }
    const twice = await act(handler, "/login", { token: ["wrong-wrong-wrong-1", TOKEN] });
    expect(twice.status).toBe(401);
    const far = "9".repeat(15);
    for (
      const cookie of [`${far}.x`, `${far}.`, `.${far}`, "1e15.x", "Infinity.x", `${far}.${"x".repeat(100_000)}`, "%00.%ff"]
    ) {
      expect((await ask(handler, "/", { headers: { cookie: `huey_dashboard=${cookie}` } })).status).toBe(401);
    }
  });

  test("are on no page, in no address, and in no line of the log", async () => {
    const logger = keptLog();
    const huey = new MemoryHuey("shop", { logger });
    const handler = dashboard(huey, { token: TOKEN });
    const entered = await act(handler, "/login", { token: TOKEN });
    expect(`${entered.text}${entered.headers.get("location")}${entered.headers.get("set-cookie")}`).not.toContain(TOKEN);
    await act(handler, `/login?token=${TOKEN}`, { token: "wrong-wrong-wrong-1" });
    const text = (await ask(handler, `/login?token=${TOKEN}`)).text;
    const query = new URLSearchParams({ q: TOKEN, name: TOKEN, done: TOKEN });
    const bearer = { authorization: `Bearer ${TOKEN}` };
    const search = (await ask(handler, `/q/shop/list/waiting?${query}`, { headers: bearer })).text;
    expect([text.includes(TOKEN), logger.lines.join().includes(TOKEN), search.includes(`value="${TOKEN}"`)]).toEqual(
      [false, false, true],
    );
  });
});

describe("forms", () => {
  test("send nobody to another place", async () => {
    const { handler } = shop({ path: "/huey" });
    const places = [
      "https://evil.example",
      "//evil.example",
      "/\\evil.example",
      "/huey\\..\\x",
      "/huey/../admin",
      "/huey/%2e%2e/admin",
    ];
    places.push(
      "/huey/./x",
      "/huey/..",
      "/huey/x\r\nset-cookie: a=b",
      "/huey/x#y",
      "javascript:alert(1)",
      "/other",
      "/hueyx/",
      "",
    );
    for (const back of [...places, "/huey/..?x", "/huey/.%2E/x", ["/huey/ok", "//evil.example"][1]!]) {
      const { status, headers } = await act(handler, "/huey/q/shop/act/pause", { back });
      expect([back, status, headers.get("location")]).toEqual([back, 303, "/huey/q/shop/?done=paused"]);
    }
    const own = await act(handler, "/huey/q/shop/act/pause", { back: "/huey/q/shop/list/waiting?q=a..b&page=2" });
    expect(own.headers.get("location")).toBe("/huey/q/shop/list/waiting?q=a..b&page=2&done=paused");
  });

  test("that are huge, or in other shapes, are refused in time", async () => {
    const { handler, huey } = shop();
    const encoder = new TextEncoder();
    const huge: readonly [type: string, body: string, status: number][] = [
      ["application/x-www-form-urlencoded", "a=".repeat(600_000), 413],
      ["application/x-www-form-urlencoded", "id=x&".repeat(190_000), 303],
      ["application/x-www-form-urlencoded", Array.from({ length: 90_000 }, (_, n) => `id=${n}`).join("&"), 400],
      ["application/x-www-form-urlencoded", `id=${"x".repeat(5000)}`, 400],
      ["application/x-www-form-urlencoded", "&".repeat(900_000), 400],
      ["application/x-www-form-urlencoded", "%".repeat(900_000), 400],
      ["application/json", '{"id":"x"}', 400],
      ["text/plain", "id=x", 400],
      ["multipart/form-data", "x", 500],
      ["multipart/form-data; boundary=x", "--x\r\n".repeat(100_000), 500],
      [
        "multipart/form-data; boundary=x",
        `--x\r\ncontent-disposition: form-data; name="id"; filename="f"\r\n\r\nx\r\n--x--`,
        400,
      ],
    ];
    for (const [type, body, status] of huge) {
      const init = { method: "POST", headers: { ...OWN, "content-type": type }, body: encoder.encode(body) };
      const response = await handler(new Request(`${ORIGIN}/q/shop/act/cancel`, init));
      await response.body?.cancel();
      expect([type, body.slice(0, 20), response.status === status || response.status === 400]).toEqual(
        [type, body.slice(0, 20), true],
      );
    }
    // Without a length, as a stream.
    const stream = new ReadableStream({
      pull: (controller) => controller.enqueue(encoder.encode("a=b&".repeat(10_000))),
    });
    const init = { method: "POST", headers: { ...OWN, "content-type": "application/x-www-form-urlencoded" }, body: stream };
    const response = await handler(new Request(`${ORIGIN}/q/shop/act/cancel`, { ...init, duplex: "half" } as RequestInit));
    expect(response.status).toBe(413);
    for (
      const args of [
        "[".repeat(200_000),
        `[${'{"__proto__":'.repeat(2000)}1${"}".repeat(2000)}]`,
        '[{"__proto__":{"polluted":1}}]',
      ]
    ) {
      const { status } = await act(handler, "/q/shop/act/enqueue", { task: "buy", args });
      expect([303, 400, 413].includes(status)).toBe(true);
    }
    for (const task of ["__proto__", "constructor", "toString", "buy ", "BUY", "buy\0"]) {
      expect((await act(handler, "/q/shop/act/enqueue", { task, args: "[1]" })).status).toBe(400);
    }
    expect([({} as { polluted?: unknown }).polluted, await huey.pendingCount() <= 1]).toEqual([undefined, true]);
  }, 60_000);

  test("with ids of every character are about that task alone", async () => {
    const { handler, huey } = shop();
    const buy = huey.task("buy2", () => {});
    const ids = Array.from({ length: 0x2100 / 64 }, (_, block) => {
      const letters = Array.from({ length: 64 }, (_, at) => String.fromCharCode(block * 64 + at)).join("");
      return `id ${letters.toWellFormed()}`;
    });
    ids.push(
      "..",
      "../x",
      "a/b",
      "__proto__",
      "constructor",
      "%2e%2e",
      "?x=1&id=y",
      "#",
      "\u202eevil",
      "x'; drop table huey_task;--",
    );
    for (const id of ids) await buy.with({ id })();
    for (const id of ids) {
      const page = await ask(handler, `/q/shop/invocation?${new URLSearchParams({ id })}`);
      expect([id, page.status]).toEqual([id, 200]);
      const { headers } = await act(handler, "/q/shop/act/cancel", { id: [id] });
      expect([id, headers.get("location")]).toEqual([id, expect.stringContaining("n=1&of=1")]);
      expect(await huey.isRevoked(id)).toBe(true);
    }
  }, 60_000);
});
