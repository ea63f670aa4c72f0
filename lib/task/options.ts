/**
 * Options of tasks and calls, checked before anything is stored.
 * @module
 */
import { checkName, show } from "../primitives/arguments.ts";
import { ConfigurationError } from "../errors.ts";
import { MAX_LOCK_SLOTS } from "../primitives/limits.ts";
import { checkOptions, rule, type Rules } from "../primitives/option_rules.ts";
import type { Definition } from "./registry.ts";
import { CARRIED_RULES, type CarriedFields, carriedFields } from "../message/carried_options.ts";
import type { Message } from "../message/message.ts";
import { durationMs, instantMs, isInstant, LAST_DATE_MS } from "../primitives/time.ts";
import type { CallOptions, RevokeOptions, When } from "../types/calling.ts";
import type { ContextTaskOptions, PeriodicTaskOptions, TaskOptions } from "../types/definition.ts";
import type { LockOptions, RateLimitOptions } from "../types/limits.ts";
import type { RescheduleOptions } from "../types/results.ts";

const CALL: Rules<AnyCallOptions> = {
  ...CARRIED_RULES,
  id: rule.name,
  delay: rule.duration({ negative: true }),
  eta: rule.instant,
};

const { meta: _ofCalls, ...SHARED_RULES } = CARRIED_RULES;

/** The options of every task. */
export const TASK_RULES: Rules<TaskOptions> = {
  ...SHARED_RULES,
  name: rule.name,
  context: rule.boolean,
  lock: checkLock,
  rateLimit: checkTaskRateLimit,
};

const LOCK: Rules<LockOptions> = {
  ttl: rule.duration({ positive: "the lock would end at once" }),
  slots: rule.whole({ min: 1, max: MAX_LOCK_SLOTS }),
};

const RATE_LIMIT: Rules<RateLimitOptions> = {
  limit: rule.whole({ min: 0 }),
  per: rule.duration({ positive: true }),
  retry: rule.boolean,
  algorithm: rule.oneOf("fixed", "sliding", "token-bucket"),
};

/** What a kind of task takes beside the options of every task. */
export const EXTRA_RULES: {
  readonly task: object;
  readonly periodic: Rules<Pick<PeriodicTaskOptions, "missed" | "missedWindow">>;
  readonly context: Rules<Pick<ContextTaskOptions, "asArgument">>;
} = {
  task: {},
  periodic: { missed: rule.oneOf("skip", "once", "all"), missedWindow: rule.duration() },
  context: { asArgument: rule.boolean },
};

/** Options of one call, and when it is due. */
export type AnyCallOptions = CallOptions & Partial<Record<keyof When, unknown>>;

/** Options of any kind of task. */
export type AnyTaskOptions = TaskOptions & Partial<PeriodicTaskOptions> & Partial<ContextTaskOptions>;

/**
 * Checks the options of a task.
 * @returns what its messages say of them
 * @throws {TypeError | RangeError} Naming the option, the value and the rule.
 */
export function taskFields(options: AnyTaskOptions, extra: object): CarriedFields {
  checkOptions<object>(options, "A task", { ...TASK_RULES, ...extra });
  return carriedFields(options);
}

/** What a call says of its message, in place of what its task says; what is not there is left. */
export type CallFields = CarriedFields & Partial<Pick<Message, "id" | "eta">>;

/**
 * Checks the options of one call.
 *
 * @param nowMs From when a delay counts.
 * @throws {TypeError | RangeError} Naming the option, the value and the rule.
 * @throws {ConfigurationError} If both delay and eta are given.
 */
export function callFields(options: AnyCallOptions, nowMs: number): CallFields {
  checkOptions<AnyCallOptions>(options, "A call", CALL);
  const { id } = options;
  const eta = etaMs(options as Partial<When>, nowMs);
  return { ...carriedFields(options), ...(id === undefined ? {} : { id }), ...(eta === undefined ? {} : { eta }) };
}

/**
 * The time that `delay` or `eta` means; `undefined` without either.
 * @throws {ConfigurationError} If both are given.
 */
function etaMs(when: Partial<When>, nowMs: number): number | undefined {
  if (when.delay !== undefined && when.eta !== undefined) throw new ConfigurationError("Give either delay or eta, not both");
  if (when.eta !== undefined) return instantMs(when.eta, "eta");
  if (when.delay === undefined) return undefined;
  return checkDate(nowMs + durationMs(when.delay, "delay", { negative: true }), "delay");
}

/** When an invocation expires: a duration counts from the eta, else from its enqueue. */
export function expiresAtMs(expires: TaskOptions["expires"], eta: number | undefined, nowMs: number): number | undefined {
  if (expires === undefined) return undefined;
  if (isInstant(expires)) return instantMs(expires, "expires");
  const lifeMs = durationMs(expires, "expires");
  // A task still runs in the millisecond in which it expires; 0 means at once all the same.
  return checkDate(Math.max(eta ?? 0, nowMs) + (lifeMs === 0 ? -1 : lifeMs), "expires");
}

/** The lock of a task. */
export function lockOf(lock: TaskOptions["lock"]): Definition["lock"] {
  if (lock === undefined) return undefined;
  if (typeof lock === "string") return { name: lock, options: {} };
  const { name, ...options } = lock;
  return { name, options };
}

/** The rate limit of a task; its name defaults to the task's. */
export function rateLimitOf(limit: TaskOptions["rateLimit"], taskName: string): Definition["rateLimit"] {
  if (limit === undefined) return undefined;
  const { name = taskName, ...options } = limit;
  return { name, options };
}

/** @throws {TypeError | RangeError} Naming the option, the value and the rule. */
export function checkLockOptions(options: LockOptions): void {
  checkOptions<LockOptions>(options, "A lock", LOCK);
}

/** @throws {TypeError | RangeError} Naming the option, the value and the rule. */
export function checkRateLimitOptions(options: RateLimitOptions): void {
  checkOptions<RateLimitOptions>(options, "A rate limit", RATE_LIMIT);
  refuseIncomplete(options, "");
}

/** @throws {TypeError | RangeError} Naming the option, the value and the rule. */
export function checkRevokeOptions(options: RevokeOptions): void {
  checkOptions<RevokeOptions>(options, "A revocation", { once: rule.boolean, until: rule.instant });
}

/** @throws {TypeError | RangeError} Naming the option, the value and the rule. */
export function checkReschedule(options: RescheduleOptions): void {
  const { delay, eta, priority, expires } = CALL;
  checkOptions<RescheduleOptions>(options, "reschedule", { delay, eta, priority, expires, preservePipeline: rule.boolean });
}

function checkLock(value: unknown, name: string): void {
  if (typeof value === "string") return checkName(value, `${name}.name`);
  if (typeof value !== "object") throw new TypeError(`${name} must be a name, or an object with a name: ${show(value)}`);
  checkOptions<{ name?: string } & LockOptions>(value, name, { name: rule.name, ...LOCK }, `${name}.`);
  checkName(value.name, `${name}.name`);
}

function checkTaskRateLimit(value: unknown, name: string): void {
  checkOptions<{ name?: string } & RateLimitOptions>(value, name, { name: rule.name, ...RATE_LIMIT }, `${name}.`);
  refuseIncomplete(value, `${name}.`);
}

function refuseIncomplete(limit: Partial<RateLimitOptions>, prefix: string): void {
  if (limit.limit === undefined) {
    throw new TypeError(`${prefix}limit must be given: how many calls are let through in each window`);
  }
  if (limit.per === undefined) {
    throw new TypeError(`${prefix}per must be given: the length of a window, a number of seconds or { minutes: 1 }`);
  }
}

function checkDate(ms: number, name: string): number {
  if (Math.abs(ms) > LAST_DATE_MS) throw new RangeError(`${name} ends after the last date that there is`);
  return ms;
}
