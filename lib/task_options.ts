/**
 * Options of tasks and calls, checked before anything is stored.
 * @module
 */
import { checkBoolean, checkKeys, checkName, checkNumber, checkOneOf } from "./arguments.ts";
import { ConfigurationError } from "./errors.ts";
import type { Defaults, Definition } from "./registry.ts";
import { durationMs, type Instant, instantMs, isInstant, LAST_DATE_MS, optionalDurationMs, plainDuration } from "./time.ts";
import type { CallOptions, RevokeOptions, When } from "./types/calling.ts";
import type { ContextTaskOptions, PeriodicTaskOptions, TaskOptions } from "./types/definition.ts";
import type { LockOptions, RateLimitOptions } from "./types/limits.ts";

const SHARED_KEYS = [
  "retries",
  "retryDelay",
  "retryBackoff",
  "retryJitter",
  "retryMaxDelay",
  "priority",
  "expires",
  "timeout",
  "delivery",
] as const;
const TASK_KEYS = ["name", "context", "lock", "rateLimit", ...SHARED_KEYS] as const;
const CALL_KEYS = ["id", "delay", "eta", ...SHARED_KEYS] as const;
const LOCK_KEYS = ["ttl", "slots"] as const;
const RATE_KEYS = ["limit", "per", "retry", "algorithm"] as const;

/** What a kind of task takes beside the options of every task. */
export const EXTRA_KEYS = {
  task: [],
  periodic: ["missed", "missedWindow"],
  context: ["asArgument"],
} as const;

/** Options of any kind of task. */
export type AnyTaskOptions = TaskOptions & Partial<PeriodicTaskOptions> & Partial<ContextTaskOptions>;

/**
 * Checks the options of a task.
 * @returns the options in milliseconds, with their defaults
 * @throws {TypeError | RangeError} Naming the option, the value and the rule.
 */
export function taskDefaults(options: AnyTaskOptions, extra: readonly string[]): Defaults {
  checkKeys(options, "Task options", [...TASK_KEYS, ...extra]);
  checkBoolean(options.context, "context");
  const call = callOverrides(pick(options));
  return {
    retries: call.retries ?? 0,
    retryDelayMs: call.retryDelayMs ?? 0,
    retryBackoff: call.retryBackoff ?? 0,
    retryJitter: call.retryJitter ?? 0,
    retryMaxDelayMs: call.retryMaxDelayMs,
    priority: call.priority ?? 0,
    expires: call.expires,
    timeoutMs: call.timeoutMs,
    delivery: call.delivery,
  };
}

/** What a call changes of the task's own options; `undefined` leaves them. */
export type Overrides = { readonly [K in keyof Defaults]?: Defaults[K] | undefined } & {
  readonly id?: string | undefined;
  readonly etaMs?: number | undefined;
};

/**
 * Checks the options of one call.
 * @throws {TypeError | RangeError} Naming the option, the value and the rule.
 * @throws {ConfigurationError} If both delay and eta are given.
 */
export function callOverrides(options: CallOptions & Partial<Record<keyof When, unknown>>): Overrides {
  checkKeys(options, "Call options", CALL_KEYS);
  if (options.id !== undefined) checkName(options.id, "id");
  if (options.retries !== undefined) checkNumber(options.retries, "retries", { min: 0, whole: true });
  if (options.retryBackoff !== undefined) checkNumber(options.retryBackoff, "retryBackoff", { min: 0 });
  if (options.retryJitter !== undefined) checkNumber(options.retryJitter, "retryJitter", { min: 0, max: 1 });
  if (options.priority !== undefined) checkNumber(options.priority, "priority");
  if (options.delivery !== undefined) checkOneOf(options.delivery, "delivery", ["at-least-once", "at-most-once"]);
  return {
    id: options.id,
    retries: options.retries,
    retryDelayMs: optionalDurationMs(options.retryDelay, "retryDelay"),
    retryBackoff: options.retryBackoff,
    retryJitter: options.retryJitter,
    retryMaxDelayMs: optionalDurationMs(options.retryMaxDelay, "retryMaxDelay"),
    priority: options.priority,
    expires: checkExpires(options.expires),
    timeoutMs: optionalDurationMs(options.timeout, "timeout"),
    delivery: options.delivery,
    etaMs: etaMs(options as Partial<When>),
  };
}

/**
 * The time that `delay` or `eta` means; `undefined` without either.
 * @throws {ConfigurationError} If both are given.
 */
export function etaMs(when: Partial<When>): number | undefined {
  if (when.delay !== undefined && when.eta !== undefined) throw new ConfigurationError("Give either delay or eta, not both");
  if (when.eta !== undefined) return instantMs(when.eta, "eta");
  if (when.delay === undefined) return undefined;
  return checkDate(Date.now() + durationMs(when.delay, "delay", { negative: true }), "delay");
}

/** When an invocation expires: a duration counts from the eta, else from now. */
export function expiresAtMs(expires: TaskOptions["expires"], eta: number | undefined): number | undefined {
  if (expires === undefined) return undefined;
  if (isInstant(expires)) return instantMs(expires, "expires");
  const lifeMs = durationMs(expires, "expires");
  // A task still runs in the millisecond in which it expires; 0 means at once all the same.
  return checkDate(Math.max(eta ?? 0, Date.now()) + (lifeMs === 0 ? -1 : lifeMs), "expires");
}

/** The lock of a task, checked. */
export function checkLock(lock: TaskOptions["lock"]): Definition["lock"] {
  if (lock === undefined) return undefined;
  const given = typeof lock === "string" ? { name: lock } : lock;
  checkKeys(given, "lock", ["name", ...LOCK_KEYS]);
  checkName(given.name, "lock.name");
  checkLockOptions(given);
  return given;
}

/** @throws {TypeError | RangeError} Naming the option, the value and the rule. */
export function checkLockOptions(options: LockOptions): void {
  if (options.slots !== undefined) checkNumber(options.slots, "slots", { min: 1, whole: true });
  const ttl = optionalDurationMs(options.ttl, "ttl");
  if (ttl === 0) throw new RangeError("ttl must be more than 0: the lock would end at once");
}

/** The rate limit of a task, checked; its name defaults to the task's. */
export function checkTaskRateLimit(limit: TaskOptions["rateLimit"], taskName: string): Definition["rateLimit"] {
  if (limit === undefined) return undefined;
  checkKeys(limit, "rateLimit", ["name", ...RATE_KEYS]);
  const named = { ...limit, name: limit.name ?? taskName };
  checkName(named.name, "rateLimit.name");
  checkRateLimitOptions(named);
  return named;
}

/** @throws {TypeError | RangeError} Naming the option, the value and the rule. */
export function checkRateLimitOptions(options: RateLimitOptions): void {
  checkNumber(options.limit, "limit", { min: 0, whole: true });
  if (options.per === undefined) {
    throw new TypeError("per must be given: the length of a window, a number of seconds or { minutes: 1 }");
  }
  if (durationMs(options.per, "per") === 0) throw new RangeError("per must be more than 0");
  checkBoolean(options.retry, "retry");
  if (options.algorithm !== undefined) checkOneOf(options.algorithm, "algorithm", ["fixed", "sliding", "token-bucket"]);
}

/** @throws {TypeError | RangeError} Naming the option, the value and the rule. */
export function checkRevokeOptions(options: RevokeOptions): void {
  checkKeys(options, "Revoke options", ["once", "until"]);
  checkBoolean(options.once, "once");
  if (options.until !== undefined) instantMs(options.until, "until");
}

function checkDate(ms: number, name: string): number {
  if (Math.abs(ms) > LAST_DATE_MS) throw new RangeError(`${name} ends after the last date that there is`);
  return ms;
}

function checkExpires(expires: TaskOptions["expires"]): TaskOptions["expires"] {
  if (expires === undefined) return undefined;
  if (!isInstant(expires)) {
    durationMs(expires, "expires");
    return plainDuration(expires);
  }
  // Plain data: a serializer of the application may know no dates.
  return { epochMilliseconds: instantMs(expires as Instant, "expires") };
}

function pick(options: AnyTaskOptions): CallOptions {
  return Object.fromEntries(SHARED_KEYS.filter((key) => options[key] !== undefined).map((key) => [key, options[key]]));
}
