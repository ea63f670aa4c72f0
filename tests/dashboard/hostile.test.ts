import { describe, expect, test } from "bun:test";
import { Consumer, MemoryHuey } from "../../mod.ts";
import { dashboard, type DashboardOptions } from "../../dashboard/mod.ts";
import { ROUTES } from "../../dashboard/routes.ts";
import { act, type Answer, ask, keptLog } from "./_visitor.ts";

/** Would run, or break out of whatever it stands in. */
const EVIL = `<img src=x onerror=alert(1)>"'\`</script></pre><b id=evil>&lt;`;

/** A queue in which everything that people can name is hostile, after a consumer has served it. */
async function hostileQueue(options: DashboardOptions = {}) {
  const logger = keptLog();
  const huey = new MemoryHuey(EVIL, { logger });
  const fine = huey.task({ name: `${EVIL} fine`, context: true }, async (context, value: unknown) => {
    await context.setProgress({ [EVIL]: EVIL });
    return { [EVIL]: value };
  });
  const fails = huey.task(`${EVIL} fails`, (_value: unknown) => {
    const error = new Error(EVIL);
    error.name = EVIL;
    error.stack = `${EVIL}\n    at ${EVIL} (${EVIL})`;
    throw error;
  });
  const waits = huey.task(`${EVIL} waits`, (_value: unknown) => {});
  const good = await fine.with({ id: `${EVIL}good` })({ [EVIL]: [EVIL] });
  const bad = await fails.with({ id: `${EVIL}bad` })(EVIL);
  const consumer = new Consumer(huey);
  await consumer.start();
  await consumer.waitFor("idle");
  await consumer.stop();
  const later = await waits.schedule({ args: [EVIL], delay: 1000, id: `${EVIL}later` });
  const waiting = await huey.enqueue(waits.s(EVIL).andThen(fine, EVIL).andThen(fails));
  const handler = dashboard(huey, options);
  const home = await ask(handler, "/");
  const slug = /href="\/q\/([^/]+)\/"/.exec(home.text)![1]!;
  return { huey, handler, slug, ids: [good.id, bad.id, later.id, [...waiting][0]!.id], logger };
}

/** Every page, with hostile text in each parameter that any of them reads. */
function pagesOf(slug: string, ids: readonly string[]): string[] {
  const query = new URLSearchParams(
    ["q", "task", "tag", "name", "span", "list", "action", "id", "done", "n", "page"].map((key) => [key, EVIL]),
  );
  const paths = ROUTES.filter(({ kind }) => kind !== "action" && kind !== "file").map(({ path }) =>
    path.replace(":queue", slug)
  );
  const evil = encodeURIComponent(EVIL);
  return [
    "/login",
    ...paths.filter((path) => path !== "/logout" && !path.endsWith("/events")),
    ...paths.filter((path) => path !== "/logout" && !path.endsWith("/events")).map((path) => `${path}?${query}`),
    ...ids.map((id) => `/q/${slug}/invocation?id=${encodeURIComponent(id)}`),
    `/q/${slug}/task?name=${encodeURIComponent(`${EVIL} fails`)}`,
    `/q/${slug}/enqueue?task=${encodeURIComponent(`${EVIL} fails`)}`,
    `/q/${slug}/list/failed?q=${encodeURIComponent(EVIL.slice(0, 12))}`,
    `/q/${slug}/confirm?list=failed&action=retry&q=${encodeURIComponent(EVIL.slice(0, 12))}`,
    `/${evil}`,
    `/q/${evil}/`,
  ];
}

function expectHarmless({ text, status }: Answer, path: string): void {
  expect([path, status < 500]).toEqual([path, true]);
  expect(text).not.toContain("<img src=x");
  expect(text).not.toContain("<b id=evil>");
  expect(text).not.toContain("</script></pre>");
}

test("hostile names, ids, arguments, errors, progress and parameters stay text on every page", async () => {
  const { handler, slug, ids } = await hostileQueue();
  for (const path of pagesOf(slug, ids)) expectHarmless(await ask(handler, path), path);
  const shown = await Promise.all(ids.map((id) => ask(handler, `/q/${slug}/invocation?id=${encodeURIComponent(id)}`)));
  expect(shown.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  for (const { text } of shown) expect(text).toContain("&lt;img src=x onerror=alert(1)&gt;");
});

test("hostile forms are refused in words", async () => {
  const { handler, slug, huey } = await hostileQueue();
  const before = await huey.pendingCount();
  const forms: Record<string, string>[] = [
    { task: EVIL, args: "[]" },
    { task: `${EVIL} fails`, args: EVIL },
    { task: `${EVIL} fails`, args: "{}" },
    { task: `${EVIL} fails`, args: "[1]", delay: EVIL },
    { task: `${EVIL} fails`, args: "[1]", priority: EVIL },
    { task: `${EVIL} fails`, args: "[1]", delay: "9".repeat(9) + "d" },
    { task: `${EVIL} fails`, args: "[]" },
    {},
  ];
  for (const form of forms) {
    const answer = await act(handler, `/q/${slug}/act/enqueue`, form);
    expectHarmless(answer, JSON.stringify(form));
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('role="alert"');
  }
  for (
    const [path, form] of [["all", { list: EVIL, action: EVIL }], ["cancel", {}], ["hold", { task: EVIL }], ["run", {
      task: EVIL,
    }]] as const
  ) {
    const answer = await act(handler, `/q/${slug}/act/${path}`, form);
    expectHarmless(answer, path);
    expect(answer.status).toBe(400);
  }
  expect(await huey.pendingCount()).toBe(before);
});

test("an address of a queue with an odd name is one segment of a path", async () => {
  for (const name of ["..", ".", "a/b", "a?b", "a#b", "ü", "%2e%2e", "x".repeat(300), "__proto__", "a b", "\u202e"]) {
    const handler = dashboard([new MemoryHuey(name), new MemoryHuey("other")]);
    const links = [...(await ask(handler, "/")).text.matchAll(/href="(\/q\/[^"]*)"/g)].map(([, href]) => href!);
    const own = links.find((href) => href !== "/q/other/")!;
    expect(own).toMatch(/^\/q\/[\w~.-]+\/$/);
    expect((await ask(handler, own)).status).toBe(200);
  }
});

test("two queues of one name each have an address", async () => {
  const [one, two] = [new MemoryHuey("same"), new MemoryHuey("same")];
  await two.task("add", () => 1)();
  const handler = dashboard([one, two]);
  expect((await ask(handler, "/q/same/list/waiting")).text).not.toContain(">add<");
  expect((await ask(handler, "/q/same~2/list/waiting")).text).toContain(">add<");
});

describe("show", () => {
  const SECRET = "s3cret-of-ada";

  async function secretQueue(options: DashboardOptions) {
    const huey = new MemoryHuey("shop", { logger: keptLog() });
    const fine = huey.task({ name: "fine", context: true }, async (context, value: string) => {
      await context.setProgress(value);
      return `value ${value}`;
    });
    const fails = huey.task("fails", (value: string) => {
      throw new RangeError(`bad ${value}`);
    });
    const ids = [(await fine(SECRET)).id, (await fails(SECRET)).id];
    const consumer = new Consumer(huey);
    await consumer.start();
    await consumer.waitFor("idle");
    await consumer.stop();
    ids.push((await fine(SECRET)).id, (await fine.schedule({ args: [SECRET], delay: 100 })).id);
    const handler = dashboard(huey, options);
    const pages = ROUTES.filter(({ kind, path }) => kind === "page" && !path.endsWith("/confirm")).map(({ path }) =>
      path.replace(":queue", "shop")
    );
    pages.push(...ids.map((id) => `/q/shop/invocation?id=${id}`), "/q/shop/task?name=fails", "/q/shop/search?q=fine");
    return { handler, pages, huey };
  }

  test("without it arguments, values, progress and errors are there", async () => {
    const { handler, pages } = await secretQueue({});
    const texts = (await Promise.all(pages.map((path) => ask(handler, path)))).map(({ text }) => text).join();
    for (const part of [`value ${SECRET}`, `RangeError: bad ${SECRET}`, `[ &#39;${SECRET}&#39; ]`]) {
      expect(texts).toContain(part);
    }
    expect((await ask(handler, `/q/shop/list/waiting?q=${SECRET}`)).text).toContain(">fine<");
  });

  test("false hides them, and does not let them be searched", async () => {
    const { handler, pages } = await secretQueue({ show: false });
    for (const path of pages) expect((await ask(handler, path)).text).not.toContain(SECRET);
    for (const list of ["waiting", "scheduled", "failed"]) {
      expect((await ask(handler, `/q/shop/list/${list}?q=${SECRET.slice(0, 6)}`)).text).toContain("Nothing here matches");
      expect((await ask(handler, `/q/shop/confirm?list=${list}&action=cancel&q=${SECRET.slice(0, 6)}`)).text).not.toContain(
        "Cancel 1",
      );
    }
  });

  test("a function says what is shown in their place", async () => {
    const { handler, pages } = await secretQueue({
      show: ({ name, args }) => `${name} with ${(args[0] as string).length} letters`,
    });
    const texts: string[] = [];
    for (const path of pages) texts.push((await ask(handler, path)).text);
    expect(texts.join()).not.toContain(SECRET);
    expect(texts.join()).toContain(`fine with ${SECRET.length} letters`);
  });

  test("a function that throws hides them", async () => {
    const { handler, pages } = await secretQueue({
      show: ({ args }) => {
        throw new Error(String(args[0]));
      },
    });
    for (const path of pages) expect((await ask(handler, path)).text).not.toContain(SECRET);
  });
});

describe("large and odd values", () => {
  test("100 kB of arguments are cut, and so are deep, wide and strange ones", async () => {
    const huey = new MemoryHuey("shop");
    const eat = huey.task("eat", (_value: unknown) => {});
    let deep: unknown = 1;
    for (let depth = 0; depth < 500; depth++) deep = { deep };
    const wide = Object.fromEntries(Array.from({ length: 50_000 }, (_, key) => [`key${key}`, key]));
    const values = [
      "x".repeat(100_000),
      deep,
      wide,
      Array.from({ length: 100_000 }, (_, n) => n),
      new Map([[{ a: 1 }, 2n ** 200n]]),
      new Uint8Array(100_000),
    ];
    const handler = dashboard(huey);
    for (const value of values) {
      const { id } = await eat(value);
      const { status, text } = await ask(handler, `/q/shop/invocation?id=${id}`);
      expect([status, text.length < 20_000]).toEqual([200, true]);
    }
    expect((await ask(handler, `/q/shop/list/waiting`)).text.length).toBeLessThan(60_000);
    expect((await ask(handler, `/q/shop/invocation?id=${(await eat(2n ** 70n)).id}`)).text).toContain(
      "1180591620717411303424n",
    );
  });

  test("pages, numbers and times out of all bounds are clamped", async () => {
    const huey = new MemoryHuey("shop");
    await huey.task("eat", () => {})();
    const handler = dashboard(huey);
    const far = "9".repeat(400);
    for (
      const query of [
        `page=${far}`,
        "page=-1",
        "page=1e9",
        `from=${far}`,
        "from=2026-13-45T99:99",
        `q=${"x".repeat(9000)}`,
        `id=${far}`,
        "span=constructor",
      ]
    ) {
      for (const page of ["list/waiting", "search", "tasks", "invocation", "confirm"]) {
        expect((await ask(handler, `/q/shop/${page}?${query}`)).status).toBeLessThan(500);
      }
    }
    expect((await ask(handler, `/q/shop/list/waiting?page=${far}`)).text).toContain(">eat<");
    expect((await ask(handler, "/q/shop/list/waiting?page=99999")).text).toContain(">eat<");
  });
});

test("whatever a storage throws is answered", async () => {
  const logger = keptLog();
  const huey = new MemoryHuey("shop", { logger });
  const handler = dashboard(huey);
  for (
    const thrown of ["text", undefined, null, { secret: "redis://:s3cret@h" }, new Error("redis://:s3cret@h/0 at /srv/shop.db")]
  ) {
    Object.defineProperty(huey.storage, "pendingCount", { value: () => Promise.reject(thrown), configurable: true });
    const { status, text, headers } = await ask(handler, "/q/shop/");
    expect([status, headers.get("x-content-type-options")]).toEqual([500, "nosniff"]);
    expect(text).not.toMatch(/s3cret|shop\.db/);
  }
});

test("messages of 100 kB are read in smaller numbers", async () => {
  const huey = new MemoryHuey("shop");
  await huey.task("eat", (_text: string) => {}).map(Array.from({ length: 400 }, () => "x".repeat(100_000)));
  const asked: number[] = [];
  const { pending } = huey.storage;
  huey.storage.pending = (limit) => {
    asked.push(limit!);
    return pending.call(huey.storage, limit);
  };
  const handler = dashboard(huey);
  const { text } = await ask(handler, "/q/shop/list/waiting?page=8");
  expect(text).toContain("can be leafed through");
  expect((await ask(handler, "/q/shop/list/waiting?q=nothing")).text).toContain("The search was cut");
  expect(Math.max(...asked)).toBeLessThan(260);
});

describe("a storage that fails", () => {
  test("is told in a sentence, and what it said is in the log alone", async () => {
    const logger = keptLog();
    const huey = new MemoryHuey("shop", { logger });
    const handler = dashboard([huey, new MemoryHuey("fine")]);
    await huey.close();
    for (const path of ["/q/shop/", "/q/shop/list/waiting", "/q/shop/tasks", "/q/shop/search?q=x"]) {
      const { status, text, headers } = await ask(handler, path);
      expect(status).toBe(503);
      expect(text).not.toContain("closed");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    }
    expect(logger.lines.join()).toContain("closed");
    const home = await ask(handler, "/");
    expect([home.status, home.text.includes("does not answer")]).toEqual([200, true]);
    expect((await act(handler, "/q/shop/act/pause")).status).toBe(503);
  });
});
