/**
 * Options of a Huey, checked.
 * @module
 */
import { checkKeys, checkName, isOptions, show } from "../primitives/arguments.ts";
import type { Settings } from "../core/core.ts";
import { ConfigurationError } from "../errors.ts";
import { checkLogger, defaultLogger } from "../observe/logger.ts";
import { checkOptions, rule, type Rules } from "../primitives/option_rules.ts";
import { Serializer } from "../serializer/serializer.ts";
import { type Duration, durationMs } from "../primitives/time.ts";
import type { HueyOptions, Logger, SerializerLike } from "../types/options.ts";

const DEFAULT_NAME = "huey";
const DEFAULT_MAX_DELIVERIES = 5;
const DEFAULT_COMPLETION_TTL_SECONDS = 60;
const DEFAULT_RESULT_TTL: Duration = { days: 7 };
const DEFAULT_FAILED_COUNT = 10_000;
const DEFAULT_FAILED_AGE: Duration = { days: 7 };

const RULES: Rules<HueyOptions> = {
  name: rule.name,
  results: rule.boolean,
  resultTtl: rule.ttl,
  storeNone: rule.boolean,
  storeIntermediateErrors: rule.boolean,
  keepFailed: checkKeepFailed,
  utc: rule.boolean,
  immediate: rule.boolean,
  immediateUseMemory: rule.boolean,
  serializer: checkSerializer,
  compression: rule.boolean,
  useZlib: rule.boolean,
  delivery: rule.oneOf("at-least-once", "at-most-once"),
  maxDeliveries: rule.whole({ min: 1 }),
  trackState: rule.boolean,
  completionTtl: rule.duration(),
  logger: (value) => void checkLogger(value as Logger),
  stats: rule.boolean,
  clock: rule.clock,
};

/** Names of the options of every Huey. */
export const HUEY_KEYS: readonly string[] = Object.keys(RULES);

/** The name that options mean. */
function hueyName(options: HueyOptions): string {
  // Not `??`: who gives null means some queue, and not the default one.
  const { name = DEFAULT_NAME } = options;
  checkName(name, "name");
  return name;
}

/**
 * The settings that options mean.
 * @throws {TypeError | RangeError} Naming the option, the value and the rule.
 */
export function hueySettings(options: HueyOptions): Settings {
  checkOptions<HueyOptions & { storage?: unknown }>(options, "A Huey", { ...RULES, storage: rule.any });
  return {
    name: hueyName(options),
    results: options.results ?? true,
    resultTtlMs: resultTtlMs(options.resultTtl ?? DEFAULT_RESULT_TTL),
    storeNone: options.storeNone ?? false,
    storeIntermediateErrors: options.storeIntermediateErrors ?? false,
    keepFailed: keptFailed(options.keepFailed ?? {}),
    utc: options.utc ?? true,
    delivery: options.delivery ?? "at-least-once",
    maxDeliveries: options.maxDeliveries ?? DEFAULT_MAX_DELIVERIES,
    trackState: options.trackState ?? true,
    completionTtlMs: durationMs(options.completionTtl ?? DEFAULT_COMPLETION_TTL_SECONDS, "completionTtl"),
  };
}

/**
 * The serializer that options mean.
 * @throws {ConfigurationError} If a serializer is given together with compression.
 */
export function hueySerializer(options: HueyOptions): SerializerLike {
  const { serializer, compression, useZlib } = options;
  if (serializer === undefined) return new Serializer({ compression: compression ?? false, useZlib: useZlib ?? false });
  if (compression || useZlib) throw new ConfigurationError("Give either serializer or compression: compress in the serializer");
  return serializer;
}

function checkSerializer(serializer: unknown): void {
  const { serialize, deserialize } = (serializer ?? {}) as Partial<SerializerLike>;
  if (typeof serialize === "function" && typeof deserialize === "function") return;
  // Its properties are not shown: a secret may be among them.
  throw new TypeError(`serializer must have serialize and deserialize, as new Serializer() has: got ${typeof serializer}`);
}

const KEEP_FAILED: Rules<Exclude<HueyOptions["keepFailed"], false | undefined>> = {
  count: rule.whole({ min: 1 }),
  age: rule.duration({ positive: "keepFailed: false keeps none" }),
};

function checkKeepFailed(value: unknown, name: string): void {
  if (value === false) return;
  if (!isOptions(value)) throw new TypeError(`${name} must be false, or an object with count and age: ${show(value)}`);
  checkOptions(value, name, KEEP_FAILED, `${name}.`);
}

function keptFailed(keepFailed: Exclude<HueyOptions["keepFailed"], undefined>): Settings["keepFailed"] {
  if (keepFailed === false) return undefined;
  const { count = DEFAULT_FAILED_COUNT, age = DEFAULT_FAILED_AGE } = keepFailed;
  return { count, ageMs: durationMs(age, "keepFailed.age") };
}

function resultTtlMs(ttl: Duration | "forever"): number | undefined {
  return ttl === "forever" ? undefined : durationMs(ttl, "resultTtl");
}

/** The logger that options mean. */
export function hueyLogger(options: HueyOptions): Logger {
  return options.logger === undefined ? defaultLogger(hueyName(options)) : checkLogger(options.logger);
}

/**
 * The arguments of a class such as `SqliteHuey`, apart: what is the Huey's, and what is the storage's.
 *
 * @param of Name of the class, for errors.
 * @param own Names of the options of its storage.
 * @param args As given: options, or a name and options.
 * @throws {TypeError} If the options are no object, or one of them is unknown.
 * @throws {ConfigurationError} If they name it in another way.
 */
export function splitOptions<O extends object>(
  of: string,
  own: readonly string[],
  args: readonly [first?: string | (HueyOptions & O), second?: HueyOptions & O],
): { readonly huey: HueyOptions; readonly storage: O & { name: string } } {
  const [first, second] = args;
  const given = typeof first === "string" ? second : first;
  if (typeof first !== "string" && second !== undefined) {
    throw new TypeError(`${of} takes options, or a name and options: ${show(first)}, ${show(second)}`);
  }
  const options = given === undefined ? {} as HueyOptions & O : given;
  refuseExpireTime(options, of, own);
  checkKeys(options, of, [...HUEY_KEYS, ...own]);
  if (typeof first === "string" && options.name !== undefined && options.name !== first) {
    throw new ConfigurationError(`The Huey has two names: ${show(first)} and ${show(options.name)}`);
  }
  const named = typeof first === "string" ? { ...options, name: first } : options;
  const entries = Object.entries(named);
  const huey = Object.fromEntries(entries.filter(([key]) => HUEY_KEYS.includes(key))) as HueyOptions;
  const storage = Object.fromEntries(entries.filter(([key]) => !HUEY_KEYS.includes(key))) as O;
  return { huey, storage: { ...storage, name: hueyName(huey), ...(huey.clock && { clock: huey.clock }) } };
}

/** Somebody who gives it to another class wants results to end: that has another name there. */
function refuseExpireTime(options: unknown, of: string, own: readonly string[]): void {
  if (own.includes("expireTime") || (options as { expireTime?: unknown } | null)?.expireTime === undefined) return;
  throw new TypeError(`${of} has no option "expireTime", which is that of RedisExpireHuey: results end after resultTtl here`);
}
