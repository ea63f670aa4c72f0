import { afterEach, describe, expect, test } from "bun:test";
import { Consumer, crontab, every, MemoryHuey } from "../../mod.ts";
import { dashboard } from "../../dashboard/mod.ts";
import { waitForState } from "../../testing/mod.ts";
import { act, ask, keptLog, ORIGIN } from "./_visitor.ts";

const consumers: Consumer[] = [];

afterEach(async () => {
  for (const consumer of consumers.splice(0)) await consumer.stop({ graceful: false, grace: 0 });
});

function shop() {
  const logger = keptLog();
  const huey = new MemoryHuey("shop", { logger });
  const started = Promise.withResolvers<void>();
  const ran: unknown[] = [];
  const add = huey.task("add", (a: number, b: number) => {
    ran.push(["add", a, b]);
    return a + b;
  });
  const charge = huey.task("charge", (cents: number, who: string) => {
    if (who !== "ada") throw new RangeError(`cannot charge ${who} ${cents} cents`);
    return cents;
  });
  const hang = huey.task({ name: "hang", context: true }, async (context) => {
    started.resolve();
    await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
    context.signal.throwIfAborted();
  });
  const nightly = huey.periodicTask("nightly", crontab({ hour: 3, minute: 0 }), () => void ran.push(["nightly"]));
  huey.periodicTask("tick", every({ hours: 1 }), () => {});
  const handler = dashboard(huey);
  const run = async () => {
    const consumer = new Consumer(huey, { periodic: false });
    consumers.push(consumer);
    await consumer.start();
    return consumer;
  };
  const page = async (path: string) => (await ask(handler, `/q/shop/${path}`)).text;
  const press = (action: string, form: Parameters<typeof act>[2] = {}) => act(handler, `/q/shop/act/${action}`, form);
  return { huey, handler, add, charge, hang, nightly, run, page, press, started: started.promise, ran, logger };
}

/** The text of a page without its tags. */
function words(text: string): string {
  return text.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
}

describe("tasks", () => {
  test("one that waits is canceled, and runs after all once it is restored", async () => {
    const { huey, add, press, page, run } = shop();
    const result = await add(1, 2);
    const answer = await press("cancel", { id: result.id, back: "/q/shop/list/waiting" });
    expect(answer.headers.get("location")).toBe("/q/shop/list/waiting?done=canceled&n=1&of=1");
    expect(await result.isRevoked()).toBe(true);
    expect(await page(`invocation?id=${result.id}`)).toContain("it will be dropped when its turn comes");
    await press("restore", { id: result.id });
    await run();
    expect(await result.get({ blocking: true, timeout: 10 })).toBe(3);
    expect(await page(`invocation?id=${result.id}`)).not.toContain("dropped");
    expect((await huey.state(result.id)).state).not.toBe("revoked");
  });

  test("one that runs is aborted", async () => {
    const { huey, hang, press, page, run, started } = shop();
    const { id } = await hang();
    await run();
    await started;
    expect(words(await page("list/running"))).toContain("hang");
    expect(words(await page(`invocation?id=${id}`))).toContain("running");
    await press("cancel", { id });
    await waitForState(huey, id, "revoked");
    expect(words(await page(`invocation?id=${id}`))).toContain("revoked");
  });

  test("a failed one shows its error and stack, is tried again, and deleted", async () => {
    const { huey, charge, press, page, run } = shop();
    const { id } = await charge(500, "eve");
    const consumer = await run();
    await waitForState(huey, id, "failed");
    const shown = words(await page(`invocation?id=${id}`));
    expect(shown).toContain("RangeError: cannot charge eve 500 cents");
    expect(shown).toMatch(/at .*actions\.test\.ts/);
    expect(words(await page("list/failed"))).toContain("500, &#39;eve&#39;");
    expect((await press("retry", { id })).headers.get("location")).toContain("done=retried&n=1&of=1");
    await consumer.waitFor("idle");
    await waitForState(huey, id, "failed");
    const [letter] = await huey.deadLetters();
    expect((await press("delete", { id: letter!.id })).headers.get("location")).toContain("done=deleted&n=1&of=1");
    expect(await huey.deadLetterCount()).toBe(0);
    expect((await press("delete", { id: letter!.id })).headers.get("location")).toContain("n=0&of=1");
  });

  test("a scheduled one runs now", async () => {
    const { huey, add, press, page } = shop();
    const { id } = await add.schedule({ args: [1, 2], delay: { hours: 1 } });
    expect(await page(`invocation?id=${id}`)).toContain("/act/run-now");
    await press("run-now", { id });
    expect([await huey.scheduledCount(), await huey.pendingCount()]).toEqual([0, 1]);
  });

  test("several are chosen, and each is told that is not there any more", async () => {
    const { huey, charge, press, run } = shop();
    for (let cents = 1; cents <= 3; cents++) await charge(cents, "eve");
    const consumer = await run();
    await consumer.waitFor("idle");
    await consumer.stop();
    const ids = (await huey.deadLetters()).slice(0, 2).map(({ id }) => id);
    const answer = await press("retry", { id: [...ids, "gone"] });
    expect(answer.headers.get("location")).toContain("done=retried&n=2&of=3");
    expect([await huey.pendingCount(), await huey.deadLetterCount()]).toEqual([2, 1]);
  });

  test("all that match are acted on, with their number in the question", async () => {
    const { huey, charge, press, page, run } = shop();
    for (let cents = 1; cents <= 12; cents++) await charge(cents, cents % 3 === 0 ? "eve" : "bob");
    const consumer = await run();
    await consumer.waitFor("idle");
    await consumer.stop();
    expect(words(await page("list/failed?q=eve"))).toContain("4 matches");
    const question = await page("confirm?list=failed&action=retry&q=eve");
    expect(words(question)).toContain("Retry 4 tasks of the list failed, as far as they match the search?");
    const answer = await press("all", { list: "failed", action: "retry", q: "eve", back: "/q/shop/list/failed" });
    expect(answer.headers.get("location")).toBe("/q/shop/list/failed?done=retried&n=4&of=4");
    expect([await huey.pendingCount(), await huey.deadLetterCount()]).toEqual([4, 8]);
    await press("all", { list: "failed", action: "delete" });
    expect(await huey.deadLetterCount()).toBe(0);
    await press("all", { list: "waiting", action: "cancel" });
    expect(await Promise.all((await huey.pending()).map((task) => huey.isRevoked(task)))).toEqual([true, true, true, true]);
  });

  test("what a list does not offer is refused", async () => {
    const { press } = shop();
    for (
      const form of [{ list: "waiting", action: "delete" }, { list: "recent", action: "retry" }, {
        list: "failed",
        action: "flush",
      }, { list: "x", action: "retry" }]
    ) {
      expect((await press("all", form)).status).toBe(400);
    }
  });
});

describe("enqueueing by hand", () => {
  test("takes a list of arguments, a delay and a priority", async () => {
    const { huey, press, page } = shop();
    const answer = await press("enqueue", { task: "add", args: "[1, 2]" });
    const location = answer.headers.get("location")!;
    expect(location).toMatch(/^\/q\/shop\/invocation\?id=/);
    expect(words(await page(location.replace("/q/shop/", "")))).toContain("[ 1, 2 ]");
    await press("enqueue", { task: "add", args: "[3, 4]", delay: "90s", priority: "7" });
    const [scheduled] = await huey.scheduled();
    expect([scheduled!.args, scheduled!.priority]).toEqual([[3, 4], 7]);
    const seconds = (scheduled!.eta!.getTime() - Date.now()) / 1000;
    expect(seconds).toBeGreaterThan(80);
    expect(seconds).toBeLessThanOrEqual(90);
  });

  test("what is wrong is said, with what was typed", async () => {
    const { huey, press } = shop();
    const wrong: [form: Record<string, string>, words: string][] = [
      [{ task: "add", args: "[1" }, "no JSON"],
      [{ task: "add", args: "[1]" }, "add takes at least 2 arguments; 1 given"],
      [{ task: "add", args: '{"a": 1}' }, "must be a list"],
      [{ task: "add", args: "[9007199254740993, 1]" }, "The number 9007199254740993 has more digits than a number keeps"],
      [{ task: "sub", args: "[]" }, "defines no task"],
      [{ task: "", args: "[]" }, "Choose a task"],
      [{ task: "add", args: "[1, 2]", delay: "soon" }, "length of time"],
      [{ task: "add", args: "[1, 2]", priority: "high" }, "whole number"],
    ];
    for (const [form, said] of wrong) {
      const { status, text } = await press("enqueue", form);
      expect([status, words(text).includes(said)]).toEqual([400, true]);
    }
    const again = await press("enqueue", { task: "add", args: '["typed"]', delay: "soon" });
    expect(again.text).toContain("[&quot;typed&quot;]");
    expect(again.text).toContain('value="soon"');
    expect(await huey.pendingCount()).toBe(0);
  });

  test("a task that gets a context takes one argument less than its function", async () => {
    const { press } = shop();
    expect((await press("enqueue", { task: "hang", args: "" })).status).toBe(303);
  });
});

describe("queues and tasks as such", () => {
  test("a queue is paused and goes on", async () => {
    const { huey, press, page } = shop();
    await press("pause");
    expect(await huey.isPaused()).toBe(true);
    expect(words(await page(""))).toContain("The queue is paused");
    expect(await page("")).toContain("/act/resume");
    await press("resume");
    expect(await huey.isPaused()).toBe(false);
    expect(await page("")).toContain("/act/pause");
  });

  test("a periodic task is shown in words, run now, held and released", async () => {
    const { huey, nightly, press, page } = shop();
    const shown = words(await page("periodic"));
    expect(shown).toContain("every day at 3:00 (UTC) 0 3 * * * (UTC)");
    expect(shown).toContain("tick every 1 h");
    await press("run", { task: "nightly" });
    expect((await huey.pending()).map(({ name }) => name)).toEqual(["nightly"]);
    expect((await press("run", { task: "add" })).status).toBe(400);
    await press("hold", { task: "nightly" });
    expect(await page("task?name=nightly")).toContain("/act/release");
    expect(await nightly.isRevoked()).toBe(true);
    expect(words(await page("periodic"))).toContain("held");
    await press("release", { task: "nightly" });
    expect(await nightly.isRevoked()).toBe(false);
  });

  test("one line in the log says who, what, which", async () => {
    const { press, logger, add } = shop();
    const { id } = await add(1, 2);
    logger.lines.splice(0);
    await press("cancel", { id });
    await press("pause");
    await press("hold", { task: "nightly" });
    await press("all", { list: "waiting", action: "cancel" });
    expect(logger.lines).toEqual([
      `Dashboard: cancel on queue "shop" by this computer, 1 of 1: ${id}`,
      'Dashboard: pause on queue "shop" by this computer, 1 of 1',
      'Dashboard: hold on queue "shop" by this computer, 1 of 1: nightly',
      `Dashboard: cancel of all that match on queue "shop" by this computer, 1 of 1: ${id}`,
    ]);
  });
});

describe("looking", () => {
  test("takes no result", async () => {
    const { add, page, run } = shop();
    const result = await add(1, 2);
    const consumer = await run();
    await consumer.waitFor("idle");
    for (const path of ["", "list/recent", "tasks", `invocation?id=${result.id}`, `search?q=${result.id}`]) await page(path);
    expect(words(await page(`invocation?id=${result.id}`))).toContain("Value 3");
    expect(await result.get()).toBe(3);
  });

  test("finds tasks by id, name, argument and time", async () => {
    const { add, charge, handler, page } = shop();
    const { id } = await add(4711, 2);
    await charge(3, "ada");
    const found = async (query: string) => (await page(`list/waiting?${query}`)).match(/data-row=/g)?.length ?? 0;
    expect(await found("q=4711")).toBe(1);
    expect(await found("q=ADA")).toBe(1);
    expect(await found(`q=${id.slice(-8)}`)).toBe(1);
    expect(await found("task=charge")).toBe(1);
    expect(await found("task=charg")).toBe(0);
    expect(await found("q=nothing")).toBe(0);
    expect(await found("to=2020-01-01")).toBe(0);
    const direct = await ask(handler, `/q/shop/search?q=${id}`);
    expect(direct.headers.get("location")).toBe(`/q/shop/invocation?id=${id}`);
    expect(words(await page("search?q=4711"))).toContain("Waiting All 1");
  });

  test("groups failures by task and error, whatever the numbers in them", async () => {
    const { charge, page, run } = shop();
    for (let cents = 1; cents <= 5; cents++) await charge(cents, "eve");
    await charge(1, "bob");
    const consumer = await run();
    await consumer.waitFor("idle");
    const text = await page("failures");
    expect(words(text)).toContain("2 groups");
    const group = /href="(\/q\/shop\/confirm[^"]*)"/.exec(text)![1]!.replaceAll("&amp;", "&");
    expect(words(await page(group.replace("/q/shop/", "")))).toContain("Retry 5 tasks");
    expect(words(text)).toMatch(/RangeError: cannot charge eve \d cents .*? 5 /);
  });

  test("a list is leafed through, and says where it ends", async () => {
    const { add, page } = shop();
    await add.map(Array.from({ length: 1200 }, (_, n) => [n, 1] as [number, number]));
    const first = await page("list/waiting");
    expect(first.match(/data-row=/g)).toHaveLength(25);
    expect(words(first)).toContain("Only the first 1,000 of 1,200 can be leafed through");
    expect(words(await page("list/waiting?page=40"))).toContain("999, 1");
    expect(words(await page("list/waiting?page=41"))).toContain("Page 40 of 40");
    expect(words(await page("confirm?list=waiting&action=cancel"))).toContain("Cancel 1,000 tasks");
    expect(words(await page("confirm?list=waiting&action=cancel"))).toContain("Of 1,200 that match, at most 1,000");
  });

  test("a stream tells that something has changed", async () => {
    const { add, handler } = shop();
    await add(1, 2);
    const gone = new AbortController();
    const response = await handler(new Request(`${ORIGIN}/q/shop/events`, { signal: gone.signal }));
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("event: change")) text += (await reader.read()).value;
    await reader.cancel();
    gone.abort();
  });
});
