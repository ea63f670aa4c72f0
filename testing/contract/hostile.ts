/** Cases of strange names and keys, large values and empty ones. @module */
import type { Cases } from "./context.ts";
import {
  bytes,
  claimOne,
  complete,
  drain,
  enqueueAndClaim,
  ids,
  item,
  items,
  LONG_MS,
  owner,
  peekText,
  plain,
  randomBytes,
  waitForEnd,
} from "./helpers.ts";

/** Keys that have a meaning somewhere: in file systems, in patterns, in SQL, in protocols, in JavaScript. */
export const STRANGE: readonly string[] = [
  "with space",
  "slash/and\\backslash",
  "../../escape",
  ".",
  "..",
  "",
  "a:b:c",
  "*",
  "k*y?[a-z]",
  "{tag}",
  "%00%2F",
  "nul\0inside",
  "line\r\nbreak",
  "quote'\"`;--",
  "ünïcödé 队列 🐝",
  "e\u0301",
  "\u00e9",
  "__proto__",
  "constructor",
  "KEY",
  "key",
  "~",
  "-",
  "a".repeat(10_000),
  "队".repeat(4000),
];

/** Everything that a name must not break. */
export const hostileCases: Cases = {
  "strange keys are kept apart": async (context, expect) => {
    const storage = await context.open();
    for (const space of [storage.data, storage.revocations, storage.meta]) {
      for (const [index, key] of STRANGE.entries()) await space.put(key, bytes(`${index}`));
      expect(await space.size()).toBe(STRANGE.length);
      for (const [index, key] of STRANGE.entries()) expect(await peekText(space, key)).toBe(`${index}`);
      expect([...(await space.entries()).keys()].sort()).toEqual([...STRANGE].sort());
      for (const key of STRANGE) expect(await space.delete(key)).toBe(true);
      expect(await space.size()).toBe(0);
    }
  },

  "strange keys of counters are kept apart": async (context, expect) => {
    const storage = await context.open();
    for (const [index, key] of STRANGE.entries()) expect(await storage.increment(key, index + 1)).toBe(index + 1);
    for (const [index, key] of STRANGE.entries()) expect(await storage.increment(key, 1)).toBe(index + 2);
  },

  "strange ids go all the way": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue(STRANGE.map((id) => item(id, { data: bytes("message") })));
    expect(ids(await storage.pending())).toEqual(STRANGE);
    const { claims } = await storage.claim(STRANGE.length, owner());
    expect(ids(claims)).toEqual(STRANGE);
    for (const claimed of claims) {
      expect((await storage.settle(complete(claimed, { result: bytes(claimed.id) }))).held).toBe(true);
      expect(await waitForEnd(storage, claimed.id, { timeoutMs: 0 })).toBe(true);
      expect(await storage.state(claimed.id)).toMatchObject({ state: "complete" });
      expect(await peekText(storage.results, claimed.id)).toBe(claimed.id);
    }
    expect(await storage.results.size()).toBe(STRANGE.length);
  },

  "strange ids are scheduled": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue(STRANGE.map((id, index) => item(id, { dueMs: 1000 + index })));
    expect(ids(await storage.scheduled())).toEqual(STRANGE);
    await storage.promoteDue(100);
    expect(await drain(storage)).toEqual(STRANGE);
  },

  "strange names of consumers and workers": async (context, expect) => {
    const storage = await context.open();
    for (const name of STRANGE) {
      await storage.renewLease({ consumer: name, ttlMs: LONG_MS, host: name, pid: 1 });
      await storage.enqueue([item(`of ${name}`)]);
      await claimOne(storage, { consumer: name, worker: name });
    }
    expect((await storage.leases()).map(({ host }) => host).sort()).toEqual([...STRANGE].sort());
    for (const name of STRANGE) {
      expect(ids(await storage.recover({ consumer: name, worker: name }))).toEqual([`of ${name}`]);
      await storage.endLease(name);
    }
    expect(await storage.leases()).toEqual([]);
  },

  "strange names of queues are kept apart": async (context, expect) => {
    const names = ["a/b", "a:b", "a*", "ünï 🐝", "{a}", "..", "a b", "A", "a"];
    for (const name of names) {
      const storage = await context.openExactly(name);
      expect(storage.name).toBe(name);
      await storage.flush();
      await storage.enqueue([item(`of ${name}`)]);
      await storage.data.put("name", bytes(name));
    }
    for (const name of names) {
      const storage = await context.openExactly(name);
      expect(await peekText(storage.data, "name")).toBe(name);
      expect(await drain(storage)).toEqual([`of ${name}`]);
    }
  },

  "strange chords and letters": async (context, expect) => {
    const storage = await context.open();
    for (const id of STRANGE) {
      const chords = [{ id, size: 1, callback: item(`callback of ${id}`) }];
      const chord = { id, index: 0, value: bytes(id) };
      const bury = { id, kind: "unreadable" as const, reason: id, atMs: 1000, data: bytes(id), taskName: id };
      await storage.settle(complete(await enqueueAndClaim(storage, "member"), { chords, chord, bury }));
      expect((await storage.collect(id)).values).toEqual([bytes(id)]);
      expect(await drain(storage)).toEqual([`callback of ${id}`]);
    }
    expect(await storage.deadLetterCount()).toBe(STRANGE.length);
    for (const id of STRANGE) expect(await storage.deleteDeadLetter(id)).toBe(true);
  },

  "every byte survives": async (context, expect) => {
    const storage = await context.open();
    const data = Uint8Array.from({ length: 512 }, (_, index) => index % 256);
    expect(plain((await enqueueAndClaim(storage, "a", { data })).data)).toEqual(data);
    await storage.data.put("key", data);
    expect(plain((await storage.data.peek("key"))!)).toEqual(data);
    expect(await storage.data.deleteIfEqual("key", data)).toBe(true);
  },

  "large messages and values survive": async (context, expect) => {
    const storage = await context.open();
    const large = randomBytes(5_000_000);
    const claimed = await enqueueAndClaim(storage, "a", { data: large });
    expect(Buffer.compare(claimed.data, large)).toBe(0);
    await storage.settle(complete(claimed, { result: large, enqueue: [item("next", { data: large })] }));
    expect(Buffer.compare((await storage.results.pop("a"))!, large)).toBe(0);
    expect(Buffer.compare((await claimOne(storage)).data, large)).toBe(0);
  },

  "an empty message is a message": async (context, expect) => {
    const storage = await context.open();
    const claimed = await enqueueAndClaim(storage, "a", { data: new Uint8Array() });
    expect(claimed.data).toHaveLength(0);
    await storage.settle(complete(claimed, { result: new Uint8Array() }));
    expect(await waitForEnd(storage, "a", { timeoutMs: 0 })).toBe(true);
    expect(await storage.results.pop("a")).toHaveLength(0);
  },

  "a large batch goes through": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue(items("a", 3000));
    expect(await storage.pendingCount()).toBe(3000);
    expect(ids(await storage.pending(2))).toEqual(["a0", "a1"]);
    const { claims } = await storage.claim(1000, owner());
    expect(ids(claims)).toEqual(ids(items("a", 1000)));
    await Promise.all(claims.map((claimed) => storage.settle(complete(claimed))));
    expect(ids(await storage.pending(1))).toEqual(["a1000"]);
  },
};
