/** What callers choose has limits: at the call, and again when a message is read. @module */
import { describe, expect, test } from "bun:test";
import { chord, group } from "../../lib/composition/group.ts";
import { isName } from "../../lib/primitives/limits.ts";
import type { Message } from "../../lib/message/message.ts";
import type { CallOptions } from "../../lib/types/calling.ts";
import { failure, memory, work } from "../helpers.ts";

const long = "x".repeat(1001);
const HALF = "half \ud800";

test("a name has 1 to 1000 bytes, and no half of a surrogate pair", () => {
  for (const name of ["x", "x".repeat(1000), "é".repeat(500), "\u{1F600}".repeat(250), "\n", "__proto__"]) {
    expect(isName(name)).toBe(true);
  }
  for (const name of ["", long, "é".repeat(501), "\u{1F600}".repeat(251), HALF, 5, null]) expect(isName(name)).toBe(false);
});

describe("refused at the call", () => {
  const huey = memory();
  const task = huey.task("task", () => 1);
  const ids: [string, (id: string) => unknown][] = [
    ["a call", (id) => task.with({ id })],
    ["result", (id) => huey.result(id)],
    ["state", (id) => huey.state(id)],
    ["progress", (id) => huey.progress(id)],
    ["revokeById", (id) => huey.revokeById(id)],
    ["restoreById", (id) => huey.restoreById(id)],
    ["isRevoked", (id) => huey.isRevoked(id)],
    ["requeueDeadLetter", (id) => huey.requeueDeadLetter(id)],
    ["deleteDeadLetter", (id) => huey.deleteDeadLetter(id)],
    ["a task's name", (name) => huey.task(name, () => 1)],
    ["a queue's name", (name) => memory({ name })],
    ["a lock", (name) => huey.lockTask(name)],
    ["a task's lock", (name) => huey.task({ name: "locked", lock: name }, () => 1)],
    ["isLocked", (name) => huey.isLocked(name)],
    ["flushLocks", (name) => huey.flushLocks(name)],
    ["a rate limit", (name) => huey.rateLimit(name, { limit: 1, per: 1 })],
    ["a task's rate limit", (name) => huey.task({ name: "limited", rateLimit: { name, limit: 1, per: 1 } }, () => 1)],
  ];
  for (const [name, call] of ids) {
    test(`${name}: an id or name that is too long, or not well formed`, async () => {
      expect(await failure((async () => await call(long))())).toBeInstanceOf(RangeError);
      expect(String(await failure((async () => await call(HALF))()))).toContain("half of a surrogate pair");
    });
  }

  test("the key of a value may be long, but not half of a pair", async () => {
    await huey.put(long, 1);
    expect(await huey.get<number>(long)).toBe(1);
    for (
      const call of [() => huey.put(HALF, 1), () => huey.get(HALF), () => huey.delete(HALF), () => huey.putIfEmpty(HALF, 1)]
    ) {
      expect(await failure(call())).toBeInstanceOf(TypeError);
    }
  });

  test("retries, priorities, slots, lengths of time", () => {
    expect(task.with({ retries: 10_000, priority: Number.MAX_SAFE_INTEGER }).s()).toMatchObject({ retries: 10_000 });
    const wrong: CallOptions[] = [{ retries: 10_001 }, { priority: 2 ** 53 }, { priority: -(2 ** 53) }];
    for (const options of [...wrong, { timeout: 3.2e9 }, { retryDelay: 3.2e9 }, { expires: 3.2e9 }]) {
      expect(() => task.with(options)).toThrow(RangeError);
    }
    expect(() => huey.lockTask("lock", { slots: 10_001 })).toThrow(RangeError);
  });

  test("a million members, and no more", () => {
    const member = task.s();
    const members = Array(1_000_001).fill(member);
    expect(() => group(members)).toThrow("1000000");
    expect(() => chord(members, huey.task("callback", (_values: unknown[]) => 1))).toThrow(RangeError);
  });
});

test("set aside when it is read, with the name of the field", async () => {
  const inner = { v: 1, id: "i", name: "task", args: [] };
  const fields: Partial<Record<keyof Message, unknown>>[] = [
    { retries: 10_001 },
    { retries: 9007199254740990 },
    { priority: 2 ** 53 },
    { priority: "5" },
    { retryDelay: 3.2e12 },
    { timeout: 1e300 },
    { expires: 3.2e9 },
    { valuesOf: long },
    { next: { ...inner, id: long } },
    { onError: { ...inner, name: "" } },
    { next: { chord: HALF, members: [inner], callback: inner } },
    { next: { chord: "c", members: [{ ...inner, retries: 10_001 }], callback: inner } },
  ];
  for (const wrong of fields) {
    const huey = memory();
    let runs = 0;
    huey.task("task", () => ++runs);
    const data = new TextEncoder().encode(JSON.stringify({ v: 1, id: "x", name: "task", args: [], ...wrong }));
    await huey.storage.enqueue([{ id: "x", data, priority: 0, track: true }]);
    await work(huey);
    expect([runs, (await huey.deadLetters())[0]?.reason]).toEqual([0, expect.stringContaining(Object.keys(wrong)[0]!)]);
  }
});
