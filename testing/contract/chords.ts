/** Cases of chords. @module */
import type { ChordRecord, ChordReport, Claim, Storage } from "../../lib/storage.ts";
import type { Cases } from "./context.ts";
import { bytes, claim, claimOne, complete, drain, enqueueAndClaim, ids, item, items, owner, text } from "./helpers.ts";

function report(index: number, extra: Partial<ChordReport> = {}): ChordReport {
  return { id: "chord", index, value: bytes(`value ${index}`), ...extra };
}

function record(size: number, extra: Partial<ChordRecord> = {}): ChordRecord {
  return { id: "chord", size, callback: item("callback"), ...extra };
}

/** Enqueues members with their chord, and claims them. */
async function claimMembers(storage: Storage, count: number, chord: ChordRecord, prefix = "m"): Promise<readonly Claim[]> {
  await storage.enqueue(items(prefix, count), [chord]);
  return await claim(storage, count);
}

async function values(storage: Storage, chordId: string = "chord"): Promise<(string | undefined)[]> {
  return (await storage.collect(chordId)).values.map(text);
}

/** Members, values, callbacks. */
export const chordCases: Cases = {
  "the callback is enqueued with the last member, whatever the order": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const claims = await claimMembers(one, 3, record(3));
    await one.settle(complete(claims[2]!, { chord: report(2) }));
    await other.settle(complete(claims[0]!, { chord: report(0) }));
    expect(await one.pendingCount()).toBe(0);
    await one.settle(complete(claims[1]!, { chord: report(1) }));
    expect(await values(other)).toEqual(["value 0", "value 1", "value 2"]);
    expect(await drain(other)).toEqual(["callback"]);
  },

  "values are collected by index while members are missing": async (context, expect) => {
    const storage = await context.open();
    const [member] = await claimMembers(storage, 1, record(3));
    await storage.settle(complete(member!, { chord: report(1) }));
    const collected = await values(storage);
    expect([collected[0], collected[1], collected[2]]).toEqual([undefined, "value 1", undefined]);
  },

  "an unknown chord has no values": async (context, expect) => {
    expect((await (await context.open()).collect("nothing")).values).toEqual([]);
  },

  "a chord of one": async (context, expect) => {
    const storage = await context.open();
    const [member] = await claimMembers(storage, 1, record(1));
    await storage.settle(complete(member!, { chord: report(0) }));
    expect(await drain(storage)).toEqual(["callback"]);
  },

  "many members": async (context, expect) => {
    const storage = await context.open();
    const claims = await claimMembers(storage, 30, record(30));
    await Promise.all(claims.map((claimed, index) => storage.settle(complete(claimed, { chord: report(index) }))));
    expect(await values(storage)).toEqual(Array.from({ length: 30 }, (_, index) => `value ${index}`));
    expect(await drain(storage)).toEqual(["callback"]);
  },

  "a member that reports twice counts once": async (context, expect) => {
    const storage = await context.open();
    const [first, second] = await claimMembers(storage, 2, record(2));
    await storage.settle(complete(first!, { chord: report(0) }));
    await storage.settle(complete(await enqueueAndClaim(storage, "m0 again"), { chord: report(0) }));
    expect(await storage.pendingCount()).toBe(0);
    await storage.settle(complete(second!, { chord: report(1) }));
    await storage.settle(complete((await claim(storage))[0]!));
    await storage.settle(complete(await enqueueAndClaim(storage, "m1 again"), { chord: report(1) }));
    expect(await drain(storage)).toEqual([]);
  },

  "a redelivered member does not count for the one that was lost": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.enqueue(items("m", 2), [record(2)]);
    const [first, second] = await claim(one, 2, { owner: owner("lost") });
    await other.recover({ consumer: "lost" });
    expect((await one.settle(complete(first!, { chord: report(0) }))).held).toBe(false);
    expect((await one.settle(complete(second!, { chord: report(1) }))).held).toBe(false);
    expect((await other.collect("chord")).values).toEqual([undefined, undefined]);
    const again = await claim(other, 2);
    for (const [index, claimed] of again.entries()) await other.settle(complete(claimed, { chord: report(index) }));
    expect(await drain(other)).toEqual(["callback"]);
  },

  "members that end together enqueue one callback": async (context, expect) => {
    const [one, other] = await context.openTwo();
    for (let round = 0; round < 5; round++) {
      const id = `chord ${round}`;
      const claims = await claimMembers(one, 8, record(8, { id, callback: item(`callback ${round}`) }), `m${round}-`);
      const chord = (index: number): ChordReport => report(index, { id });
      await Promise.all(
        claims.map((claimed, index) => (index % 2 ? one : other).settle(complete(claimed, { chord: chord(index) }))),
      );
      expect(await drain(other)).toEqual([`callback ${round}`]);
    }
  },

  "chords do not meet each other": async (context, expect) => {
    const storage = await context.open();
    for (const id of ["a", "b"]) {
      const [member] = await claimMembers(storage, 1, record(2, { id }), `m${id}`);
      await storage.settle(complete(member!, { chord: report(0, { id, value: bytes(id) }) }));
    }
    expect(await storage.pendingCount()).toBe(0);
    expect((await values(storage, "a"))[0]).toBe("a");
    expect((await values(storage, "b"))[0]).toBe("b");
  },

  "the values stay until they are dropped": async (context, expect) => {
    const storage = await context.open();
    const [member] = await claimMembers(storage, 1, record(1));
    await storage.settle(complete(member!, { chord: report(0) }));
    const callback = await claimOne(storage);
    expect(await values(storage)).toEqual(["value 0"]);
    await storage.recover({ consumer: owner().consumer });
    expect(await values(storage)).toEqual(["value 0"]);
    expect((await storage.settle(complete(callback, { dropChord: "chord" }))).held).toBe(false);
    expect(await values(storage)).toEqual(["value 0"]);
    await storage.settle(complete(await claimOne(storage), { dropChord: "chord" }));
    expect((await storage.collect("chord")).values).toEqual([]);
  },

  "a callback may be scheduled, and empty values are values": async (context, expect) => {
    const storage = await context.open();
    const callback = item("callback", { dueMs: context.clock.now() + 60_000 });
    const [member] = await claimMembers(storage, 1, record(1, { callback }));
    await storage.settle(complete(member!, { chord: report(0, { value: new Uint8Array() }) }));
    expect(await values(storage)).toEqual([""]);
    expect(ids(await storage.scheduled())).toEqual(["callback"]);
  },

  "flush drops chords": async (context, expect) => {
    const storage = await context.open();
    const [member] = await claimMembers(storage, 1, record(2));
    await storage.settle(complete(member!, { chord: report(0) }));
    await storage.flush();
    expect((await storage.collect("chord")).values).toEqual([]);
    await storage.settle(complete(await enqueueAndClaim(storage, "m"), { chord: report(1) }));
    expect(await storage.pendingCount()).toBe(0);
  },
};
