/** Cases of unique keys. @module */
import type { Enqueued, Item, UniqueKey } from "../../lib/storage.ts";
import type { Cases } from "./context.ts";
import { admittedOf, blockedOf, gated, places } from "./gates.ts";
import { bytes, claimOne, complete, drain, enqueueAndClaim, FAR_MS, ids, item, items, LONG_MS, owner } from "./helpers.ts";
import { STRANGE } from "./hostile.ts";

/** An item with a unique key. */
function unique(id: string, until: UniqueKey["until"] = "end", extra: Partial<Item> = {}): Item {
  return item(id, { unique: { key: "key", until }, ...extra });
}

/** Which positions were not written, and who stood in their way. */
function duplicatesOf(enqueued: Enqueued | undefined): [number, string][] {
  return [...enqueued?.duplicates ?? []].sort(([left], [right]) => left - right);
}

/** Holding, freeing, taking over. */
export const uniqueCases: Cases = {
  "while a key is held no other item with it is written": async (context, expect) => {
    const [one, other] = await context.openTwo();
    expect(await one.enqueue([unique("a")])).toEqual({});
    const enqueued = await other.enqueue([item("x"), unique("b"), item("y")]);
    expect(duplicatesOf(enqueued)).toEqual([[1, "a"]]);
    expect(ids(await one.pending())).toEqual(["a", "x", "y"]);
    expect(await one.state("b")).toBeUndefined();
  },

  "within a batch the first one holds the key": async (context, expect) => {
    const storage = await context.open();
    const enqueued = await storage.enqueue([unique("a"), unique("b"), item("x"), unique("c", "start")]);
    expect(duplicatesOf(enqueued)).toEqual([[1, "a"], [3, "a"]]);
    expect(ids(await storage.pending())).toEqual(["a", "x"]);
  },

  "a claim tells the key": async (context, expect) => {
    const storage = await context.open();
    for (const until of ["start", "end", 60_000] as const) {
      const key = { key: `key ${until}`, until };
      expect((await enqueueAndClaim(storage, `task ${until}`, { unique: key })).unique).toMatchObject(key);
    }
    expect((await enqueueAndClaim(storage, "free")).unique).toBeUndefined();
  },

  "keys are apart, whatever characters they have": async (context, expect) => {
    const storage = await context.open();
    const all = STRANGE.map((key, index) => item(`${index}`, { unique: { key, until: "end" } }));
    expect(duplicatesOf(await storage.enqueue(all))).toEqual([]);
    const again = await storage.enqueue(all.map((each) => ({ ...each, id: `other ${each.id}` })));
    expect(duplicatesOf(again)).toEqual(STRANGE.map((_, index) => [index, `${index}`]));
  },

  "of several at once one is written, and the others are told which": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const enqueued = await Promise.all(
      items("a", 20).map(({ id }, index) => (index % 2 ? one : other).enqueue([unique(id)])),
    );
    const [written] = ids(await one.pending());
    expect(await one.pendingCount()).toBe(1);
    const told = enqueued.flatMap((answer) => duplicatesOf(answer));
    expect(told).toEqual(Array.from({ length: 19 }, () => [0, written]));
  },

  "until the end: the key is held while the item waits, runs, and waits again": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const refused = async (): Promise<void> => expect(duplicatesOf(await other.enqueue([unique("b")]))).toEqual([[0, "a"]]);
    await one.enqueue([unique("a", "end", { dueMs: 1000 })]);
    await refused();
    await one.promoteDue(1);
    await refused();
    await one.release([await claimOne(one)]);
    await refused();
    await claimOne(one);
    await other.recover({ consumer: owner().consumer });
    await refused();
    const claimed = await claimOne(one);
    await refused();
    await one.settle(complete(claimed, { result: bytes("1") }));
    expect(await other.enqueue([unique("b")])).toEqual({});
    expect(duplicatesOf(await other.enqueue([unique("c")]))).toEqual([[0, "b"]]);
  },

  "until the end: each ending frees the key, a burial too": async (context, expect) => {
    const storage = await context.open();
    for (const ending of ["complete", "empty", "failed", "revoked", "expired", "canceled", "dead"] as const) {
      const claimed = await enqueueAndClaim(storage, ending, unique(ending));
      const bury = { id: "letter", kind: "unknown" as const, reason: "no", atMs: 1000, data: bytes("x"), taskId: ending };
      await storage.settle(complete(claimed, { ending, bury: ending === "dead" ? bury : undefined }));
    }
    expect(await storage.enqueue([unique("last")])).toEqual({});
  },

  "a settlement whose claim is not held frees no key": async (context, expect) => {
    const storage = await context.open();
    const claimed = await enqueueAndClaim(storage, "a", unique("a"));
    await storage.release([claimed]);
    expect((await storage.settle(complete(claimed))).held).toBe(false);
    expect((await storage.settle(complete(claimed, { again: true }))).held).toBe(false);
    expect(duplicatesOf(await storage.enqueue([unique("b")]))).toEqual([[0, "a"]]);
  },

  "until the start: the claim frees the key, for good": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.enqueue([unique("a", "start")]);
    expect(duplicatesOf(await other.enqueue([unique("b", "start")]))).toEqual([[0, "a"]]);
    const claimed = await claimOne(one);
    expect(await other.enqueue([unique("b", "start")])).toEqual({});
    await one.release([claimed]);
    expect(duplicatesOf(await one.enqueue([unique("c", "start")]))).toEqual([[0, "b"]]);
    await one.settle(complete(await claimOne(one)));
    expect(duplicatesOf(await one.enqueue([unique("c", "start")]))).toEqual([[0, "b"]]);
  },

  "until a time: only the time frees the key": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.enqueue([unique("long", 10 * LONG_MS)]);
    await one.enqueue([item("short", { unique: { key: "short", until: context.shortTtlMs } })]);
    await drain(one);
    expect(duplicatesOf(await other.enqueue([unique("b")]))).toEqual([[0, "long"]]);
    await context.outlive(context.shortTtlMs, async () => {
      const enqueued = await other.enqueue([item("c", { unique: { key: "short", until: "end" } })]);
      return duplicatesOf(enqueued).length === 0;
    });
    expect(duplicatesOf(await other.enqueue([unique("b")]))).toEqual([[0, "long"]]);
  },

  "an item of the same id takes the key over, and only it frees it then": async (context, expect) => {
    const storage = await context.open();
    const first = await enqueueAndClaim(storage, "a", unique("a"));
    expect(await storage.enqueue([unique("a"), unique("a")])).toEqual({});
    const [second, third] = [await claimOne(storage), await claimOne(storage)];
    await storage.settle(complete(first));
    await storage.settle(complete(second));
    expect(duplicatesOf(await storage.enqueue([unique("b")]))).toEqual([[0, "a"]]);
    await storage.settle(complete(third));
    expect(await storage.enqueue([unique("b")])).toEqual({});
  },

  "an item that is put in another's place takes its key over": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([unique("a")]);
    const from = (id: string): Item => item("b", { unique: { key: "key", until: "end", from: id } });
    expect(duplicatesOf(await storage.enqueue([from("c")]))).toEqual([[0, "a"]]);
    expect(await storage.enqueue([from("a")])).toEqual({});
    await storage.settle(complete(await claimOne(storage)));
    expect(duplicatesOf(await storage.enqueue([unique("d")]))).toEqual([[0, "b"]]);
    await storage.settle(complete(await claimOne(storage)));
    expect(await storage.enqueue([unique("d")])).toEqual({});
  },

  "the next attempt takes the key over": async (context, expect) => {
    const [one, other] = await context.openTwo();
    for (const dueMs of [undefined, 1000]) {
      const claimed = await enqueueAndClaim(one, "a", unique("a"));
      await one.settle({ claim: claimed, id: "a", noticeTtlMs: LONG_MS, next: unique("a", "end", { retry: true, dueMs }) });
      expect(duplicatesOf(await other.enqueue([unique("b")]))).toEqual([[0, "a"]]);
      await one.promoteDue(1);
      await one.settle(complete(await claimOne(one)));
    }
    expect(await other.enqueue([unique("b")])).toEqual({});
  },

  "the next attempt holds a key for the rest of its time": async (context, expect) => {
    const storage = await context.open();
    const until = context.shortTtlMs;
    const claimed = await enqueueAndClaim(storage, "a", unique("a", until));
    await storage.settle({ claim: claimed, id: "a", noticeTtlMs: LONG_MS, next: unique("a", until, { dueMs: FAR_MS }) });
    await context.outlive(until, async () => duplicatesOf(await storage.enqueue([unique("b")])).length === 0);
    expect(ids(await storage.pending())).toEqual(["b"]);
  },

  "the next attempt is enqueued whoever holds the key": async (context, expect) => {
    const storage = await context.open();
    const claimed = await enqueueAndClaim(storage, "a", unique("a", "start"));
    await storage.enqueue([unique("b", "start")]);
    const next = unique("a", "start", { retry: true });
    expect((await storage.settle({ claim: claimed, id: "a", noticeTtlMs: LONG_MS, next })).held).toBe(true);
    expect(ids(await storage.pending())).toEqual(["b", "a"]);
    expect(duplicatesOf(await storage.enqueue([unique("c", "start")]))).toEqual([[0, "b"]]);
    await storage.settle(complete(await claimOne(storage)));
    await storage.settle(complete(await claimOne(storage)));
    expect(await storage.enqueue([unique("c", "start")])).toEqual({});
  },

  "a next attempt without the key frees it": async (context, expect) => {
    const storage = await context.open();
    const claimed = await enqueueAndClaim(storage, "a", unique("a"));
    await storage.settle({ claim: claimed, id: "a", noticeTtlMs: LONG_MS, next: item("a") });
    expect(await storage.enqueue([unique("b")])).toEqual({});
  },

  "what is not written comes to no gate": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([gated("a"), gated("b"), unique("c")]);
    const enqueued = await storage.enqueue([gated("d", 9, { unique: { key: "key", until: "end" } })]);
    expect(duplicatesOf(enqueued)).toEqual([[0, "c"]]);
    expect([blockedOf(enqueued), admittedOf(enqueued)]).toEqual([[], []]);
    expect(await places(storage)).toEqual({ queue: ["a", "c"], line: ["b"] });
  },

  "an item that waits at a gate holds its key": async (context, expect) => {
    const storage = await context.open();
    const key = { unique: { key: "key", until: "start" as const } };
    await storage.enqueue([gated("a"), gated("b", 1, key)]);
    expect(duplicatesOf(await storage.enqueue([unique("c")]))).toEqual([[0, "b"]]);
    await storage.settle(complete(await claimOne(storage)));
    expect(duplicatesOf(await storage.enqueue([unique("c")]))).toEqual([[0, "b"]]);
    await claimOne(storage);
    expect(await storage.enqueue([unique("c")])).toEqual({});
  },

  "enqueueOnce asks for the key, and puts its own all the same": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([unique("a")]);
    expect(duplicatesOf(await storage.enqueueOnce("slot", LONG_MS, unique("b")))).toEqual([[0, "a"]]);
    await drain(storage);
    expect(await storage.enqueueOnce("slot", LONG_MS, unique("c"))).toBeUndefined();
    expect(await storage.enqueueOnce("next slot", LONG_MS, unique("c"))).toEqual({});
  },

  "a flush frees the keys of what it deletes": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const keyed = (id: string, extra: Partial<Item> = {}): Item => item(id, { unique: { key: id, until: "end" }, ...extra });
    await one.enqueue([keyed("running"), keyed("waiting"), gated("taken"), gated("blocked", 1, keyed("blocked"))]);
    await one.enqueue([
      item("timed", { unique: { key: "timed", until: 10 * LONG_MS } }),
      keyed("scheduled", { dueMs: FAR_MS }),
    ]);
    await claimOne(one);
    await other.flush(["queue"]);
    const again = ["running", "waiting", "blocked", "timed", "scheduled"].map((id) =>
      item(`other ${id}`, { unique: { key: id, until: "end" } })
    );
    expect(duplicatesOf(await one.enqueue(again))).toEqual([[4, "scheduled"]]);
    await other.flush(["schedule"]);
    expect(await one.enqueue([again[4]!])).toEqual({});
    await other.flush();
    expect(await one.enqueue(again.map((each) => ({ ...each, id: `third ${each.id}` })))).toEqual({});
  },
};
