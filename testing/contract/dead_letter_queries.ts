/** Cases of dead letters: what is asked of them, what makes room, what is put in their place. @module */
import type { Burial, DeadLetterBounds, Item, Storage } from "../../lib/storage.ts";
import type { Cases } from "./context.ts";
import { admittedOf, blockedOf, gated, places } from "./gates.ts";
import { bytes, claimOne, complete, drain, enqueueAndClaim, ids, item, owner, plain, text } from "./helpers.ts";

const START_MS = 1_700_000_000_000;

/** Buries a task. */
async function bury(storage: Storage, id: string, extra: Partial<Burial> = {}, buryBounds?: DeadLetterBounds): Promise<void> {
  const claimed = await enqueueAndClaim(storage, id);
  const letter = { id: `letter of ${id}`, kind: "failed" as const, reason: "no", atMs: START_MS, data: bytes(id), taskId: id };
  const ending = extra.kind === undefined || extra.kind === "failed" ? "failed" : "dead";
  await storage.settle(complete(claimed, { ending, bury: { ...letter, ...extra }, buryBounds }));
}

/** Six letters, of three kinds and two tasks, one in each second. */
async function burySix(storage: Storage): Promise<void> {
  const kinds = ["failed", "unknown", "unreadable", "failed", "unknown", "failed"] as const;
  for (const [index, kind] of kinds.entries()) {
    const taskName = kind === "unreadable" ? undefined : index < 2 ? "add" : "mail";
    await bury(storage, `${index}`, { id: `l${index}`, kind, taskName, atMs: START_MS + 1000 * index });
  }
}

/** Ids of letters. */
async function lettersOf(storage: Storage): Promise<string[]> {
  return ids(await storage.deadLetters());
}

/** Asking, trimming, putting back. */
export const deadLetterQueryCases: Cases = {
  "letters are listed newest first, up to a limit": async (context, expect) => {
    const [one, other] = await context.openTwo();
    for (let index = 0; index < 11; index++) await bury(one, `a${index}`, { atMs: START_MS + index });
    const expected = Array.from({ length: 11 }, (_, index) => `letter of a${10 - index}`);
    expect(await lettersOf(other)).toEqual(expected);
    expect(ids(await other.deadLetters({ limit: 2 }))).toEqual(expected.slice(0, 2));
    expect(await other.deadLetters({ limit: 0 })).toEqual([]);
    expect(await other.deadLetterCount()).toBe(11);
  },

  "letters are found by kind, task and time": async (context, expect) => {
    const storage = await context.open();
    await burySix(storage);
    const find = async (query: Parameters<Storage["deadLetters"]>[0]): Promise<string> => {
      const found = ids(await storage.deadLetters(query));
      expect(await storage.deadLetterCount(query)).toBe(found.length);
      return found.join();
    };
    expect(await find({})).toBe("l5,l4,l3,l2,l1,l0");
    expect(await find({ kind: "failed" })).toBe("l5,l3,l0");
    expect(await find({ kind: "unreadable" })).toBe("l2");
    expect(await find({ taskName: "mail" })).toBe("l5,l4,l3");
    expect(await find({ kind: "unknown", taskName: "mail" })).toBe("l4");
    expect(await find({ beforeMs: START_MS + 3000 })).toBe("l2,l1,l0");
    expect(await find({ kind: "failed", beforeMs: START_MS + 5000 })).toBe("l3,l0");
    expect(await find({ kind: "failed", taskName: "add", beforeMs: START_MS + 5000 })).toBe("l0");
    expect(await find({ taskName: "nothing" })).toBe("");
    expect(ids(await storage.deadLetters({ taskName: "mail", limit: 2 }))).toEqual(["l5", "l4"]);
  },

  "a letter keeps everything that was said of it": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await bury(one, "a", { taskName: "add", error: bytes("what went wrong"), attempts: 3, reason: "It has failed" });
    const [listed] = await other.deadLetters();
    const found = await other.deadLetter("letter of a");
    for (const letter of [listed!, found!]) {
      const said = { id: "letter of a", kind: "failed", reason: "It has failed", atMs: START_MS, attempts: 3, priority: 0 };
      expect(letter).toMatchObject({ ...said, taskId: "a", taskName: "add" });
      expect([text(letter.data), text(letter.error)]).toEqual(["a", "what went wrong"]);
    }
    await bury(one, "b");
    const plainLetter = await other.deadLetter("letter of b");
    expect([plainLetter?.error, plainLetter?.attempts, plainLetter?.taskName]).toEqual([undefined, undefined, undefined]);
  },

  "a letter is found by its id, or that of its task": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await bury(one, "a", { id: "old", atMs: START_MS });
    await bury(one, "a", { id: "new", atMs: START_MS + 1000 });
    await bury(one, "b", { id: "of b" });
    expect((await other.deadLetter("old"))?.id).toBe("old");
    expect((await other.deadLetter("a"))?.id).toBe("new");
    expect((await other.deadLetter("b"))?.id).toBe("of b");
    expect(await other.deadLetter("nothing")).toBeUndefined();
    await other.deleteDeadLetter("new");
    expect((await one.deadLetter("a"))?.id).toBe("old");
    await one.deleteDeadLetter("old");
    expect(await one.deadLetter("a")).toBeUndefined();
    await one.flush(["deadLetters"]);
    expect([await one.deadLetter("of b"), await one.deadLetter("b")]).toEqual([undefined, undefined]);
  },

  "a task that has failed is failed, whatever becomes of its letter": async (context, expect) => {
    const storage = await context.open();
    await bury(storage, "a");
    expect(await storage.state("a")).toMatchObject({ state: "failed" });
    await storage.deleteDeadLetter("letter of a");
    expect(await storage.state("a")).toMatchObject({ state: "failed" });
  },

  "a burial makes room in its kind, the oldest first": async (context, expect) => {
    const storage = await context.open();
    await burySix(storage);
    await bury(storage, "a", { atMs: START_MS + 10_000 }, { count: 2 });
    expect(await lettersOf(storage)).toEqual(["letter of a", "l5", "l4", "l2", "l1"]);
    expect(await storage.deadLetter("l3")).toBeUndefined();
    expect(await storage.deadLetter("3")).toBeUndefined();
    expect(await storage.deadLetterCount({ kind: "failed" })).toBe(2);
    expect(await storage.deadLetterCount()).toBe(5);
    await bury(storage, "b", { atMs: START_MS + 11_000, kind: "unknown" });
    expect(await storage.deadLetterCount()).toBe(6);
  },

  "a burial lets go what is too old of its kind": async (context, expect) => {
    const storage = await context.open();
    const nowMs = context.clock.now();
    const day = 86_400_000;
    await bury(storage, "old", { atMs: nowMs - 3 * day });
    await bury(storage, "older of another kind", { atMs: nowMs - 4 * day, kind: "unknown" });
    await bury(storage, "young", { atMs: nowMs - day });
    await bury(storage, "new", { atMs: nowMs }, { count: 10, ageMs: 2 * day });
    expect(await lettersOf(storage)).toEqual(["letter of new", "letter of young", "letter of older of another kind"]);
  },

  "many letters beyond the bounds go step by step": async (context, expect) => {
    const storage = await context.open();
    for (let index = 0; index < 30; index++) await bury(storage, `a${index}`, { atMs: START_MS + index });
    for (let index = 30; index < 60; index++) await bury(storage, `a${index}`, { atMs: START_MS + index }, { count: 3 });
    expect(await lettersOf(storage)).toEqual(["letter of a59", "letter of a58", "letter of a57"]);
    expect(await storage.deadLetterCount({ kind: "failed" })).toBe(3);
  },

  "deleted letters make room too": async (context, expect) => {
    const storage = await context.open();
    for (const [index, id] of ["a", "b", "c"].entries()) await bury(storage, id, { atMs: START_MS + index }, { count: 3 });
    await storage.deleteDeadLetter("letter of b");
    await bury(storage, "d", { atMs: START_MS + 5 }, { count: 3 });
    expect(await lettersOf(storage)).toEqual(["letter of d", "letter of c", "letter of a"]);
  },

  "a burial whose claim is not held makes no room": async (context, expect) => {
    const storage = await context.open();
    await bury(storage, "a");
    const claimed = await enqueueAndClaim(storage, "b");
    await storage.release([claimed]);
    const letter = { id: "letter", kind: "failed" as const, reason: "no", atMs: START_MS + 1, data: bytes("b"), taskId: "b" };
    expect((await storage.settle(complete(claimed, { bury: letter, buryBounds: { count: 1 } }))).held).toBe(false);
    expect(await lettersOf(storage)).toEqual(["letter of a"]);
  },

  "the item that is given is put in the place of the letter": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await bury(one, "a", { data: bytes("as it was") });
    const priority = await context.priority(3);
    const replacement: Item = {
      id: "a",
      data: bytes("as it is now"),
      priority,
      track: false,
      chord: { id: "chord", index: 1 },
    };
    expect(await other.requeueDeadLetter("letter of a", replacement)).toEqual({});
    expect(await other.deadLetter("a")).toBeUndefined();
    const claimed = await claimOne(one);
    expect(claimed).toMatchObject({ id: "a", priority, track: false, chord: { id: "chord", index: 1 }, deliveries: 1 });
    expect(plain(claimed.data)).toEqual(bytes("as it is now"));
  },

  "an item that waits for its time may be put in the place of a letter": async (context, expect) => {
    const storage = await context.open();
    await bury(storage, "a");
    expect(await storage.requeueDeadLetter("letter of a", item("a", { dueMs: 1000 }))).toEqual({});
    expect(ids(await storage.scheduled())).toEqual(["a"]);
    expect(await storage.endedOf(["a"])).toEqual([]);
  },

  "only the id of a letter puts it back or deletes it": async (context, expect) => {
    const storage = await context.open();
    await bury(storage, "a");
    expect(await storage.requeueDeadLetter("a", item("a"))).toBeUndefined();
    expect(await storage.deleteDeadLetter("a")).toBe(false);
    expect(await lettersOf(storage)).toEqual(["letter of a"]);
    expect(await storage.pendingCount()).toBe(0);
  },

  "what is put back comes to its gate": async (context, expect) => {
    const storage = await context.open();
    await bury(storage, "a");
    await storage.enqueue([gated("x"), gated("y")]);
    const requeued = (await storage.requeueDeadLetter("letter of a", gated("a", 2)))!;
    expect([admittedOf(requeued), blockedOf(requeued)]).toEqual([["y"], [0]]);
    expect(await places(storage)).toEqual({ queue: ["x", "y"], line: ["a"] });
    expect(await storage.deadLetterCount()).toBe(0);
  },

  "while another holds its unique key, a letter stays with everything": async (context, expect) => {
    const storage = await context.open();
    const unique = { key: "key", until: "end" as const };
    await bury(storage, "a");
    await storage.results.put("a", bytes("error"));
    await storage.enqueue([item("b", { unique })]);
    const requeued = await storage.requeueDeadLetter("letter of a", item("a", { unique }));
    expect([...requeued!.duplicates!]).toEqual([[0, "b"]]);
    expect((await storage.deadLetter("a"))?.id).toBe("letter of a");
    expect(await storage.results.has("a")).toBe(true);
    expect(await storage.state("a")).toMatchObject({ state: "failed" });
    expect(await drain(storage)).toEqual(["b"]);
    expect(await storage.requeueDeadLetter("letter of a", item("a", { unique }))).toEqual({});
    const [[position, holder]] = [...(await storage.enqueue([item("c", { unique })])).duplicates!] as [[number, string]];
    expect([position, holder]).toEqual([0, "a"]);
  },

  "of several that put a letter back one does": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await bury(one, "a");
    const put = await Promise.all(
      [one, other, one, other].map((storage, index) =>
        storage.requeueDeadLetter("letter of a", item("a", { steps: `${index}` }))
      ),
    );
    expect(put.filter((answer) => answer !== undefined)).toHaveLength(1);
    expect(await drain(one)).toEqual(["a"]);
    expect(await other.claimed(owner())).toEqual([]);
  },
};
