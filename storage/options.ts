/**
 * Options of every storage.
 * @module
 */
import type { Clock } from "../lib/primitives/clock.ts";
import { checkOptions, rule, type Rules } from "../lib/primitives/option_rules.ts";

/** Options of every storage. */
export interface StorageOptions {
  /** Name of the queue; keeps several apart in one medium. Default "huey". */
  readonly name?: string;

  /** The time. Default: the machine's. For tests. */
  readonly clock?: Clock;
}

/** The rule for each of them. */
export const STORAGE_RULES: Rules<StorageOptions> = { name: rule.string, clock: rule.clock };

/**
 * The name that the options of a storage without further ones mean, which are checked.
 *
 * @param what The storage, for errors.
 * @throws {TypeError} For an unknown option, or a wrong value.
 */
export function storageName(options: StorageOptions, what: string): string {
  checkOptions<StorageOptions>(options, what, STORAGE_RULES);
  return options.name ?? "huey";
}
