/** Cases of what steps keep. @module */
import type { Storage } from "../../lib/storage.ts";
import type { Cases } from "./context.ts";
import {
  bytes,
  claimOne,
  complete,
  enqueueAndClaim,
  FAR_MS,
  item,
  LONG_MS,
  owner,
  plain,
  randomBytes,
  text,
} from "./helpers.ts";
import { STRANGE } from "./hostile.ts";

/** What is kept under a key, as text. */
async function keptTexts(storage: Storage, key: string): Promise<Record<string, string | undefined>> {
  return Object.fromEntries([...await storage.kept(key)].map(([name, value]) => [name, text(value)]));
}

/** Buries the only item, whose steps stay. */
async function buryWithStep(storage: Storage, id: string, atMs: number = 1_700_000_000_000): Promise<void> {
  const claimed = await enqueueAndClaim(storage, id);
  await storage.keep(claimed, "step", bytes(id));
  const bury = { id: `letter of ${id}`, kind: "failed" as const, reason: "no", atMs, data: bytes("x"), taskId: id };
  await storage.settle(complete(claimed, { ending: "failed", bury, buryBounds: { count: 2 } }));
}

/** Keeping and dropping. */
export const stepCases: Cases = {
  "values are kept by the names of the steps": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const claimed = await enqueueAndClaim(one, "a");
    const value = bytes("1");
    expect(await one.keep(claimed, "first", value)).toBe(true);
    value.fill(0);
    expect(await other.keep(claimed, "second", bytes("2"))).toBe(true);
    expect(await keptTexts(other, "a")).toEqual({ first: "1", second: "2" });
    expect((await other.kept("b")).size).toBe(0);
  },

  "a step may be kept again": async (context, expect) => {
    const storage = await context.open();
    const claimed = await enqueueAndClaim(storage, "a");
    for (let time = 0; time < 3; time++) expect(await storage.keep(claimed, "step", bytes("1"))).toBe(true);
    expect(await keptTexts(storage, "a")).toEqual({ step: "1" });
  },

  "empty and large values, any names and any keys": async (context, expect) => {
    const storage = await context.open();
    const large = randomBytes(200_000);
    for (const [index, key] of STRANGE.entries()) {
      const claimed = await enqueueAndClaim(storage, `${index}`, { steps: key });
      expect(claimed.steps).toBe(key);
      expect(await storage.keep(claimed, key, bytes(`${index}`))).toBe(true);
      expect(await storage.keep(claimed, "empty", bytes(""))).toBe(true);
      if (index === 0) await storage.keep(claimed, "large", large);
    }
    expect(plain((await storage.kept(STRANGE[0]!)).get("large")!)).toEqual(large);
    for (const [index, key] of STRANGE.entries()) {
      const kept = await storage.kept(key);
      expect([text(kept.get(key)), kept.get("empty")?.length]).toEqual([`${index}`, 0]);
    }
  },

  "a claim that is not held keeps nothing": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const released = await enqueueAndClaim(one, "a");
    await one.release([released]);
    expect(await one.keep(released, "step", bytes("1"))).toBe(false);
    const lost = await claimOne(one);
    await other.recover({ consumer: owner().consumer });
    const held = await claimOne(other);
    expect(await one.keep(lost, "step", bytes("1"))).toBe(false);
    await other.settle(complete(held));
    expect(await other.keep(held, "step", bytes("1"))).toBe(false);
    expect(await keptTexts(one, "a")).toEqual({});
  },

  "they stay over releases, recoveries and further attempts, until they are dropped": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const first = await enqueueAndClaim(one, "a", { steps: "message" });
    await one.keep(first, "one", bytes("1"));
    await one.release([first]);
    await one.keep(await claimOne(one), "two", bytes("2"));
    await other.recover({ consumer: owner().consumer });
    const third = await claimOne(other);
    const next = item("a", { retry: true, steps: "message" });
    await other.settle({ claim: third, id: "a", noticeTtlMs: LONG_MS, next });
    const last = await claimOne(one);
    await one.keep(last, "three", bytes("3"));
    expect(await keptTexts(other, "message")).toEqual({ one: "1", two: "2", three: "3" });
    expect((await other.kept("a")).size).toBe(0);
    await one.settle(complete(last, { dropSteps: "message" }));
    expect((await other.kept("message")).size).toBe(0);
  },

  "only the steps that are named are dropped, and only with the claim": async (context, expect) => {
    const storage = await context.open();
    for (const id of ["a", "b", "c"]) await storage.keep(await enqueueAndClaim(storage, id), "step", bytes(id));
    const [a, b] = await storage.claimed(owner());
    await storage.settle(complete(a!, { dropSteps: "a" }));
    await storage.release([b!]);
    await storage.settle(complete(b!, { dropSteps: "b" }));
    expect([await keptTexts(storage, "a"), await keptTexts(storage, "b")]).toEqual([{}, { step: "b" }]);
    expect(await keptTexts(storage, "c")).toEqual({ step: "c" });
  },

  "they stay with a dead letter, and go when it is deleted": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await buryWithStep(one, "a");
    expect(await keptTexts(other, "a")).toEqual({ step: "a" });
    expect(await other.deleteDeadLetter("letter of a")).toBe(true);
    expect((await one.kept("a")).size).toBe(0);
  },

  "they stay when a dead letter is put back": async (context, expect) => {
    const storage = await context.open();
    await buryWithStep(storage, "a");
    await storage.requeueDeadLetter("letter of a", item("a"));
    expect(await keptTexts(storage, "a")).toEqual({ step: "a" });
    await storage.settle(complete(await claimOne(storage), { dropSteps: "a" }));
    expect((await storage.kept("a")).size).toBe(0);
  },

  "they go with a dead letter that has to make room": async (context, expect) => {
    const storage = await context.open();
    for (const [index, id] of ["a", "b", "c"].entries()) await buryWithStep(storage, id, 1_700_000_000_000 + index);
    expect(await Promise.all(["a", "b", "c"].map((id) => keptTexts(storage, id)))).toEqual([{}, { step: "b" }, { step: "c" }]);
  },

  "a flush takes the steps of what it deletes": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await buryWithStep(one, "buried");
    for (const id of ["scheduled", "waiting", "running"]) await one.keep(await enqueueAndClaim(one, id), "step", bytes(id));
    const [scheduled, waiting] = await one.claimed(owner());
    await one.settle({ claim: scheduled, id: "scheduled", noticeTtlMs: LONG_MS, next: item("scheduled", { dueMs: FAR_MS }) });
    await one.release([waiting!]);
    const kept = async (): Promise<string[]> => {
      const ids = ["running", "waiting", "scheduled", "buried"];
      const sizes = await Promise.all(ids.map(async (id) => (await other.kept(id)).size));
      return ids.filter((_, index) => sizes[index]! > 0);
    };
    expect(await kept()).toEqual(["running", "waiting", "scheduled", "buried"]);
    await other.flush(["queue"]);
    expect(await kept()).toEqual(["scheduled", "buried"]);
    await other.flush(["schedule"]);
    expect(await kept()).toEqual(["buried"]);
    await other.flush(["deadLetters"]);
    expect(await kept()).toEqual([]);
  },

  "a flush of everything takes all steps": async (context, expect) => {
    const storage = await context.open();
    const claimed = await enqueueAndClaim(storage, "a");
    await storage.keep(claimed, "step", bytes("1"));
    await storage.settle(complete(claimed));
    expect((await storage.kept("a")).size).toBe(1);
    await storage.flush();
    expect((await storage.kept("a")).size).toBe(0);
  },
};
