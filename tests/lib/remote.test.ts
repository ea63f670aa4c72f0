/** Tasks that are defined elsewhere, and handles for ids of another process. */
import { describe, expect, test } from "bun:test";
import { ConfigurationError, SignedSerializer, type TaskException } from "../../mod.ts";
import { Huey } from "../../lib/huey/huey.ts";
import type { HueyOptions } from "../../lib/types/options.ts";
import { failure, pass, record, refusal, testHuey, work } from "../helpers.ts";

/** A Huey that defines tasks, and one on the same storage that calls them. */
function pair(options: HueyOptions = {}) {
  const here = testHuey(options);
  const there = testHuey({ ...options, beside: here });
  return { here, there };
}

describe("a remote task", () => {
  test("is called, scheduled, mapped and put into pipelines, and runs where it is defined", async () => {
    const { here, there } = pair();
    const add = there.task("add", (a: number, b: number) => a + b);
    const remote = here.remote<typeof add>("add", { retries: 2, priority: 3 });
    const results = [await remote(1, 2), await remote.with({ priority: 9 })(3, 4)];
    await remote.schedule({ args: [5, 6], delay: 60 });
    const group = await remote.map([[1, 1]]);
    const pipeline = await here.enqueue(remote.s(1, 2).andThen(remote, 10));
    expect((await here.pending()).map(({ priority, retries }) => [priority, retries])).toEqual([[9, 2], [3, 2], [3, 2], [
      3,
      2,
    ]]);
    expect([await here.scheduledCount(), await work(there)]).toEqual([1, 5]);
    expect([await results[0]!.get(), await results[1]!.get(), await group.get(), await pipeline.get()] as unknown[]).toEqual([
      3,
      7,
      [2],
      [3, 13],
    ]);
    expect([remote.name, remote.kind, "callLocal" in remote]).toEqual(["add", "function", false]);
  });

  test("is revoked here, and restored", async () => {
    const { here, there } = pair();
    there.task("add", (a: number) => a);
    const remote = here.remote<(a: number) => number>("add");
    await remote.revoke();
    const result = await remote(1);
    await work(there);
    expect([(await result.state()).state, await remote.isRevoked(), await remote.restore()]).toEqual(["revoked", true, true]);
  });

  test("is left to others by a consumer that knows it so, then is dead, and unknown", async () => {
    const { here, there } = pair();
    const result = await here.remote<() => number>("elsewhere")();
    await work(here);
    expect([await here.deadLetterCount(), await here.scheduledCount()]).toEqual([0, 1]);
    there.task("elsewhere", () => 5);
    await pass(there, 1);
    expect(await result.get()).toBe(5);
    const late = await here.remote<() => number>("nowhere")();
    await work(here);
    for (let second = 0; second < 6; second++) await pass(here, 1);
    expect((await here.deadLetters()).map(({ kind, taskName }) => [kind, taskName])).toEqual([["unknown", "nowhere"]]);
    expect((await failure(late.get({ blocking: true })) as TaskException).metadata.outcome).toBe("dead");
    there.task("nowhere", () => 6);
    late.reset();
    expect([await here.retry(late.id), await work(there), await late.get()] as unknown[]).toEqual([true, 1, 6]);
  });

  test("is no task of the same Huey, whichever came first; twice remote is one", async () => {
    const huey = testHuey();
    huey.task("own", () => 1);
    huey.remote("far");
    huey.remote("far", { retries: 1 });
    expect(await failure(() => huey.remote("own"))).toBeInstanceOf(ConfigurationError);
    expect(await failure(() => huey.task("far", () => 1))).toBeInstanceOf(ConfigurationError);
    expect(await failure(() => huey.task(huey.remote("far") as never))).toBeInstanceOf(TypeError);
    const far = huey.remote("far");
    expect([far.unregister(), far.unregister()]).toEqual([true, false]);
    expect((await failure(far())).name).toBe("UnknownTaskError");
    huey.task("far", () => 2);
  });

  test("refuses wrong names and options", async () => {
    const huey = testHuey();
    await refusal(() => huey.remote(""), "name of a remote task");
    await refusal(() => huey.remote(undefined as never), "name of a remote task");
    await refusal(() => huey.remote("a", { name: "b" } as never), "name");
    await refusal(() => huey.remote("a", { context: true } as never), "context");
    await refusal(() => huey.remote("a", { retry: 1 } as never), "retries");
    await refusal(() => huey.remote("a", 5 as never), "remote task");
  });

  test("waits in the storage in immediate mode, where there is no function to run", async () => {
    const huey = testHuey({ immediate: true });
    const remote = huey.remote<(n: number) => number>("far");
    const result = await remote(1);
    expect([await huey.pendingCount(), (await result.state()).state]).toEqual([1, "waiting"]);
    const near = huey.task("near", (n: number) => n + 1);
    const steps = [...await huey.enqueue(near.s(1).andThen(remote))];
    expect([await steps[0]!.get(), await steps[1]!.get()]).toEqual([2, undefined]);
  });
});

describe("a handle by id", () => {
  test("reads, waits and revokes as that of the call", async () => {
    const { here, there } = pair();
    const task = here.task({ name: "task", context: true }, async (context, n: number) => {
      await context.setProgress("half");
      if (n < 0) throw new RangeError("negative");
      return n;
    });
    const { id } = await task(5);
    const handle = there.handle<number>(id);
    expect([handle.kind, handle.id, await handle.get(), (await handle.state()).state]).toEqual([
      "result",
      id,
      undefined,
      "waiting",
    ]);
    const reading = handle.get({ blocking: true, preserve: true });
    await work(here);
    expect([await reading, await handle.isReady(), await handle.progress()]).toEqual([5, true, "half"]);
    const bad = there.handle((await task(-1)).id);
    await work(here);
    expect(((await failure(bad.get({ blocking: true }))) as TaskException).cause).toBeInstanceOf(RangeError);
    expect([String(handle), "task" in handle, "reschedule" in handle]).toEqual([`result(${id})`, false, false]);
    const dropped = there.handle((await task(1)).id);
    await dropped.revoke();
    expect([await dropped.isRevoked(), (await dropped.state()).revoked]).toEqual([true, true]);
    await work(here);
    expect((await dropped.state()).state).toBe("revoked");
    const updates: unknown[] = [];
    for await (const value of there.handle("nobody").progressUpdates()) updates.push(value);
    expect(updates).toEqual([]);
  });

  test("forgets what it has read when the task is tried again", async () => {
    const huey = testHuey();
    let fails = true;
    const task = huey.task("task", () => {
      if (fails) throw new Error("no");
      return "done";
    });
    const handle = huey.handle<string>((await task()).id);
    await work(huey);
    await failure(handle.get());
    fails = false;
    await huey.retry(handle.id);
    handle.reset();
    expect(await handle.get()).toBeUndefined();
    await work(huey);
    expect(await handle.get({ blocking: true })).toBe("done");
  });

  test("asks nothing by itself, and refuses what is no id", async () => {
    const huey = new Huey({
      storage: () => {
        throw new Error("opened");
      },
    });
    expect([huey.handle("a").id, huey.handle("a").duplicate]).toEqual(["a", false]);
    await refusal(() => huey.handle(""), "id");
    await refusal(() => huey.handle(5 as never), "id");
  });
});

test("a failed task of a signed queue is kept signed, and another's error is not taken for its own", async () => {
  const huey = testHuey({ serializer: new SignedSerializer({ secret: "a secret of sixteen bytes" }) });
  let fails = true;
  const task = huey.task("task", (name: string) => {
    if (fails) throw new Error(`no ${name}`);
    return name;
  });
  const { names } = record(huey);
  const [a, b] = [await task("a"), await task("b")];
  await work(huey);
  const stored = await huey.storage.deadLetters();
  const list = huey.storage.deadLetters.bind(huey.storage);
  huey.storage.deadLetters = async (query) => (await list(query)).map((letter) => ({ ...letter, error: stored[0]!.error }));
  const errors = (await huey.deadLetters()).map(({ error }) => [error!.message, error!.stack === undefined]);
  expect(errors).toEqual([["no b", false], ["Error: no a", true]]);
  huey.storage.deadLetters = list;
  fails = false;
  expect(await huey.retryAll()).toBe(2);
  await work(huey);
  expect([await a.get(), await b.get(), names.filter((name) => name === "complete").length]).toEqual(["a", "b", 2]);
});
