/** Cases of the queue: order, batches, listings. @module */
import { Buffer } from "node:buffer";
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
  items,
  LONG_MS,
  owner,
  plain,
} from "./helpers.ts";

/** Order, batches, listings, flush. */
export const queueCases: Cases = {
  "an empty queue hands out nothing": async (context, expect) => {
    const storage = await context.open();
    expect(await claim(storage, 5)).toEqual([]);
    expect(await storage.pendingCount()).toBe(0);
    expect(await storage.pending()).toEqual([]);
  },

  "items come out in the order in which they went in": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue(items("a", 3));
    await storage.enqueue([item("b0")]);
    await storage.enqueue(items("c", 2));
    expect(await drain(storage)).toEqual(["a0", "a1", "a2", "b0", "c0", "c1"]);
  },

  "another instance sees the same queue": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.enqueue([item("a")]);
    await other.enqueue([item("b")]);
    expect(await one.pendingCount()).toBe(2);
    expect(ids(await claim(other, 2))).toEqual(["a", "b"]);
  },

  "queues of different names are apart": async (context, expect) => {
    const one = await context.open("first");
    const other = await context.open("second");
    await one.enqueue([item("a"), item("later", { dueMs: context.clock.now() + LONG_MS })]);
    await one.data.put("key", bytes("value"));
    await one.increment("count", 1);
    expect(await other.pendingCount()).toBe(0);
    expect(await other.scheduledCount()).toBe(0);
    expect(await other.data.has("key")).toBe(false);
    expect(await other.increment("count", 0)).toBe(0);
    await other.flush();
    expect(await one.pendingCount()).toBe(1);
    expect(await one.data.has("key")).toBe(true);
  },

  "one name may begin with another": async (context, expect) => {
    const short = await context.open("app");
    const long = await context.open("app:queue");
    await long.enqueue([item("a")]);
    await long.data.put("key", bytes("value"));
    await short.flush();
    expect(await short.data.size()).toBe(0);
    expect(await long.pendingCount()).toBe(1);
    expect(await long.data.size()).toBe(1);
  },

  "an empty batch changes nothing": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([]);
    expect(await storage.pendingCount()).toBe(0);
  },

  "a batch may go to the queue and the schedule": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([item("now"), item("later", { dueMs: context.clock.now() + LONG_MS }), item("too")]);
    expect(ids(await storage.pending())).toEqual(["now", "too"]);
    expect(ids(await storage.scheduled())).toEqual(["later"]);
  },

  "several items may carry the same id": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([item("same", { data: bytes("1") }), item("same", { data: bytes("2") })]);
    const claims = await claim(storage, 5);
    expect(claims.map(({ id, data }) => [id, new TextDecoder().decode(data)])).toEqual([["same", "1"], ["same", "2"]]);
    expect((await storage.settle(complete(claims[0]!))).held).toBe(true);
    expect(ids(await storage.claimed(owner()))).toEqual(["same"]);
  },

  "pending lists in claim order, up to a limit, and takes nothing": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue(items("a", 12));
    expect(ids(await storage.pending(3))).toEqual(["a0", "a1", "a2"]);
    expect(ids(await storage.pending(0))).toEqual([]);
    expect(ids(await storage.pending())).toEqual(ids(items("a", 12)));
    expect(await storage.pendingCount()).toBe(12);
  },

  "pending tells what was enqueued": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([item("a", { retry: true, track: false })]);
    const [listed] = await storage.pending();
    expect(listed).toMatchObject({ id: "a", data: bytes("data of a"), priority: 0, retry: true, track: false });
  },

  "claimed items are not pending": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue(items("a", 3));
    await claimOne(storage);
    expect(await storage.pendingCount()).toBe(2);
    expect(ids(await storage.pending())).toEqual(["a1", "a2"]);
  },

  "bytes of the caller may change afterwards": async (context, expect) => {
    const storage = await context.open();
    const data = bytes("before");
    // The slice of a Buffer shares its bytes.
    const buffer = Buffer.from("before");
    await storage.enqueue([item("a", { data }), item("b", { data: buffer })]);
    data.fill(0);
    buffer.fill(0);
    for (const _ of ["a", "b"]) expect(plain((await claimOne(storage)).data)).toEqual(bytes("before"));
  },

  "a part of a larger buffer is stored without the rest": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([item("a", { data: bytes("xxmiddlexx").subarray(2, 8) })]);
    expect(plain((await claimOne(storage)).data)).toEqual(bytes("middle"));
  },

  "check accepts an ordinary item": async (context, expect) => {
    const storage = await context.open();
    expect(() => storage.check(item("a", { dueMs: context.clock.now() }))).not.toThrow();
    expect(await storage.pendingCount()).toBe(0);
  },

  "flush deletes everything of this name": async (context, expect) => {
    const storage = await context.open();
    const held = await enqueueAndClaim(storage, "held");
    await storage.enqueue([item("a"), item("later", { dueMs: context.clock.now() + LONG_MS })]);
    for (const space of [storage.data, storage.revocations, storage.meta]) await space.put("key", bytes("value"));
    await storage.increment("count", 5);
    await storage.flush();
    expect(await storage.pendingCount()).toBe(0);
    expect(await storage.scheduledCount()).toBe(0);
    for (const space of [storage.data, storage.revocations, storage.meta]) expect(await space.size()).toBe(0);
    expect(await storage.increment("count", 1)).toBe(1);
    expect((await storage.settle(complete(held))).held).toBe(false);
    expect(await storage.claimed(owner())).toEqual([]);
    expect(await storage.state("a")).toBeUndefined();
  },

  "a flushed queue works on": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue(items("a", 3));
    await storage.flush();
    await storage.enqueue(items("b", 2));
    expect(await drain(storage)).toEqual(["b0", "b1"]);
  },
};
