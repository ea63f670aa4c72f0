/** Cases of keys and values; they run for `data`, `revocations` and `meta`. @module */
import { Buffer } from "node:buffer";
import type { KeyValue } from "../../lib/storage.ts";
import type { Cases, Context } from "./context.ts";
import { bytes, LONG_MS, peekText, text } from "./helpers.ts";

/** A name space, as two instances see it. */
export interface KeyValueSubject {
  readonly context: Context;
  readonly space: KeyValue;
  readonly sameSpace: KeyValue;
}

/** Keys and values. */
export const keyValueCases: Cases<KeyValueSubject> = {
  "what is put can be read, by another instance too": async ({ space, sameSpace }, expect) => {
    await space.put("key", bytes("value"));
    expect(await peekText(sameSpace, "key")).toBe("value");
    expect(await sameSpace.has("key")).toBe(true);
    expect(await sameSpace.size()).toBe(1);
  },

  "what is not there reads as undefined": async ({ space }, expect) => {
    expect(await space.peek("key")).toBeUndefined();
    expect(await space.pop("key")).toBeUndefined();
    expect(await space.has("key")).toBe(false);
    expect(await space.delete("key")).toBe(false);
    expect(await space.size()).toBe(0);
    expect(await space.entries()).toEqual(new Map());
  },

  "put replaces": async ({ space }, expect) => {
    await space.put("key", bytes("old"));
    await space.put("key", bytes("new"));
    expect(await peekText(space, "key")).toBe("new");
    expect(await space.size()).toBe(1);
  },

  "pop reads and deletes": async ({ space, sameSpace }, expect) => {
    await space.put("key", bytes("value"));
    expect(text(await sameSpace.pop("key"))).toBe("value");
    expect(await space.pop("key")).toBeUndefined();
    expect(await space.has("key")).toBe(false);
  },

  "pop gives a value to one only": async ({ space, sameSpace }, expect) => {
    await space.put("key", bytes("value"));
    const popped = await Promise.all([space, sameSpace, space, sameSpace].map((one) => one.pop("key")));
    expect(popped.filter((value) => value !== undefined)).toHaveLength(1);
  },

  "delete tells whether something was there": async ({ space }, expect) => {
    await space.put("key", bytes("value"));
    expect(await space.delete("key")).toBe(true);
    expect(await space.delete("key")).toBe(false);
  },

  "peekMany keeps the order of the keys": async ({ space }, expect) => {
    await space.put("a", bytes("1"));
    await space.put("c", bytes("3"));
    const values = await space.peekMany(["c", "b", "a", "c"]);
    expect(values.map(text)).toEqual(["3", undefined, "1", "3"]);
    expect(await space.peekMany([])).toEqual([]);
    expect(await space.size()).toBe(2);
  },

  "putIfEmpty puts once": async ({ space, sameSpace }, expect) => {
    const put = await Promise.all([
      space.putIfEmpty("key", bytes("1")),
      sameSpace.putIfEmpty("key", bytes("2")),
      space.putIfEmpty("key", bytes("3")),
      sameSpace.putIfEmpty("key", bytes("4")),
    ]);
    expect(put.filter(Boolean)).toHaveLength(1);
    expect(await peekText(space, "key")).toBe(["1", "2", "3", "4"][put.indexOf(true)]);
    await space.delete("key");
    expect(await space.putIfEmpty("key", bytes("5"))).toBe(true);
  },

  "deleteIfEqual deletes only what is equal": async ({ space }, expect) => {
    expect(await space.deleteIfEqual("key", bytes("value"))).toBe(false);
    await space.put("key", bytes("value"));
    for (const other of ["valuf", "valu", "values", "", "VALUE"]) {
      expect(await space.deleteIfEqual("key", bytes(other))).toBe(false);
    }
    expect(await peekText(space, "key")).toBe("value");
    expect(await space.deleteIfEqual("key", bytes("value"))).toBe(true);
    expect(await space.has("key")).toBe(false);
  },

  "replaceIfEqual replaces what is as expected": async ({ space }, expect) => {
    expect(await space.replaceIfEqual("key", bytes("old"), bytes("new"))).toBe(false);
    expect(await space.has("key")).toBe(false);
    expect(await space.replaceIfEqual("key", undefined, bytes("first"))).toBe(true);
    expect(await space.replaceIfEqual("key", undefined, bytes("second"))).toBe(false);
    expect(await space.replaceIfEqual("key", bytes("other"), bytes("second"))).toBe(false);
    expect(await peekText(space, "key")).toBe("first");
    expect(await space.replaceIfEqual("key", bytes("first"), bytes("second"))).toBe(true);
    expect(await peekText(space, "key")).toBe("second");
  },

  "replaceIfEqual lets one of several win": async ({ space, sameSpace }, expect) => {
    await space.put("key", bytes("start"));
    const attempts = Array.from(
      { length: 8 },
      (_, index) => (index % 2 ? space : sameSpace).replaceIfEqual("key", bytes("start"), bytes(`won ${index}`)),
    );
    const won = await Promise.all(attempts);
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await peekText(space, "key")).toBe(`won ${won.indexOf(true)}`);
  },

  "an empty value is a value": async ({ space }, expect) => {
    await space.put("key", new Uint8Array());
    expect(await space.has("key")).toBe(true);
    expect(await space.peek("key")).toHaveLength(0);
    expect(await space.size()).toBe(1);
    expect(await space.putIfEmpty("key", bytes("1"))).toBe(false);
    expect(await space.replaceIfEqual("key", undefined, bytes("1"))).toBe(false);
    expect(await space.deleteIfEqual("key", new Uint8Array())).toBe(true);
    await space.put("key", new Uint8Array());
    expect(await space.pop("key")).toHaveLength(0);
  },

  "entries lists all": async ({ space }, expect) => {
    for (let index = 0; index < 25; index++) await space.put(`key ${index}`, bytes(`${index}`));
    const entries = await space.entries();
    expect(entries.size).toBe(25);
    for (let index = 0; index < 25; index++) expect(text(entries.get(`key ${index}`))).toBe(`${index}`);
  },

  "an entry ends when its time has passed": async ({ context, space }, expect) => {
    const ttlMs = context.shortTtlMs;
    await space.put("short", bytes("1"), ttlMs);
    await space.put("long", bytes("2"), 10 * LONG_MS);
    await space.put("for good", bytes("3"));
    expect(await peekText(space, "short")).toBe("1");
    await context.outlive(ttlMs, async () => !await space.has("short"));
    expect(await space.peek("short")).toBeUndefined();
    expect(await space.pop("short")).toBeUndefined();
    expect(await space.delete("short")).toBe(false);
    expect(await space.peekMany(["short", "long"])).toEqual([undefined, bytes("2")]);
    expect(await space.size()).toBe(2);
    expect([...(await space.entries()).keys()].sort()).toEqual(["for good", "long"]);
  },

  "an entry that has ended is as good as none": async ({ context, space }, expect) => {
    const ttlMs = context.shortTtlMs;
    for (const key of ["a", "b", "c"]) await space.put(key, bytes("old"), ttlMs);
    await context.outlive(ttlMs, async () => await space.size() === 0);
    expect(await space.deleteIfEqual("a", bytes("old"))).toBe(false);
    expect(await space.replaceIfEqual("b", bytes("old"), bytes("new"))).toBe(false);
    expect(await space.replaceIfEqual("b", undefined, bytes("new"))).toBe(true);
    expect(await space.putIfEmpty("c", bytes("new"))).toBe(true);
    expect(await space.size()).toBe(2);
  },

  "a new value has its own time": async ({ context, space }, expect) => {
    const ttlMs = context.shortTtlMs;
    await space.put("replaced", bytes("old"), ttlMs);
    await space.put("replaced", bytes("new"));
    await space.put("exchanged", bytes("old"), ttlMs);
    await space.replaceIfEqual("exchanged", bytes("old"), bytes("new"), 10 * LONG_MS);
    await space.put("witness", bytes("1"), ttlMs);
    await context.outlive(ttlMs, async () => !await space.has("witness"));
    expect(await peekText(space, "replaced")).toBe("new");
    expect(await peekText(space, "exchanged")).toBe("new");
  },

  "conditional puts take a time to live": async ({ context, space }, expect) => {
    const ttlMs = context.shortTtlMs;
    await space.putIfEmpty("put", bytes("1"), { ttlMs });
    await space.replaceIfEqual("replaced", undefined, bytes("1"), ttlMs);
    expect(await space.size()).toBe(2);
    await context.outlive(ttlMs, async () => await space.size() === 0);
    expect(await space.putIfEmpty("put", bytes("2"), { ttlMs: LONG_MS })).toBe(true);
  },

  "flush empties this space only": async ({ context, space }, expect) => {
    const storage = await context.open();
    const all = [storage.data, storage.revocations, storage.meta];
    for (const one of all) await one.put("key", bytes("value"));
    await space.flush();
    expect(await space.size()).toBe(0);
    expect(await space.has("key")).toBe(false);
    const sizes = await Promise.all(all.map((one) => one.size()));
    expect(sizes.sort()).toEqual([0, 1, 1]);
  },

  "bytes of the caller may change afterwards": async ({ space }, expect) => {
    const value = bytes("before");
    // The slice of a Buffer shares its bytes.
    const buffer = Buffer.from("before");
    await Promise.all([space.put("key", value), space.put("other", buffer)]);
    value.fill(0);
    buffer.fill(0);
    expect(await peekText(space, "key")).toBe("before");
    expect(await peekText(space, "other")).toBe("before");
  },
};
