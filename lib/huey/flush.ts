/**
 * Deleting what a queue stores.
 * @module
 */
import type { Core } from "../core/core.ts";
import { checkOptions, rule, type Rules } from "../primitives/option_rules.ts";
import { FLUSH_PARTS, type FlushPart } from "../storage.ts";
import type { FlushOptions } from "../types/options.ts";

const PARTS = Object.fromEntries(FLUSH_PARTS.map((part) => [part, rule.boolean])) as Rules<FlushOptions>;

/** Deletes the parts that are named; without any argument everything. @throws {TypeError} If none is named, or there is no such part. */
export async function flushStorage({ storage }: Core, parts: FlushOptions | undefined): Promise<void> {
  await storage.flush(parts === undefined ? undefined : namedParts(parts));
}

function namedParts(options: FlushOptions): FlushPart[] {
  checkOptions<FlushOptions>(options, "flush", PARTS);
  const parts = FLUSH_PARTS.filter((part) => options[part]);
  // Whoever names nothing may have meant everything or nothing.
  if (parts.length === 0) {
    throw new TypeError("flush needs a part, as in flush({ results: true }); without an argument it deletes everything");
  }
  return parts;
}
