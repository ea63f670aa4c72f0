/**
 * Deleting what a queue stores.
 * @module
 */
import type { Core } from "../core/core.ts";
import { checkOptions, rule, type Rules } from "../primitives/option_rules.ts";
import type { FlushPart } from "../storage.ts";
import type { FlushOptions } from "../types/options.ts";

const PARTS: Rules<FlushOptions> = {
  queue: rule.boolean,
  schedule: rule.boolean,
  results: rule.boolean,
  locks: rule.boolean,
  data: rule.boolean,
  revocations: rule.boolean,
  counters: rule.boolean,
  deadLetters: rule.boolean,
  stats: rule.boolean,
};

/** Deletes the parts that are named; without any argument everything. @throws {TypeError} If none is named, or there is no such part. */
export async function flushStorage({ storage }: Core, parts: FlushOptions | undefined): Promise<void> {
  await storage.flush(parts === undefined ? undefined : namedParts(parts));
}

function namedParts(options: FlushOptions): FlushPart[] {
  checkOptions<FlushOptions>(options, "flush", PARTS);
  const parts = (Object.keys(PARTS) as FlushPart[]).filter((part) => options[part]);
  // Whoever names nothing may have meant everything or nothing.
  if (parts.length === 0) {
    throw new TypeError("flush needs a part, as in flush({ results: true }); without an argument it deletes everything");
  }
  return parts;
}
