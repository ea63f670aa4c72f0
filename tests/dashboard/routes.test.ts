import { describe, expect, test } from "bun:test";
import { MemoryHuey } from "../../mod.ts";
import { type Access, dashboard } from "../../dashboard/mod.ts";
import { methodOf, ROUTES } from "../../dashboard/routes.ts";
import { type Answer, ask, keptLog, OWN } from "./_visitor.ts";

const TOKEN = "k3v9-2x8q-7m1z-5p0w";
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const SECRET = "p4ssw0rd-in-the-environment";

process.env["HUEY_TEST_SECRET"] = SECRET;

function make(options: Parameters<typeof dashboard>[1] = {}) {
  const huey = new MemoryHuey("shop", { logger: keptLog() });
  huey.task("add", (a: number, b: number) => a + b);
  return { huey, handler: dashboard(huey, options) };
}

/** The address of each row of the table. */
const paths = [...new Set(ROUTES.map(({ path }) => path.replace(":queue", "shop")))];

/** What every answer has, whatever it says. */
function expectSafe({ headers, text, status }: Answer): void {
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("cache-control")).toBe("no-store");
  const policy = headers.get("content-security-policy")!;
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain("unsafe");
  expect(headers.get("x-frame-options")).toBe("DENY");
  expect(headers.has("access-control-allow-origin")).toBe(false);
  for (const secret of [SECRET, process.cwd(), process.execPath, process.env["PATH"]!]) expect(text).not.toContain(secret);
  if (headers.get("content-type")?.startsWith("text/html")) expectNoInlineCode(text);
  expect(status).toBeLessThan(500);
}

function expectNoInlineCode(text: string): void {
  expect(text).not.toMatch(/<script(?![^>]*\ssrc=)/);
  expect(text).not.toMatch(/\son[a-z]+=/);
  expect(text).not.toMatch(/\sstyle=|<style|javascript:/);
}

const visitors: Record<string, { handler: ReturnType<typeof dashboard>; headers: Record<string, string>; access: Access }> = {
  "nobody": { handler: make({ token: TOKEN }).handler, headers: OWN, access: false },
  "a token of another queue": {
    handler: make({ token: TOKEN }).handler,
    headers: { ...OWN, authorization: "Bearer 9q8w-7e6r-5t4z-3u2i" },
    access: false,
  },
  "one whom authorize refuses": { handler: make({ authorize: () => false }).handler, headers: OWN, access: false },
  "a reader": { handler: make({ authorize: () => "read" }).handler, headers: OWN, access: "read" },
  "a reader of a board without actions": { handler: make({ readOnly: true }).handler, headers: OWN, access: "read" },
  "one who may act": {
    handler: make({ token: TOKEN }).handler,
    headers: { ...OWN, authorization: `Bearer ${TOKEN}` },
    access: "write",
  },
};

/** What the table says. */
function allowed(path: string, method: string, access: Access): boolean | undefined {
  const route = ROUTES.find((each) =>
    each.path.replace(":queue", "shop") === path && methodOf(each) === (method === "HEAD" ? "GET" : method)
  );
  if (route === undefined) return undefined;
  return route.right === "none" || access === "write" || (route.right === "read" && access === "read");
}

for (const [name, { handler, headers, access }] of Object.entries(visitors)) {
  describe(`${name}, on all routes with all methods`, () => {
    for (const path of paths) {
      test(path, async () => {
        for (const method of METHODS) {
          const answer = await ask(handler, path, { method, headers });
          expectSafe(answer);
          const may = allowed(path, method, access);
          if (may === true) expect([200, 303, 302, 400, 401, 404]).toContain(answer.status);
          else if (access === false) expect([401, 405]).toContain(answer.status);
          else expect(answer.status).toBe(may === false ? 403 : 405);
          if (may !== true) expect(answer.text).not.toContain("/q/shop/");
        }
      });
    }
  });
}

describe("each action", () => {
  const actions = ROUTES.filter(({ kind }) => kind === "action").map(({ path }) => path.replace(":queue", "shop"));
  const { handler } = make();

  for (const path of actions) {
    test(`${path} needs a page of its own`, async () => {
      for (const headers of [{}, { origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }]) {
        expect((await ask(handler, path, { method: "POST", headers: headers as Record<string, string> })).status).toBe(403);
      }
    });
  }

  test("is for those alone who may act", () => {
    expect(actions.length).toBeGreaterThan(10);
    for (const route of ROUTES) {
      if (methodOf(route) === "POST" && route.path.includes("/act/")) expect(route.right).toBe("write");
    }
  });
});

describe("unknown paths", () => {
  const { handler } = make({ path: "/huey" });

  for (
    const path of [
      "/",
      "/hueyx",
      "/other",
      "/huey/nope",
      "/huey/q/none/",
      "/huey/q/shop/list/all",
      "/huey/q/shop/act/format",
      "/huey/assets/../../mod.ts",
      "/huey/assets/%2e%2e/%2e%2e/package.json",
      "/huey/q/..%2f..%2fetc/",
      "/huey/q/__proto__/",
      "/huey//",
      "/huey/%",
      "/huey/q/%ff/",
    ]
  ) {
    test(`${path} is 404`, async () => {
      const answer = await ask(handler, path);
      expectSafe(answer);
      expect(answer.status).toBe(404);
    });
  }

  test("the place where it is mounted is found with and without its slash", async () => {
    expect((await ask(handler, "/huey")).status).toBe(200);
    const { status, text } = await ask(handler, "/huey/");
    expect(status).toBe(200);
    for (const [, href] of text.matchAll(/(?:href|src|action)="([^"#]*)"/g)) expect(href).toMatch(/^\/huey\/(?!\/)/);
  });
});

test("an address cannot bring a text of its own", async () => {
  const { handler } = make();
  for (const done of ["<b>x", "constructor", "__proto__", "toString", "nothing"]) {
    expect((await ask(handler, `/q/shop/?done=${encodeURIComponent(done)}`)).text).not.toContain('class="done"');
  }
  expect((await ask(handler, "/q/shop/?done=retried&n=3&of=5")).text).toContain(
    "3 tasks enqueued again; 2 were not there any more",
  );
});

test("after an action only pages of this dashboard are gone to", async () => {
  const { handler } = make({ path: "/huey" });
  const backs = [
    "https://evil.example/",
    "//evil.example/",
    "/other",
    "/huey/\\evil",
    "/huey/\n/x",
    "javascript:alert(1)",
    "/hueyx/",
  ];
  for (const back of backs) {
    const { status, headers } = await ask(handler, "/huey/q/shop/act/pause", { form: { back }, headers: OWN });
    expect([status, headers.get("location")]).toEqual([303, "/huey/q/shop/?done=paused"]);
  }
  const own = { back: "/huey/q/shop/list/failed?q=a%26b" };
  const { headers } = await ask(handler, "/huey/q/shop/act/resume", { form: own, headers: OWN });
  expect(headers.get("location")).toBe("/huey/q/shop/list/failed?q=a%26b&done=resumed");
});

test("a body that is too large is refused", async () => {
  const { handler } = make();
  const { status } = await ask(handler, "/q/shop/act/cancel", { form: { id: "x".repeat(2_000_000) }, headers: OWN });
  expect(status).toBe(413);
});
