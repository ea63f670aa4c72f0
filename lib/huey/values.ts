/**
 * Values that an application stores under keys of its own, and what else is stored beside them.
 * @module
 */
import { placeOf, readKey } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { checkKey } from "../primitives/arguments.ts";
import { checkOptions, rule } from "../primitives/option_rules.ts";
import type { KeyValue } from "../storage.ts";

/** Stores a value. @throws {TypeError} For a wrong key, or a value that cannot be stored. */
export async function putValue(core: Core, key: string, value: unknown): Promise<void> {
  checkKey(key, "key");
  await core.storage.data.put(key, await encodeValue(core, key, value));
}

/** The same if there is none. @returns whether it was put */
export async function putValueIfEmpty(core: Core, key: string, value: unknown): Promise<boolean> {
  checkKey(key, "key");
  return await core.storage.data.putIfEmpty(key, await encodeValue(core, key, value));
}

/** Takes a value, or with `peek` reads it. @throws {TypeError} For a wrong key or option. */
export async function getValue(core: Core, key: string, options: { peek?: boolean }): Promise<unknown> {
  checkKey(key, "key");
  checkOptions<{ peek?: boolean }>(options, "get", { peek: rule.boolean });
  return (await readKey(core, "data", key, options.peek))?.value;
}

/** Deletes a value. @returns whether it was there */
export async function deleteValue(core: Core, key: string): Promise<boolean> {
  checkKey(key, "key");
  return await core.storage.data.delete(key);
}

function encodeValue(core: Core, key: string, value: unknown): Uint8Array | Promise<Uint8Array> {
  return core.serializer.serialize(value, placeOf(core, "value", key));
}

/** Results, values, locks and revocations by their keys, as they are stored. */
export async function allEntries(core: Core): Promise<Map<string, Uint8Array>> {
  const all = await Promise.all(storedSpaces(core).map((space) => space.entries()));
  return new Map(all.flatMap((entries) => [...entries]));
}

/** How many they are. */
export async function entryCount(core: Core): Promise<number> {
  const sizes = await Promise.all(storedSpaces(core).map((space) => space.size()));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** What callers see as one store; each space once, also where a storage keeps several of them together. */
function storedSpaces({ storage: { data, locks, revocations, results } }: Core): KeyValue[] {
  return [...new Set([data, locks, revocations, results])];
}
