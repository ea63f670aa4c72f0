/**
 * Options of a Huey, checked.
 * @module
 */
import { checkBoolean, checkKeys, checkName, checkNumber, checkOneOf, show } from "./arguments.ts";
import type { Settings } from "./core.ts";
import { ConfigurationError } from "./errors.ts";
import { checkLogger, defaultLogger } from "./logger.ts";
import { Serializer } from "./serializer.ts";
import { durationMs } from "./time.ts";
import type { HueyOptions, Logger, SerializerLike } from "./types/options.ts";

const DEFAULT_NAME = "huey";
const DEFAULT_MAX_DELIVERIES = 5;
const DEFAULT_COMPLETION_TTL_SECONDS = 60;

const BOOLEANS = [
  "results",
  "storeNone",
  "storeIntermediateErrors",
  "utc",
  "immediate",
  "immediateUseMemory",
  "compression",
  "useZlib",
  "trackState",
] as const;

/** Names of the options of every Huey. */
export const HUEY_KEYS: readonly string[] = [
  "name",
  "serializer",
  "delivery",
  "maxDeliveries",
  "completionTtl",
  "logger",
  "clock",
  ...BOOLEANS,
];

/** The name that options mean. */
export function hueyName(options: HueyOptions): string {
  const name = options.name ?? DEFAULT_NAME;
  checkName(name, "name");
  return name;
}

/**
 * The settings that options mean.
 * @throws {TypeError | RangeError} Naming the option, the value and the rule.
 */
export function hueySettings(options: HueyOptions): Settings {
  checkKeys(options, "Huey options", [...HUEY_KEYS, "storage"]);
  for (const key of BOOLEANS) checkBoolean(options[key], key);
  if (options.delivery !== undefined) checkOneOf(options.delivery, "delivery", ["at-least-once", "at-most-once"]);
  if (options.maxDeliveries !== undefined) checkNumber(options.maxDeliveries, "maxDeliveries", { min: 1, whole: true });
  return {
    name: hueyName(options),
    results: options.results ?? true,
    storeNone: options.storeNone ?? false,
    storeIntermediateErrors: options.storeIntermediateErrors ?? true,
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
  if (typeof serializer.serialize !== "function" || typeof serializer.deserialize !== "function") {
    throw new TypeError("serializer must have serialize and deserialize");
  }
  return serializer;
}

/** The logger that options mean. */
export function hueyLogger(options: HueyOptions): Logger {
  return options.logger === undefined ? defaultLogger() : checkLogger(options.logger);
}

/**
 * The arguments of a class such as `SqliteHuey`, apart: what is the Huey's, and what is the storage's.
 * @throws {TypeError} If the options are no object.
 * @throws {ConfigurationError} If they name it in another way.
 */
export function splitOptions<O extends object>(
  first: string | (HueyOptions & O) | undefined,
  second: (HueyOptions & O) | undefined,
): { readonly huey: HueyOptions; readonly storage: O & { name: string } } {
  const given = (typeof first === "string" ? second : first) ?? {} as HueyOptions & O;
  if (typeof given !== "object" || given === null) throw new TypeError(`Huey options must be an object: ${typeof given}`);
  if (typeof first === "string" && given.name !== undefined && given.name !== first) {
    throw new ConfigurationError(`The Huey has two names: ${show(first)} and ${show(given.name)}`);
  }
  const named = typeof first === "string" ? { ...given, name: first } : given;
  const entries = Object.entries(named);
  const huey = Object.fromEntries(entries.filter(([key]) => HUEY_KEYS.includes(key))) as HueyOptions;
  const storage = Object.fromEntries(entries.filter(([key]) => !HUEY_KEYS.includes(key))) as O;
  return { huey, storage: { ...storage, name: hueyName(huey), ...(huey.clock && { clock: huey.clock }) } };
}
