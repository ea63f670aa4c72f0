/**
 * The options of tasks and calls that travel in their messages. The table says of each what applications may give, what the message
 * says of it, and what may stand there in a message of anybody.
 * @module
 */
import type { Message, Meta } from "./message.ts";
import { checkConcurrency, checkUnique, concurrencyField, isConcurrencyField, isUniqueField, uniqueField } from "./keys.ts";
import { checkMeta, metaField } from "./meta.ts";
import { MAX_DURATION_MS, MAX_PRIORITY, MAX_RETRIES } from "../primitives/limits.ts";
import { type Rule, rule, type Rules } from "../primitives/option_rules.ts";
import { type Duration, durationMs, type Instant, instantMs, isInstant, plainDuration } from "../primitives/time.ts";
import type { CallOptions } from "../types/calling.ts";

/** The options of a call; those of a task are the same, without `meta`. */
export type CarriedOptions = Omit<CallOptions, "id">;

/** What a message says of them. */
export type CarriedFields = Pick<Message, keyof CarriedOptions>;

interface CarriedOption {
  /** Refuses what applications must not give. */
  readonly rule: Rule;
  /** As the message has it; `undefined` for what is usual, since most messages are a name, an id and arguments. */
  readonly toField: (value: unknown) => unknown;
  /** Whether a message may have it. */
  readonly isField: (value: unknown) => boolean;
}

const OPTIONS: { readonly [K in keyof CarriedOptions]-?: CarriedOption } = {
  retries: asGiven(rule.whole({ min: 0, max: MAX_RETRIES }), 0),
  retryDelay: inMs(0),
  retryBackoff: asGiven(rule.number({ min: 0 }), 0),
  retryJitter: asGiven(rule.number({ min: 0, max: 1 }), 0),
  retryMaxDelay: inMs(undefined),
  priority: asGiven(rule.number({ min: -MAX_PRIORITY, max: MAX_PRIORITY }), 0),
  // Also in messages as applications give it: follow-ups fix their expiry only when they are enqueued.
  expires: { ...asGiven(rule.moment(), undefined), toField: (value) => plainExpires(value as Duration | Instant) },
  timeout: inMs(0),
  delivery: asGiven(rule.oneOf("at-least-once", "at-most-once"), undefined),
  results: asGiven(rule.boolean, undefined),
  concurrency: {
    rule: checkConcurrency,
    toField: (value) => concurrencyField(value as Parameters<typeof concurrencyField>[0]),
    isField: isConcurrencyField,
  },
  unique: {
    rule: checkUnique,
    toField: (value) => uniqueField(value as Parameters<typeof uniqueField>[0]),
    isField: isUniqueField,
  },
  meta: { ...asGiven(checkMeta, undefined), toField: (value) => metaField(value as Meta) },
};
const NAMES = Object.keys(OPTIONS) as (keyof CarriedOptions)[];

/** The rule of each option. */
export const CARRIED_RULES: Rules<CarriedOptions> = each("rule") as Rules<CarriedOptions>;

/** The check of each field. */
export const CARRIED_CHECKS: Readonly<Record<keyof CarriedOptions, (value: unknown) => boolean>> = each("isField");

/** The fields of options that were checked, for those that are given. What is usual is there too, as `undefined`. */
export function carriedFields(options: CarriedOptions): CarriedFields {
  const fields: Record<string, unknown> = {};
  for (const name of NAMES) {
    if (options[name] !== undefined) fields[name] = OPTIONS[name].toField(options[name]);
  }
  return fields;
}

function each<K extends keyof CarriedOption>(part: K): Record<keyof CarriedOptions, CarriedOption[K]> {
  return Object.fromEntries(NAMES.map((name) => [name, OPTIONS[name][part]])) as Record<keyof CarriedOptions, CarriedOption[K]>;
}

function asGiven(rule: Rule, usual: unknown): CarriedOption {
  return { rule, toField: (value) => value === usual ? undefined : value, isField: (value) => passes(rule, value) };
}

function inMs(usual: number | undefined): CarriedOption {
  const toField = (value: unknown): number | undefined => {
    const ms = durationMs(value as Duration, "A length of time");
    return ms === usual ? undefined : ms;
  };
  const isMs = rule.number({ min: 0, max: MAX_DURATION_MS });
  return { rule: rule.duration(), toField, isField: (value) => passes(isMs, value) };
}

function passes(rule: Rule, value: unknown): boolean {
  try {
    rule(value, "field");
    return true;
  } catch {
    return false;
  }
}

/** Plain data: a serializer of the application may know no dates. */
function plainExpires(expires: Duration | Instant): Duration | Instant {
  return isInstant(expires) ? { epochMilliseconds: instantMs(expires, "expires") } : plainDuration(expires);
}
