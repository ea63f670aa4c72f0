/** Cases of chords that are stored with their members. @module */
import type { ChordRecord, ChordReport } from "../../lib/storage.ts";
import type { Cases } from "./context.ts";
import { bytes, claimOne, complete, drain, enqueueAndClaim, ids, item, items, LONG_MS, owner, text } from "./helpers.ts";

function record(size: number, extra: Partial<ChordRecord> = {}): ChordRecord {
  return { id: "chord", size, callback: item("callback"), ...extra };
}

/** As lib sends it once chords are stored in one place: without what the record says. */
function report(index: number, value: string = `value ${index}`, id: string = "chord"): ChordReport {
  return { id, index, value: bytes(value) } as ChordReport;
}

/** Records and places. */
export const chordRecordCases: Cases = {
  "a chord is stored with its members, and its callback goes with the last report": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.enqueue(items("m", 2), [record(2)]);
    expect((await other.collect("chord")).values).toEqual([undefined, undefined]);
    expect((await other.collect("chord")).filledMs).toBe(undefined);
    expect((await one.settle(complete(await claimOne(one), { chord: report(0) }))).callback).toBe(undefined);
    const settled = await other.settle(complete(await claimOne(one), { chord: report(1) }));
    expect(settled.callback).toMatchObject({ id: "callback" });
    const { values, filledMs } = await one.collect("chord");
    expect(values.map(text)).toEqual(["value 0", "value 1"]);
    expect(Math.abs(filledMs! - context.clock.now())).toBeLessThan(LONG_MS);
    expect(await drain(other)).toEqual(["callback"]);
  },

  "a settlement stores the chords of its follow-ups": async (context, expect) => {
    const storage = await context.open();
    const first = await enqueueAndClaim(storage, "first");
    await storage.settle(complete(first, { enqueue: items("m", 1), chords: [record(1)] }));
    await storage.settle(complete(await claimOne(storage), { chord: report(0) }));
    expect(await drain(storage)).toEqual(["callback"]);
  },

  "a settlement that is refused stores none": async (context, expect) => {
    const storage = await context.open();
    const first = await enqueueAndClaim(storage, "first");
    await storage.release([first]);
    await storage.settle(complete(first, { enqueue: items("m", 1), chords: [record(1)] }));
    expect((await storage.collect("chord")).values).toEqual([]);
  },

  "a record that is there is left as it is": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue(items("m", 2), [record(2)]);
    await storage.settle(complete(await claimOne(storage), { chord: report(0) }));
    await storage.enqueue([], [record(1, { callback: item("other") })]);
    expect((await storage.collect("chord")).values).toHaveLength(2);
    await storage.settle(complete(await claimOne(storage), { chord: report(1) }));
    expect(await drain(storage)).toEqual(["callback"]);
  },

  "a place is filled once": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue(items("m", 3), [record(2)]);
    await storage.settle(complete(await claimOne(storage), { chord: report(0, "first") }));
    expect((await storage.settle(complete(await claimOne(storage), { chord: report(0, "second") }))).held).toBe(true);
    expect((await storage.collect("chord")).values.map(text)).toEqual(["first", undefined]);
    await storage.settle(complete(await claimOne(storage), { chord: report(1) }));
    expect(await drain(storage)).toEqual(["callback"]);
  },

  "a report for a chord that is not there, or for a place that it does not have, is ignored": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue(items("m", 3), [record(1)]);
    expect((await storage.settle(complete(await claimOne(storage), { chord: report(0, "x", "gone") }))).held).toBe(true);
    expect((await storage.collect("gone")).values).toEqual([]);
    for (const index of [1, -1]) await storage.settle(complete(await claimOne(storage), { chord: report(index) }));
    expect(await storage.pendingCount()).toBe(0);
    expect((await storage.collect("chord")).values).toEqual([undefined]);
  },

  "a callback whose time has not come waits for it": async (context, expect) => {
    const storage = await context.open();
    const later = item("later", { dueMs: context.clock.now() + LONG_MS });
    await storage.enqueue(items("m", 2), [
      record(1, { callback: later }),
      record(1, { id: "late", callback: item("now", { dueMs: 1000 }) }),
    ]);
    await storage.settle(complete(await claimOne(storage), { chord: report(0) }));
    await storage.settle(complete(await claimOne(storage), { chord: report(0, "x", "late") }));
    expect(ids(await storage.scheduled())).toContain("later");
    await storage.promoteDue(5);
    expect(await drain(storage)).toEqual(["now"]);
  },

  "the place of an item goes with it all the way": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const chord = { id: "chord", index: 1 };
    await one.enqueue([
      item("a", { chord }),
      item("b", { chord, priority: await context.priority(3) }),
      item("c", { chord, dueMs: 1000 }),
      item("d"),
    ]);
    expect((await other.scheduled())[0]!.chord).toEqual(chord);
    expect((await other.pending()).map((one) => one.chord)).toEqual(expect.arrayContaining([chord, chord, undefined]));
    expect((await one.promoteDue(5))[0]!.chord).toEqual(chord);
    const seen: Record<string, unknown> = {};
    for (let round = 0; round < 4; round++) {
      const claimed = await claimOne(one);
      expect((await other.claimed(owner())).map((held) => held.chord)).toEqual([claimed.chord]);
      await other.recover({ consumer: owner().consumer });
      const again = await claimOne(other);
      seen[again.id] = again.chord;
      await one.settle(complete(again));
    }
    expect(seen).toEqual({ a: chord, b: chord, c: chord, d: undefined });
  },

  "the chord is gone once it was dropped": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue(items("m", 2), [record(1)]);
    await storage.settle(complete(await claimOne(storage), { chord: report(0) }));
    await storage.settle({ id: "callback", noticeTtlMs: 0, dropChord: "chord" });
    expect(await storage.collect("chord")).toEqual({ values: [], filledMs: undefined });
    await storage.settle(complete(await claimOne(storage), { chord: report(0) }));
    expect(await drain(storage)).toEqual(["callback"]);
  },
};
