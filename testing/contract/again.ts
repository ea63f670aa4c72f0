/** Cases of settlements whose reply was lost. @module */
import type { Cases } from "./context.ts";
import { bytes, claim, claimOne, complete, drain, enqueueAndClaim, ids, item, items, owner, peekText } from "./helpers.ts";

/** `again`. */
export const againCases: Cases = {
  "what was written is answered as the first time, and written once": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const claimed = await enqueueAndClaim(one, "a");
    const settlement = complete(claimed, { result: bytes("1"), enqueue: [item("next")] });
    expect((await one.settle(settlement)).held).toBe(true);
    expect((await one.settle({ ...settlement, again: true })).held).toBe(true);
    expect((await other.settle({ ...settlement, again: true })).held).toBe(true);
    expect(await drain(one)).toEqual(["next"]);
    expect(await peekText(one.results, "a")).toBe("1");
  },

  "what was not written is written": async (context, expect) => {
    const storage = await context.open();
    const claimed = await enqueueAndClaim(storage, "a");
    expect((await storage.settle(complete(claimed, { result: bytes("1"), again: true }))).held).toBe(true);
    expect(await peekText(storage.results, "a")).toBe("1");
  },

  "a claim that was recovered was not settled": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const lost = await enqueueAndClaim(one, "a");
    await other.recover({ consumer: owner().consumer });
    const settlement = complete(lost, { result: bytes("1"), again: true });
    expect((await one.settle(settlement)).held).toBe(false);
    const taken = await claimOne(other, owner("other"));
    expect((await one.settle(settlement)).held).toBe(false);
    await other.settle(complete(taken, { result: bytes("2") }));
    expect((await one.settle(settlement)).held).toBe(false);
    expect((await other.settle(complete(taken, { result: bytes("2"), again: true }))).held).toBe(true);
    expect(await peekText(one.results, "a")).toBe("2");
  },

  "nor was one that was released": async (context, expect) => {
    const storage = await context.open();
    const given = await enqueueAndClaim(storage, "a");
    await storage.release([given]);
    expect((await storage.settle(complete(given, { again: true }))).held).toBe(false);
    expect(await drain(storage)).toEqual(["a"]);
    expect((await storage.settle(complete(given, { again: true }))).held).toBe(false);
  },

  "a plain end that is sent again is held too": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue(items("a", 5));
    const claims = await claim(storage, 5);
    const settlements = claims.map((claimed) => complete(claimed, { ending: "empty" }));
    await Promise.all(settlements.map((settlement) => storage.settle(settlement)));
    const again = await Promise.all(settlements.map((settlement) => storage.settle({ ...settlement, again: true })));
    expect(again.map(({ held }) => held)).toEqual([true, true, true, true, true]);
    expect(ids(await storage.pending())).toEqual([]);
  },

  "the callback of a chord is told again by the member that filled the last place": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const chord = { id: "chord", size: 2, callback: item("callback") };
    await one.enqueue(items("m", 2), [chord]);
    const settlements = (await claim(one, 2)).map((claimed, index) =>
      complete(claimed, { chord: { id: "chord", index, value: bytes(`${index}`) } })
    );
    expect((await one.settle(settlements[0]!)).callback).toBe(undefined);
    expect((await one.settle(settlements[1]!)).callback).toMatchObject({ id: "callback" });
    expect((await other.settle({ ...settlements[0]!, again: true })).callback).toBe(undefined);
    expect((await other.settle({ ...settlements[1]!, again: true })).callback).toMatchObject({ id: "callback" });
    expect(await drain(one)).toEqual(["callback"]);
  },
};
