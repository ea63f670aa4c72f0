/**
 * The functions of tasks and calls that say which invocations belong together.
 * @module
 */
import { show } from "../primitives/arguments.ts";
import { toError } from "../primitives/error_record.ts";
import { travelingKey } from "../message/keys.ts";
import type { Message } from "../message/message.ts";
import type { TaskOptions } from "../types/definition.ts";

/** Makes a key of the arguments of a task. */
export type KeyFunction = (...args: unknown[]) => unknown;

/** The functions that options give. */
export interface KeyFunctions {
  readonly concurrency: KeyFunction | undefined;
  readonly unique: KeyFunction | undefined;
}

/** The functions that checked options give; `undefined` where they give none, as most do. */
export function keyFunctions({ concurrency, unique }: Pick<TaskOptions, "concurrency" | "unique">): KeyFunctions | undefined {
  const ofConcurrency = typeof concurrency === "object" ? concurrency.key : undefined;
  const ofUnique = typeof unique === "object" ? unique.key : undefined;
  return ofConcurrency === undefined && ofUnique === undefined ? undefined : { concurrency: ofConcurrency, unique: ofUnique };
}

/**
 * A message with the key of its concurrency, where the function is still to be asked.
 * @throws {TypeError} If the function throws, or gives no text.
 */
export function withConcurrencyKey(message: Message, keys: KeyFunctions | undefined): Message {
  const { concurrency } = message;
  if (typeof concurrency !== "object" || concurrency.key !== true) return message;
  if (keys?.concurrency === undefined) return { ...message, concurrency: concurrency.limit };
  return { ...message, concurrency: { limit: concurrency.limit, key: ask(keys.concurrency, message, "concurrency") } };
}

/**
 * A message with its unique key, where the function is still to be asked.
 * @throws {TypeError} If the function throws, or gives no text.
 */
export function withUniqueKey(message: Message, keys: KeyFunctions | undefined): Message {
  const { unique } = message;
  if (unique?.key !== true || keys?.unique === undefined) return message;
  return { ...message, unique: { ...unique, key: ask(keys.unique, message, "unique") } };
}

function ask(fn: KeyFunction, { name, args }: Message, option: string): string {
  let key: unknown;
  try {
    key = fn(...args);
  } catch (thrown) {
    const error = toError(thrown);
    throw new TypeError(`${option}.key of task ${name} failed: ${error.message}`, { cause: error });
  }
  if (typeof key !== "string") throw new TypeError(`${option}.key of task ${name} must return a string: ${show(key)}`);
  return travelingKey(key);
}
