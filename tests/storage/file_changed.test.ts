/** Logs that are changed, or mixed with other bytes: what cannot be read is skipped, by everybody alike. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { encodeRecord } from "../../storage/file/packing.ts";
import { bytes, ids, item, items, lease } from "../../testing/contract/helpers.ts";
import { Dice } from "../dice.ts";
import { ALL_CLASSES } from "../sizes.ts";
import { endLog, Place } from "./_file_fixture.ts";

/** Long: each byte is tried, on a machine that may be busy. */
const LIMIT_MS = 120_000;
/** Elsewhere than on Bun the usual run tries some of them. */
const STRIDE = ALL_CLASSES ? 1 : 3;
const START_MS = Date.UTC(2030, 0, 1);

let place: Place;
beforeEach(() => void (place = new Place()));
afterEach(() => place.remove());

describe("a log that is changed", () => {
  test("at any byte loses the record of that byte, for everybody alike", async () => {
    const storage = place.open();
    await storage.pendingCount();
    const { size } = statSync(place.log);
    for (let index = 0; index < 8; index++) await storage.enqueue([item(`a${index}`)]);
    const whole = readFileSync(place.log);
    for (let at = size; at < whole.length; at += STRIDE) {
      const changed = Uint8Array.from(whole);
      changed[at]! ^= 1 << (at % 8);
      const other = place.copy();
      try {
        writeFileSync(other.log, changed);
        const reader = other.open();
        const found = ids(await reader.pending());
        expect([at, found.length]).toEqual([at, 7]);
        if (at % 7 !== 0) continue;
        const lines = [await reader.renewLease(lease()), await reader.renewLease(lease())] as [string[], string[]];
        if (at < whole.length - 100) expect([at, lines[0].length, lines[1].length]).toEqual([at, 1, 0]);
        await reader.enqueue([item("new")]);
        expect(ids(await other.open().pending())).toEqual([...found, "new"]);
      } finally {
        await other.remove();
      }
    }
  }, LIMIT_MS);

  test("by bytes of any kind between its records has all of them, and is kept when it is over", async () => {
    const dice = new Dice(7);
    const [one, other] = [place.open(), place.open()];
    await one.pendingCount();
    const record = encodeRecord(["do", "x", START_MS, []]).slice();
    for (let index = 0; index < 200; index++) {
      const kinds = [
        dice.bytes(dice.below(200)),
        record.subarray(0, dice.below(record.length)),
        record.subarray(dice.below(record.length)),
        new Uint8Array(dice.below(200)),
        Uint8Array.of(0xff, 0x48, 0x55, 0x45, 0x59, 0x4c, 0x4f, 0x47, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 1),
      ];
      appendFileSync(place.log, dice.pick(kinds));
      await dice.pick([one, other]).enqueue([item(`a${index}`)]);
    }
    expect(ids(await one.pending())).toEqual(ids(items("a", 200)));
    expect(ids(await other.pending())).toEqual(ids(items("a", 200)));
    expect(ids(await place.open().pending())).toEqual(ids(items("a", 200)));
    const [line] = await one.renewLease(lease()) as string[];
    expect(line).toMatch(/log-00000001: \d+ bytes are skipped/);
    await endLog(one);
    expect(place.files().map((file) => file.slice(place.root.length + 1)).filter((name) => name.startsWith("bad"))).toEqual([
      "bad-00000001",
    ]);
    expect(ids(await other.pending())).toEqual(ids(items("a", 200)));
  }, LIMIT_MS);

  test("by records that were cut off, as a full disk leaves them, is not kept: it would fill the disk", async () => {
    const storage = place.open();
    await storage.pendingCount();
    const record = encodeRecord(["do", "x", START_MS, []]).slice();
    for (let index = 0; index < 20; index++) {
      appendFileSync(place.log, record.subarray(0, 9 + index));
      await storage.enqueue([item(`a${index}`)]);
    }
    await endLog(storage);
    expect(place.logs()).toEqual(["log-00000002"]);
    expect(place.files().filter((file) => file.includes("/bad-"))).toEqual([]);
    const lines = await storage.renewLease(lease()) as string[];
    expect(lines).toEqual([expect.stringMatching(/log-00000001: \d+ bytes are skipped/)]);
    expect(ids(await storage.pending())).toEqual(ids(items("a", 20)));
  }, LIMIT_MS);

  test("by records that nobody understands goes on with those that are understood", async () => {
    const storage = place.open();
    await storage.enqueue([item("a")]);
    const odd: readonly unknown[] = [
      null,
      [],
      {},
      "text",
      5,
      ["do"],
      ["do", "n", "now", []],
      ["do", "n", Infinity, []],
      ["do", "n", START_MS, [["unknown"]]],
      ["do", "n", START_MS, [["constructor"]]],
      ["do", "n", START_MS, [["toString"]]],
      ["do", "n", START_MS, [["waits.end"]]],
      ["do", "n", START_MS, [["restore", {}]]],
      ["do", "n", START_MS, [["data.constructor", "a"]]],
      ["do", "n", START_MS, [["enqueue", [{ id: 5 }]]]],
      ["do", "n", START_MS, [["enqueue", [{ id: "x", data: "text", priority: 0, track: true }]]]],
      // The first of these two is right: all of a record counts, or nothing.
      ["do", "n", START_MS, [["data.put", "half", bytes("done")], ["data.put", "half"]]],
      ["do", "n", START_MS, [["claim", -5, { consumer: "c", worker: "w" }]]],
      ["do", "n", START_MS, [["claim", "5", { consumer: "c", worker: "w" }]]],
      ["do", "n", START_MS, [["settle", { id: "x", noticeTtlMs: 1, chord: { id: "c", index: 2 ** 40, value: bytes("v") } }]]],
      ["rows", ["queue", "entries"], [[]]],
      ["state", 99, {}],
      ["complete"],
      ["again"],
    ];
    for (const record of odd) appendFileSync(place.log, encodeRecord(record).slice());
    await storage.enqueue([item("b")]);
    for (const one of [storage, place.open()]) {
      expect(ids(await one.pending())).toEqual(["a", "b"]);
      expect(await one.data.size()).toBe(0);
      expect(await one.running()).toEqual([]);
    }
  });
});
