/** Cases of opening and closing. @module */
import { StorageError } from "../../lib/errors.ts";
import type { Storage } from "../../lib/storage.ts";
import type { Cases } from "./context.ts";
import {
  bytes,
  claim,
  complete,
  enqueueAndClaim,
  ids,
  item,
  lease,
  LONG_MS,
  owner,
  peekText,
  rejection,
  underWay,
  waitDue,
  waitForEnd,
} from "./helpers.ts";

/** One call of each method. */
function everyCall(storage: Storage): (() => Promise<unknown>)[] {
  const settlement = { id: "a", noticeTtlMs: 0 };
  return [
    () => storage.enqueue([item("a")]),
    () => storage.enqueueOnce("key", 1000, item("a")),
    () => storage.claim(1, owner()),
    () => storage.settle(settlement),
    () => storage.release([]),
    () => storage.claimed(owner()),
    () => storage.renewLease(lease()),
    () => storage.endLease("consumer"),
    () => storage.leases(),
    () => storage.recover(),
    () => storage.promoteDue(1),
    () => waitDue(storage, 10),
    () => waitForEnd(storage, "a", { timeoutMs: 10 }),
    () => storage.state("a"),
    () => storage.increment("a", 1),
    () => storage.collect("a"),
    () => storage.pending(),
    () => storage.scheduled(),
    () => storage.pendingCount(),
    () => storage.scheduledCount(),
    () => storage.deadLetters(),
    () => storage.deadLetterCount(),
    () => storage.requeueDeadLetter("a", item("a")),
    () => storage.deleteDeadLetter("a"),
    () => storage.flush(),
    ...[storage.data, storage.revocations, storage.meta].flatMap((space) => [
      () => space.put("key", bytes("1")),
      () => space.peek("key"),
      () => space.peekMany(["key"]),
      () => space.pop("key"),
      () => space.delete("key"),
      () => space.has("key"),
      () => space.putIfEmpty("key", bytes("1")),
      () => space.deleteIfEqual("key", bytes("1")),
      () => space.replaceIfEqual("key", undefined, bytes("1")),
      () => space.size(),
      () => space.entries(),
      () => space.flush(),
    ]),
  ];
}

/** Opening and closing. */
export const closingCases: Cases = {
  "an instance that was never used can be closed": async (context, expect) => {
    const storage = await context.open();
    await storage.close();
    expect(await rejection(storage.pendingCount())).toBeInstanceOf(StorageError);
  },

  "closing twice, also at once, is no error": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([item("a")]);
    await Promise.all([storage.close(), storage.close()]);
    expect(await storage.close()).toBeUndefined();
  },

  "each call after closing rejects with a StorageError": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([item("a")]);
    await storage.close();
    const wrong: string[] = [];
    for (const call of everyCall(storage)) {
      const reason = await call().catch((error) => error);
      if (!(reason instanceof StorageError)) wrong.push(`${call} gave ${reason}`);
    }
    expect(wrong).toEqual([]);
  },

  "closing ends waits": async (context, expect) => {
    const storage = await context.open();
    const waits = [
      claim(storage, 1, { waitMs: LONG_MS }),
      waitDue(storage, LONG_MS),
      waitForEnd(storage, "a", { timeoutMs: LONG_MS }),
    ];
    const ended = Promise.allSettled(waits);
    await underWay(storage);
    await storage.close();
    const [claims, due, result] = await ended;
    if (claims!.status === "fulfilled") expect(claims!.value).toEqual([]);
    else expect(claims!.reason).toBeInstanceOf(StorageError);
    if (due!.status === "rejected") expect(due!.reason).toBeInstanceOf(StorageError);
    // Not true: nothing has ended.
    if (result!.status === "fulfilled") expect(result!.value).toBe(false);
    else expect(result!.reason).toBeInstanceOf(StorageError);
  },

  "closing one instance leaves the other one alone": async (context, expect) => {
    const [one, other] = await context.openTwo();
    if (one === other) return; // a storage of one isolate has one instance
    const claimed = await enqueueAndClaim(one, "a");
    await other.pendingCount();
    const found = claim(other, 1, { waitMs: LONG_MS });
    await one.settle(complete(claimed, { result: bytes("1"), enqueue: [item("next")] }));
    await one.close();
    expect(await peekText(other.results, "a")).toBe("1");
    expect(ids(await found)).toEqual(["next"]);
  },

  "closing writes what is under way": async (context, expect) => {
    const [one, other] = await context.openTwo();
    if (one === other) return; // what a storage of one isolate holds ends with it
    const claimed = await enqueueAndClaim(one, "a");
    const writes = Promise.all([one.settle(complete(claimed, { result: bytes("1") })), one.enqueue([item("b")])]);
    await one.close();
    expect((await writes)[0].held).toBe(true);
    expect(await peekText(other.results, "a")).toBe("1");
    expect(ids(await other.pending())).toEqual(["b"]);
  },

  "what was written is there for an instance that is opened later": async (context, expect) => {
    const one = await context.open();
    if (!one.shared) return; // what a storage of one isolate holds ends with it
    await one.enqueue([item("a"), item("later", { dueMs: context.clock.now() + LONG_MS })]);
    await one.data.put("key", bytes("value"));
    await one.close();
    const later = await context.open();
    expect(ids(await later.pending())).toEqual(["a"]);
    expect(ids(await later.scheduled())).toEqual(["later"]);
    expect(await peekText(later.data, "key")).toBe("value");
  },

  "a storage that is shared tells how another isolate opens it": async (context, expect) => {
    const storage = await context.open();
    if (storage.descriptor === undefined) return; // of one isolate, or made of what cannot be told in plain data
    const { module, className, options } = structuredClone(storage.descriptor);
    const Opened = (await import(module))[className] as new (options: unknown) => Storage;
    const opened = new Opened(options);
    try {
      expect(opened.name).toBe(storage.name);
      await storage.enqueue([item("a")]);
      expect(ids(await claim(opened, 1))).toEqual(["a"]);
    } finally {
      await opened.close();
    }
  },
};
