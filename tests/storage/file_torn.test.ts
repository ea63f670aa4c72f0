/** Logs that are cut off at any place: what is not whole does not count, and nothing is done by half. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import type { Claim, Storage } from "../../lib/storage.ts";
import { bytes, claim, complete, ids, item, items, lease, owner, text } from "../../testing/contract/helpers.ts";
import { TestClock } from "../../testing/clock.ts";
import { ALL_CLASSES } from "../sizes.ts";
import { told } from "./_commands.ts";
import { endLog, Place, tellAll } from "./_file_fixture.ts";

/** Long: nearly each byte is tried, on a machine that may be busy. */
const LIMIT_MS = 120_000;
/** Elsewhere than on Bun the usual run tries some of them. */
const STRIDE = ALL_CLASSES ? 1 : 3;
const START_MS = Date.UTC(2030, 0, 1);

let place: Place;
let clock: TestClock;
beforeEach(() => {
  place = new Place();
  clock = new TestClock(START_MS);
});
afterEach(() => place.remove());

/** Calls that leave something of every kind; each is one record. */
function calls(storage: Storage): readonly (() => Promise<unknown>)[] {
  const held: Claim[] = [];
  const take = async (limit: number): Promise<unknown> => held.push(...await claim(storage, limit, { owner: owner("here") }));
  const bury = { id: "letter", kind: "unreadable" as const, reason: "odd", atMs: START_MS, data: bytes("d"), taskId: "dead" };
  const gate = { key: "gate", limit: 1 };
  const unique = { key: "unique", until: "end" } as const;
  const row = { step: "minute" as const, atMs: 60_000, taskName: "task", sums: { runs: 1 }, maxima: { ms: 2 } };
  const chord = { id: "chord", index: 1, value: bytes("v") };
  return [
    () => storage.renewLease(lease("here")),
    () => storage.enqueue([item("done"), item("dead"), item("held"), item("waits"), item("later", { dueMs: 2 ** 42 })]),
    () =>
      storage.enqueue([item("member", { chord: { id: "chord", index: 0 } })], [{
        id: "chord",
        size: 2,
        callback: item("end"),
      }]),
    () => take(3),
    () => storage.begin(held[2]!),
    () => storage.locks.putIfEmpty("lock", bytes("1"), { holder: held[2]!.token }),
    () => storage.settle(complete(held[0]!, { result: bytes("r"), chord, resultTtlMs: Infinity })),
    () => storage.settle(complete(held[1]!, { ending: "dead", bury })),
    () => storage.data.put("key", bytes("value \u{1f600} \ud800")),
    () => storage.increment("count", 1),
    () => storage.enqueue([item("inside", { gate, unique, priority: 1, track: true }), item("blocked", { gate, track: true })]),
    () => storage.keep(held[2]!, "step", bytes("kept")),
    () => storage.pause({ untilMs: 2 }),
    () => storage.count([row], [bytes("recent")], { minuteAgeMs: 2 ** 42, hourAgeMs: 2 ** 42, recent: 3 }),
    () => storage.release([held[2]!]),
    () => storage.data.pop("key"),
  ];
}

describe("a log that is cut off", () => {
  test("at any byte says what its whole records say, and takes new ones", async () => {
    const storage = place.open({ clock });
    const states: { readonly size: number; readonly state: string }[] = [];
    const note = async (): Promise<void> =>
      void states.push({ size: statSync(place.log).size, state: told(await tellAll(place.open({ clock }))) });
    await storage.pendingCount();
    await note();
    for (const call of calls(storage)) {
      await call();
      await note();
    }
    expect(new Set(states.map(({ state }) => state)).size).toBeGreaterThan(13);
    const whole = readFileSync(place.log);
    expect(states.at(-1)!.size).toBe(whole.length);
    const [{ size: first }] = states as [typeof states[0]];
    for (let length = first; length < whole.length; length += STRIDE) {
      const sinceRecord = length - states.findLast(({ size }) => size <= length)!.size;
      if (sinceRecord > 24 && length % 4 !== 0) continue;
      const other = place.copy();
      try {
        writeFileSync(other.log, whole.subarray(0, length));
        const reader = other.open({ clock });
        const { state } = states.findLast(({ size }) => size <= length)!;
        expect([length, told(await tellAll(reader))]).toEqual([length, state]);
        if (length % 5 !== 0) continue;
        await reader.data.put("new", bytes("value"));
        for (const one of [reader, other.open({ clock })]) {
          await one.pendingCount();
          expect(text(await one.data.peek("new"))).toBe("value");
        }
      } finally {
        await other.remove();
      }
    }
  }, LIMIT_MS);

  test("within its first state is begun anew, and works", async () => {
    const storage = place.open();
    await storage.enqueue(items("a", 3));
    await endLog(storage);
    const whole = readFileSync(place.log);
    for (let length = 0; length < whole.length; length += length < 64 ? 1 : 41) {
      const other = place.copy();
      try {
        writeFileSync(other.log, whole.subarray(0, length));
        const [one, two] = [other.open(), other.open()];
        await one.enqueue([item("b")]);
        await two.enqueue([item("c")]);
        expect(ids(await one.pending()).filter((id) => !id.startsWith("a"))).toEqual(["b", "c"]);
        expect(ids(await other.open().pending())).toEqual(ids(await one.pending()));
      } finally {
        await other.remove();
      }
    }
  }, LIMIT_MS);

  test("in the middle of what somebody writes now is complete later", async () => {
    const [one, other] = [place.open(), place.open()];
    await one.enqueue([item("a")]);
    expect(ids(await other.pending())).toEqual(["a"]);
    const before = readFileSync(place.log);
    await one.enqueue([item("b")]);
    const record = readFileSync(place.log).subarray(before.length);
    truncateSync(place.log, before.length);
    for (let length = 1; length < record.length; length++) {
      appendFileSync(place.log, record.subarray(length - 1, length));
      expect([length, ids(await other.pending())]).toEqual([length, ["a"]]);
    }
    appendFileSync(place.log, record.subarray(-1));
    expect(ids(await other.pending())).toEqual(["a", "b"]);
  }, LIMIT_MS);
});
