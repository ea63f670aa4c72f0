import { describe, expect, test } from "bun:test";
import type { Huey } from "../../lib/huey/huey.ts";
import { failure, idle, logbook, NOON, pass, promote, testHuey, work } from "../helpers.ts";

/** Puts bytes on the queue that no Huey wrote. */
async function inject(huey: Huey, data: Uint8Array, id = "stranger"): Promise<void> {
  await huey.storage.enqueue([{ id, data, priority: 0, track: true }]);
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a message that cannot be decoded", () => {
  const broken: [string, Uint8Array][] = [
    ["no bytes", new Uint8Array()],
    ["no JSON", bytes("hello")],
    ["JSON of another kind", bytes('{"hello":1}')],
    ["null", bytes("null")],
    ["a number", bytes("5")],
    ["an array", bytes("[1,2]")],
    ["no UTF-8", new Uint8Array([0xff, 0xfe, 0x00])],
    ["half a message", bytes('{"v":1,"id":"x","na')],
    ["deeply nested", bytes("[".repeat(100_000))],
  ];
  test.each(broken)("%s: is set aside with the reason, nothing else is disturbed", async (_name, data) => {
    const { logger, lines } = logbook();
    const huey = testHuey({ logger });
    const task = huey.task("task", () => "fine");
    await inject(huey, data);
    const result = await task();
    await work(huey);
    expect(await result.get()).toBe("fine");
    const [letter, ...others] = await huey.deadLetters();
    expect([others.length, await huey.deadLetterCount(), await huey.pendingCount()]).toEqual([0, 1, 0]);
    expect(letter!.reason.length).toBeGreaterThan(0);
    expect(letter!.data).toEqual(data);
    expect(letter!.at).toEqual(new Date(NOON));
    expect(lines.some(({ level }) => level === "error" || level === "warn")).toBe(true);
  });

  test.each([[{ epochMilliseconds: "soon" }], [{ fortnights: 2 }], [{ seconds: -1 }], [-1], [[]]])(
    "an expiry that makes no sense, also of a follow-up: %j",
    async (expires) => {
      const huey = testHuey();
      huey.task("task", () => {
        throw new Error("failed");
      });
      const step = { v: 1, id: "step", name: "task", args: [] };
      const messages = [{ ...step, expires }, { ...step, next: { ...step, expires } }, {
        ...step,
        onError: { ...step, expires },
      }];
      for (const message of messages) await inject(huey, bytes(JSON.stringify(message)));
      await work(huey);
      expect([await huey.deadLetterCount(), await huey.pendingCount()]).toEqual([3, 0]);
    },
  );

  test("a message that was cut or changed anywhere is set aside or runs: nothing else", async () => {
    const writer = testHuey();
    const define = (huey: Huey) => huey.task("task", (n: number) => n);
    await define(writer)(5);
    const [item] = await writer.storage.pending();
    const reader = testHuey();
    define(reader);
    let injected = 0;
    for (let at = 0; at < item!.data.length; at += 3) {
      const changed = item!.data.slice();
      changed[at] = changed[at]! ^ 0x15;
      await inject(reader, item!.data.slice(0, at), `cut ${at}`);
      await inject(reader, changed, `changed ${at}`);
      injected += 2;
    }
    await work(reader, { limit: 10 * injected });
    expect(await reader.storage.claimed({ consumer: "consumer-1" })).toEqual([]);
    expect(await reader.deadLetterCount()).toBeGreaterThan(injected / 2);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test("is listed as an unknown pending entry without breaking the listing", async () => {
    const huey = testHuey();
    const task = huey.task("task", () => 1);
    await task();
    await inject(huey, bytes("hello"));
    await task();
    const names = (await huey.pending()).map(({ name }) => name);
    expect(names.filter((name) => name === "task").length).toBe(2);
    expect(await huey.pendingCount()).toBe(3);
  });
});

describe("a message that names an unknown task", () => {
  /** Two Hueys on one storage: the second does not know the task. */
  function strangers() {
    const writer = testHuey();
    const task = writer.task("elsewhere", (n: number) => n);
    const reader = testHuey({ beside: writer });
    return { writer, task, reader };
  }

  test("is tried five times, a second apart, then set aside", async () => {
    const { task, reader } = strangers();
    const result = await task(5);
    for (let second = 0; second < 4; second++) {
      await work(reader);
      expect([await reader.deadLetterCount(), await reader.pendingCount() + await reader.scheduledCount()]).toEqual([0, 1]);
      expect([await promote(reader), await work(reader)]).toEqual([0, 0]);
      idle(reader, 1);
      await promote(reader);
    }
    for (let second = 0; second < 3; second++) await pass(reader, 1);
    const [letter] = await reader.deadLetters();
    expect(letter).toMatchObject({ taskId: result.id, taskName: "elsewhere" });
    expect(letter!.reason).toContain("elsewhere");
    expect([await reader.pendingCount(), await reader.scheduledCount()]).toEqual([0, 0]);
    expect(await result.state()).toMatchObject({ state: "dead" });
  });

  test("another consumer that knows it may take it meanwhile", async () => {
    const { writer, task, reader } = strangers();
    const result = await task(5);
    await work(reader);
    await pass(reader, 1);
    await pass(writer, 1);
    expect(await result.get()).toBe(5);
    expect(await writer.deadLetterCount()).toBe(0);
  });

  test("does not use up deliveries: it runs as the first attempt", async () => {
    const { writer, reader } = strangers();
    const seen: number[] = [];
    const task = writer.task({ name: "count", context: true }, ({ attempt }) => void seen.push(attempt));
    await task();
    for (let second = 0; second < 4; second++) await pass(reader, 1);
    await pass(writer, 1);
    expect(seen).toEqual([1]);
  });

  test("is listed with its name", async () => {
    const { task, reader } = strangers();
    await task(5);
    expect((await reader.pending()).map(({ name }) => name)).toEqual(["elsewhere"]);
  });
});

describe("dead letters", () => {
  test("can go back to the queue, as new", async () => {
    const huey = testHuey();
    const task = huey.task("task", (n: number) => n);
    task.unregister();
    await huey.flush();
    const writer = testHuey({ beside: huey });
    const result = await writer.task("task", (n: number) => n)(7);
    for (let second = 0; second < 8; second++) await pass(huey, 1);
    const [letter] = await huey.deadLetters();
    expect([await huey.requeueDeadLetter(letter!.id), await huey.requeueDeadLetter(letter!.id)]).toEqual([true, false]);
    expect([await huey.deadLetterCount(), await huey.pendingCount()]).toEqual([0, 1]);
    await work(huey);
    expect(await huey.deadLetterCount()).toBe(0); // five new tries
    await pass(writer, 1);
    expect(await result.get()).toBe(7);
  });

  test("can be deleted", async () => {
    const huey = testHuey();
    await inject(huey, bytes("hello"));
    await work(huey);
    const [letter] = await huey.deadLetters();
    expect([await huey.deleteDeadLetter(letter!.id), await huey.deleteDeadLetter(letter!.id)]).toEqual([true, false]);
    expect(await huey.deadLetterCount()).toBe(0);
  });

  test("are listed newest first, with a limit", async () => {
    const huey = testHuey();
    for (const text of ["a", "b", "c"]) {
      await inject(huey, bytes(text));
      await work(huey);
      idle(huey, 1);
    }
    const read = (letters: readonly { data: Uint8Array }[]) => letters.map(({ data }) => new TextDecoder().decode(data));
    expect(read(await huey.deadLetters())).toEqual(["c", "b", "a"]);
    expect(read(await huey.deadLetters(2))).toEqual(["c", "b"]);
  });

  test("of a waiting reader: the blocking get ends", async () => {
    const huey = testHuey();
    await inject(huey, bytes("hello"), "waited for");
    const reading = failure(huey.result("waited for", { blocking: true, timeout: 1 }));
    await work(huey);
    expect(await reading).toBeInstanceOf(Error);
  });
});

test("when as many are kept as may be, the log says that the oldest are lost, and not for each", async () => {
  const { logger, lines } = logbook();
  const huey = testHuey({ logger });
  huey.storage.deadLetterCount = (query) => Promise.resolve(query?.kind === "unreadable" ? 100_000 : 0);
  for (let n = 0; n < 1001; n++) await inject(huey, bytes("hello"), `stranger ${n}`);
  await work(huey, { limit: 2000 });
  const warnings = lines.filter(({ level }) => level === "warn").map(({ message }) => message);
  expect(warnings).toEqual(
    Array(2).fill('100000 dead letters of kind "unreadable" are kept, and no more: the oldest are lost now'),
  );
  huey.storage.deadLetterCount = () => Promise.reject(new Error("away"));
  for (let n = 0; n < 1000; n++) await inject(huey, bytes("hello"), `other ${n}`);
  await work(huey, { limit: 2000 });
  expect([await huey.pendingCount(), (await huey.storage.deadLetters({ limit: 5000 })).length]).toEqual([0, 2001]);
});

test("a message tells why it is set aside", async () => {
  const huey = testHuey();
  await inject(huey, bytes("hello"));
  huey.remote("nowhere");
  await huey.remote<() => void>("nowhere")();
  for (let second = 0; second < 6; second++) await huey.advance(1);
  const kinds = (await huey.deadLetters()).map(({ kind, taskName, task }) => [kind, taskName, task?.name]);
  expect(kinds).toEqual([["unknown", "nowhere", "nowhere"], ["unreadable", undefined, undefined]]);
  expect([await huey.deadLetterCount({ kind: "unknown" }), await huey.deadLetterCount({ kind: "unreadable" })]).toEqual([1, 1]);
});
