/** Cases of dead letters. @module */
import type { Burial, Claim, Storage } from "../../lib/storage.ts";
import type { Cases } from "./context.ts";
import {
  bytes,
  claim,
  claimOne,
  complete,
  drain,
  enqueueAndClaim,
  ids,
  item,
  LONG_MS,
  owner,
  plain,
  text,
  waitForEnd,
} from "./helpers.ts";

async function bury(storage: Storage, claimed: Claim, extra: Partial<Burial> = {}): Promise<boolean> {
  const { id, data } = claimed;
  const letter = {
    id: `letter of ${id}`,
    kind: "unreadable" as const,
    reason: "Nobody could run it",
    atMs: 1_700_000_000_000,
    data,
    taskId: id,
    ...extra,
  };
  return (await storage.settle({ claim: claimed, id, noticeTtlMs: LONG_MS, bury: letter })).held;
}

/** Setting aside, listing, putting back. */
export const deadLetterCases: Cases = {
  "a message that is set aside is listed with its reason": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const claimed = await enqueueAndClaim(one, "a", { data: bytes("message") });
    expect(await bury(one, claimed, { atMs: 1_700_000_000_000, taskName: "add" })).toBe(true);
    const [letter] = await other.deadLetters();
    expect(letter).toMatchObject({
      id: "letter of a",
      kind: "unreadable" as const,
      reason: "Nobody could run it",
      atMs: 1_700_000_000_000,
      taskId: "a",
      taskName: "add",
      priority: 0,
    });
    expect(plain(letter!.data)).toEqual(bytes("message"));
    expect(await other.deadLetterCount()).toBe(1);
    expect(await other.pendingCount()).toBe(0);
    expect(await one.claimed({ consumer: "consumer" })).toEqual([]);
  },

  "a letter need not tell a task": async (context, expect) => {
    const storage = await context.open();
    await bury(storage, await enqueueAndClaim(storage, "a"), { taskId: undefined });
    const [letter] = await storage.deadLetters();
    expect(letter!.taskId).toBeUndefined();
    expect(letter!.taskName).toBeUndefined();
  },

  "the state of the task is dead": async (context, expect) => {
    const storage = await context.open();
    await bury(storage, await enqueueAndClaim(storage, "a"));
    expect(await storage.state("a")).toMatchObject({ state: "dead" });
    await storage.requeueDeadLetter("letter of a", item("a"));
    expect(await storage.state("a")).toMatchObject({ state: "waiting" });
  },

  "a letter that is put back is a new item": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await enqueueAndClaim(one, "a", { data: bytes("message") });
    await one.recover({ consumer: owner().consumer });
    const claimed = await claimOne(one);
    expect(claimed.deliveries).toBe(2);
    await bury(one, claimed);
    expect(await other.requeueDeadLetter("letter of a", item("a", { data: bytes("message") }))).toEqual({});
    expect(await other.deadLetterCount()).toBe(0);
    const again = await claimOne(one);
    expect(again).toMatchObject({ id: "a", deliveries: 1 });
    expect(plain(again.data)).toEqual(bytes("message"));
  },

  "a letter is put back once": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await bury(one, await enqueueAndClaim(one, "a"));
    const put = await Promise.all(
      [one, other, one, other].map((storage) => storage.requeueDeadLetter("letter of a", item("a"))),
    );
    expect(put.filter(Boolean)).toHaveLength(1);
    expect(await drain(one)).toEqual(["a"]);
  },

  "an unknown letter is not there": async (context, expect) => {
    const storage = await context.open();
    expect(await storage.requeueDeadLetter("nothing", item("nothing"))).toBeUndefined();
    expect(await storage.deleteDeadLetter("nothing")).toBe(false);
    expect(await storage.deadLetters()).toEqual([]);
    expect(await storage.deadLetterCount()).toBe(0);
  },

  "a letter can be deleted": async (context, expect) => {
    const storage = await context.open();
    await bury(storage, await enqueueAndClaim(storage, "a"));
    await bury(storage, await enqueueAndClaim(storage, "b"));
    expect(await storage.deleteDeadLetter("letter of a")).toBe(true);
    expect(await storage.deleteDeadLetter("letter of a")).toBe(false);
    expect(ids(await storage.deadLetters())).toEqual(["letter of b"]);
    expect(await storage.pendingCount()).toBe(0);
  },

  "a waiting claim hears of a letter that is put back": async (context, expect) => {
    const [waiting, other] = await context.openTwo();
    await bury(other, await enqueueAndClaim(other, "a"));
    const found = claim(waiting, 1, { waitMs: LONG_MS });
    await other.requeueDeadLetter("letter of a", item("a"));
    expect(ids(await found)).toEqual(["a"]);
  },

  "flush deletes the letters": async (context, expect) => {
    const storage = await context.open();
    await bury(storage, await enqueueAndClaim(storage, "a"));
    await storage.enqueue([item("b")]);
    await storage.flush();
    expect(await storage.deadLetterCount()).toBe(0);
    expect(await storage.requeueDeadLetter("letter of a", item("a"))).toBeUndefined();
    expect(await storage.state("a")).toBeUndefined();
  },

  "a letter that is deleted leaves what is known of the end of its task": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const claimed = await enqueueAndClaim(one, "a");
    const letter = {
      id: "letter",
      kind: "unreadable" as const,
      reason: "no reason",
      atMs: context.clock.now(),
      data: bytes("data"),
      taskId: "a",
    };
    await one.settle(complete(claimed, { ending: "dead", result: bytes("why"), bury: letter }));
    expect(await other.deleteDeadLetter("letter")).toBe(true);
    expect(text(await one.results.peek("a"))).toBe("why");
    expect(await one.state("a")).toEqual({ state: "dead" });
  },

  "a task whose message was set aside has ended, tracked or not": async (context, expect) => {
    const [one, other] = await context.openTwo();
    for (const track of [true, false]) {
      const id = `tracked ${track}`;
      const claimed = await enqueueAndClaim(one, id, { track });
      const waited = waitForEnd(other, id, { timeoutMs: LONG_MS });
      const letter = {
        id: `letter of ${id}`,
        kind: "unreadable" as const,
        reason: "no",
        atMs: 1000,
        data: claimed.data,
        taskId: id,
      };
      await one.settle({ claim: claimed, id, ending: "dead", result: bytes("why"), noticeTtlMs: LONG_MS, bury: letter });
      expect(await waited).toBe(true);
      expect(await other.state(id)).toMatchObject({ state: "dead" });
      expect(await other.endedOf([id])).toEqual([id]);
    }
  },

  "a letter that is put back ends what was known of the end": async (context, expect) => {
    const [one, other] = await context.openTwo();
    for (const track of [true, false]) {
      const id = `tracked ${track}`;
      const chord = { id: "chord", index: 1 };
      const claimed = await enqueueAndClaim(one, id, { track, chord });
      const letter = {
        id: `letter of ${id}`,
        kind: "unreadable" as const,
        reason: "no",
        atMs: 1000,
        data: claimed.data,
        taskId: id,
      };
      await one.settle({ claim: claimed, id, ending: "dead", result: bytes("why"), noticeTtlMs: LONG_MS, bury: letter });
      expect(await other.requeueDeadLetter(`letter of ${id}`, item(id, { track, chord }))).toEqual({});
      expect(await other.results.has(id)).toBe(false);
      expect(await other.endedOf([id])).toEqual([]);
      expect((await other.state(id))?.state).toBe(track ? "waiting" : undefined);
      expect((await claimOne(one)).chord).toEqual(chord);
    }
  },

  "requeueing takes the endings and the results of other tasks along, unless the unique key is held": async (
    context,
    expect,
  ) => {
    const [one, other] = await context.openTwo();
    const unique = { key: "key", until: "end" } as const;
    await one.enqueue([item("a"), item("holder", { unique })]);
    const claimed = await claimOne(one);
    const canceled = [{ id: "b", result: bytes("why") }, { id: "c" }, { id: "d", result: bytes("why") }];
    const burial: Burial = { id: "letter", kind: "failed", reason: "?", atMs: 1000, data: claimed.data, taskId: "a" };
    await one.settle({ claim: claimed, id: "a", ending: "failed", noticeTtlMs: LONG_MS, bury: burial, canceled });
    const look = async (): Promise<unknown> => [
      await Promise.all(["b", "c", "d"].map(async (id) => (await one.state(id))?.state)),
      (await other.endedOf(["b", "c", "d"])).sort(),
      await one.results.size(),
    ];
    const before = await look();
    expect(before).toEqual([["canceled", "canceled", "canceled"], ["b", "c", "d"], 2]);
    expect([...(await other.requeueDeadLetter("letter", item("a", { unique }), ["b", "c"]))!.duplicates!]).toEqual([[
      0,
      "holder",
    ]]);
    expect(await other.requeueDeadLetter("nothing", item("a"), ["b", "c"])).toBeUndefined();
    expect(await look()).toEqual(before);
    expect(await other.requeueDeadLetter("letter", item("a"), ["b", "c"])).toEqual({});
    expect(await look()).toEqual([[undefined, undefined, "canceled"], ["d"], 1]);
  },
};
