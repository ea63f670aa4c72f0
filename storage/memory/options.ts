/**
 * Options of the memory storage.
 * @module
 */
import { checkOptions, rule } from "../../lib/primitives/option_rules.ts";
import type { Clock } from "../../lib/primitives/clock.ts";

/** Options of `MemoryStorage`. */
export interface MemoryStorageOptions {
  /** Name of the queue. Default "huey". */
  readonly name?: string;
  /** The time. Default: the machine's. */
  readonly clock?: Clock;
}

/**
 * The name that options mean, which are checked.
 * @throws {TypeError} For an unknown option, or a wrong value.
 */
export function memoryName(options: MemoryStorageOptions): string {
  checkOptions<MemoryStorageOptions>(options, "A memory storage", { name: rule.string, clock: rule.clock });
  return options.name ?? "huey";
}
