import { describe, expect, test } from "bun:test";
import { ConfigurationError, MemoryHuey } from "../../mod.ts";
import { type Access, dashboard, type DashboardOptions, serveDashboard } from "../../dashboard/mod.ts";
import { act, ask, keptLog, ORIGIN, OWN } from "./_visitor.ts";

const TOKEN = "k3v9-2x8q-7m1z-5p0w";

function make(options: DashboardOptions = {}, logger = keptLog()) {
  const huey = new MemoryHuey("shop", { logger });
  const add = huey.task("add", (a: number, b: number) => a + b);
  return { huey, add, logger, handler: dashboard(huey, options) };
}

describe("without token and authorize", () => {
  for (const host of ["localhost", "localhost:8080", "127.0.0.1:3000", "127.9.9.9", "[::1]:80", "app.localhost", "LOCALHOST"]) {
    test(`lets ${host} in`, async () => {
      expect((await ask(make().handler, "/", { origin: `http://${host}` })).status).toBe(200);
    });
  }

  for (
    const host of [
      "example.org",
      "10.0.0.1",
      "localhost.example.org",
      "127.0.0.1.nip.io",
      "0.0.0.0",
      "[::2]",
      "[::ffff:7f00:1]",
    ]
  ) {
    test(`refuses ${host}`, async () => {
      const { status, headers } = await ask(make().handler, "/", { origin: `http://${host}` });
      expect(status).toBe(401);
      expect(headers.get("www-authenticate")).toContain("Bearer");
    });
  }

  test("refuses a page of somebody else whose name leads here", async () => {
    const answer = await ask(make().handler, "/", { headers: { host: "evil.example" } });
    expect(answer.status).toBe(401);
  });

  test("refuses what a proxy on this computer has passed on", async () => {
    for (const name of ["x-forwarded-for", "forwarded", "via", "x-real-ip", "x-forwarded-host"]) {
      expect((await ask(make().handler, "/", { headers: { [name]: "1.2.3.4" } })).status).toBe(401);
    }
  });

  test("says how to let others in", async () => {
    expect((await ask(make().handler, "/", { origin: "http://example.org" })).text).toContain("token");
  });
});

describe("with a token", () => {
  const bearer = { authorization: `Bearer ${TOKEN}` };

  test("everybody needs it, this computer too", async () => {
    const { handler } = make({ token: TOKEN });
    const { status, text } = await ask(handler, "/");
    expect(status).toBe(401);
    expect(text).toContain('type="password"');
  });

  test("it opens the pages as a Bearer, from anywhere", async () => {
    const { handler } = make({ token: TOKEN });
    expect((await ask(handler, "/", { headers: bearer, origin: "https://example.org" })).status).toBe(200);
    for (
      const wrong of [
        "Bearer wrong-wrong-wrong-1",
        `Basic ${TOKEN}`,
        `Bearer ${TOKEN}x`,
        "Bearer",
        `Bearer ${TOKEN.slice(0, -1)}`,
      ]
    ) {
      expect((await ask(handler, "/", { headers: { authorization: wrong } })).status).toBe(401);
    }
  });

  test("it is typed into the login page, and then a cookie stands for it", async () => {
    const { handler } = make({ token: TOKEN, path: "/huey" });
    const { status, headers } = await act(handler, "/huey/login", { token: TOKEN });
    expect(status).toBe(303);
    expect(headers.get("location")).toBe("/huey/");
    const cookie = headers.get("set-cookie")!;
    expect(cookie).toMatch(/; Path=\/huey; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain(TOKEN);
    const open = { cookie: cookie.split(";")[0]! };
    expect((await ask(handler, "/huey/", { headers: open })).status).toBe(200);
    expect((await act(handler, "/huey/q/shop/act/pause", {}, open)).status).toBe(303);
    const left = await act(handler, "/huey/logout", {}, open);
    expect(left.headers.get("set-cookie")).toContain("Max-Age=0");
  });

  test("the cookie is for https alone where the page came by https", async () => {
    const { handler } = make({ token: TOKEN });
    const secure = await act(handler, "/login", { token: TOKEN }, { "x-forwarded-proto": "https" });
    expect(secure.headers.get("set-cookie")).toContain("; Secure");
  });

  test("a wrong one is refused, and said in the log without it", async () => {
    const { handler, logger } = make({ token: TOKEN });
    const { status, headers } = await act(handler, "/login", { token: "another-long-token-1" });
    expect(status).toBe(401);
    expect(headers.get("set-cookie")).toBe(null);
    expect(logger.lines.join()).toContain("wrong token");
    expect(logger.lines.join()).not.toContain("another-long-token-1");
  });

  test("a cookie of another dashboard, a changed one, and one that has ended open nothing", async () => {
    const { handler } = make({ token: TOKEN });
    const other = dashboard(new MemoryHuey("mail"), { token: TOKEN });
    const cookieOf = async (each: typeof other) =>
      (await act(each, "/login", { token: TOKEN })).headers.get("set-cookie")!.split(";")[0]!;
    const own = await cookieOf(handler);
    const [name, value] = own.split("=") as [string, string];
    const [ends, signature] = value.split(".") as [string, string];
    const tries = [
      await cookieOf(other),
      `${name}=${Number(ends) + 1}.${signature}`,
      `${name}=1.${signature}`,
      `${name}=${ends}.`,
      `${name}=${ends}`,
      `${name}=`,
      `${name}=${TOKEN}`,
    ];
    expect((await ask(handler, "/", { headers: { cookie: own } })).status).toBe(200);
    for (const cookie of tries) expect((await ask(handler, "/", { headers: { cookie } })).status).toBe(401);
  });

  test("must be long, and no placeholder", () => {
    const texts = [
      "short",
      "fifteen-letters",
      "change-me-change-me",
      "your-token-goes-here-please",
      "<a token goes here>",
      "aaaaaaaaaaaaaaaaaaaa",
    ];
    for (const token of texts) expect(() => make({ token })).toThrow(ConfigurationError);
    expect(() => make({ token: "from the environment, please" })).toThrow(ConfigurationError);
    expect(() => make({ token: 1234567890123456 as never })).toThrow(TypeError);
  });

  test("together with authorize it is a mistake", () => {
    expect(() => make({ token: TOKEN, authorize: () => "write" })).toThrow(ConfigurationError);
  });
});

describe("authorize", () => {
  test("decides alone, for this computer too", async () => {
    const { handler } = make({ authorize: (request) => request.headers.get("x-user") === "ada" ? "write" : false });
    expect((await ask(handler, "/")).status).toBe(401);
    const headers = { "x-user": "ada" };
    expect((await ask(handler, "/", { headers, origin: "https://example.org" })).status).toBe(200);
    const own = { ...headers, origin: "https://example.org" };
    expect((await ask(handler, "/q/shop/act/pause", { form: {}, headers: own, origin: "https://example.org" })).status).toBe(
      303,
    );
  });

  test("may let look only", async () => {
    const { handler } = make({ authorize: () => Promise.resolve("read" as const) });
    const { status, text } = await ask(handler, "/q/shop/");
    expect(status).toBe(200);
    expect(text).not.toContain("/act/");
    expect((await act(handler, "/q/shop/act/pause")).status).toBe(403);
    expect((await ask(handler, "/q/shop/enqueue")).status).toBe(403);
  });

  test("that throws lets nobody in, with one line in the log", async () => {
    const { handler, logger } = make({
      authorize: () => {
        throw new Error("no session store");
      },
    });
    expect((await ask(handler, "/")).status).toBe(401);
    expect(logger.lines).toHaveLength(1);
    expect(logger.lines[0]).toContain("no session store");
  });

  test("that gives anything else lets nobody in", async () => {
    for (const given of [true, undefined, null, "admin", 1, {}]) {
      const { handler } = make({ authorize: () => given as Access });
      expect((await ask(handler, "/")).status).toBe(401);
    }
  });
});

test("readOnly takes all actions away", async () => {
  const { handler, huey, add } = make({ readOnly: true });
  const { id } = await add(1, 2);
  for (const path of ["/", "/q/shop/list/waiting", `/q/shop/invocation?id=${id}`]) {
    expect((await ask(handler, path)).text).not.toContain("/act/");
  }
  expect((await act(handler, "/q/shop/act/cancel", { id })).status).toBe(403);
  expect(await huey.isRevoked(id)).toBe(false);
});

describe("requests that act", () => {
  const send = async (headers: Record<string, string>, options: DashboardOptions = {}) => {
    const { handler, huey, add } = make(options);
    const { id } = await add(1, 2);
    const { status } = await ask(handler, "/q/shop/act/cancel", { form: { id }, headers });
    expect(await huey.isRevoked(id)).toBe(status === 303);
    return status;
  };

  test("come from a page of the dashboard", async () => {
    expect(await send(OWN)).toBe(303);
    expect(await send({ origin: ORIGIN })).toBe(303);
    expect(await send({ "sec-fetch-site": "same-origin" })).toBe(303);
    // A proxy that ends TLS makes http of https.
    expect(await send({ origin: "https://localhost" })).toBe(303);
  });

  test("or from a program with a Bearer token", async () => {
    expect(await send({})).toBe(403);
    const bearer = { authorization: `Bearer ${TOKEN}` };
    expect(await send(bearer, { token: TOKEN })).toBe(303);
    expect(await send({ ...bearer, origin: "https://evil.example" }, { token: TOKEN })).toBe(403);
    expect(await send({ ...bearer, "sec-fetch-site": "cross-site" }, { token: TOKEN })).toBe(403);
  });

  for (
    const headers of [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: "" },
      { origin: "http://localhost:81" },
      { origin: "http://localhost.evil.example" },
      { origin: "http://localhost@evil.example" },
      { origin: "file://localhost" },
      { origin: "http://localhost/x" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "" },
      { ...OWN, "sec-fetch-site": "cross-site" },
      { ...OWN, origin: "https://evil.example" },
    ] as Record<string, string>[]
  ) test(`are refused with ${JSON.stringify(headers)}`, async () => expect(await send(headers)).toBe(403));

  test("leave a line in the log: who, what, which", async () => {
    const { handler, logger, add } = make({ token: TOKEN });
    const { id } = await add(1, 2);
    const headers = { authorization: `Bearer ${TOKEN}` };
    await ask(handler, "/q/shop/act/cancel", { form: { id }, headers });
    const lines = logger.lines.filter((line) => line.startsWith("Dashboard"));
    expect(lines).toEqual([`Dashboard: cancel on queue "shop" by token, 1 of 1: ${id}`]);
  });
});

test("a dashboard that others could reach needs a token", async () => {
  await expect(serveDashboard(new MemoryHuey("a"), { host: "0.0.0.0", port: 0 })).rejects.toThrow(ConfigurationError);
  await expect(serveDashboard(new MemoryHuey("a"), { host: "::", port: 0 })).rejects.toThrow(ConfigurationError);
});

test("what is wrong with the options is said", () => {
  expect(() => dashboard([])).toThrow(TypeError);
  expect(() => dashboard({} as never)).toThrow(TypeError);
  expect(() => make({ pth: "/" } as never)).toThrow(/path/);
  for (const path of ["huey", "/a//b", "/../x", "/a?b", "/:queue", "/*", "", "//evil.example"]) {
    expect(() => make({ path })).toThrow(TypeError);
  }
  expect(() => make({ show: true as never })).toThrow(TypeError);
});
