/**
 * Settings, checked, and the Huey that they mean.
 * @module
 */
import { checkConsumerOptions } from "../consumer/options/options.ts";
import { checkBoolean, checkKeys, checkName, checkText, didYouMean, show } from "../lib/primitives/arguments.ts";
import { ConfigurationError } from "../lib/errors.ts";
import type { Huey } from "../lib/huey/huey.ts";
import { HUEY_KEYS } from "../lib/huey/options.ts";
import { rule } from "../lib/primitives/option_rules.ts";
import { type HueyClass, HUEYS, type KnownHuey } from "./hueys.ts";
import { redisConnection } from "./redis_connection.ts";
import type { Given } from "./settings.ts";

/** Settings that have nothing to do with the storage. */
const APPLICATION_KEYS = ["database", "consumer", "tasks", "ignore"];

/**
 * Makes the Huey that settings mean. Nothing is opened.
 *
 * @param settings Without a Huey.
 * @throws {TypeError | RangeError} For a setting that does not exist, or has a wrong value.
 * @throws {ConfigurationError} For settings that contradict each other.
 */
export function makeHuey(settings: Given): Huey {
  const { hueyClass = "RedisHuey", name = "huey", debug, immediate, connection = {} } = settings;
  checkBoolean(debug, "debug");
  checkBoolean(immediate, "immediate");
  checkName(name, "name");
  const known = knownOf(hueyClass);
  const own = known === undefined ? ["url", "blocking", "filename", "path", "expireTime"] : known.own;
  checkSettings(settings, own, hueyClass);
  rule.object(connection, "connection");
  const storage = known?.redis
    ? redisConnection(pick(settings, own), connection as Given, known.connection)
    : plainConnection(pick(settings, own), connection as Given, known?.connection);
  const huey = { ...pick(settings, HUEY_KEYS), immediate: immediate ?? debug ?? false };
  return new (known?.make ?? hueyClass as HueyClass)(name, { ...huey, ...storage } as never);
}

/**
 * Checks the settings that have nothing to do with the storage.
 *
 * @param settings All settings.
 * @throws {TypeError} For one that does not exist, or is no text where it must be.
 */
function checkApplication(settings: Given): void {
  const { consumer = {}, tasks = [], ignore = [] } = settings;
  checkConsumerOptions(consumer as object, "consumer", [], "consumer.");
  if (!Array.isArray(ignore)) throw new TypeError(`ignore must be a list of names: ${show(ignore)}`);
  for (const pattern of [tasks].flat()) checkText(pattern, "Each of tasks");
  for (const folder of ignore) checkText(folder, "Each of ignore");
}

/**
 * Checks the settings beside a Huey that is there already.
 *
 * @param settings All settings.
 * @throws {TypeError} For one that does not exist, or belongs to the Huey.
 */
export function checkInstance(settings: Given): void {
  checkKeys(settings, "Settings beside huey", ["huey", ...APPLICATION_KEYS]);
  checkApplication(settings);
}

function knownOf(hueyClass: unknown): KnownHuey | undefined {
  if (typeof hueyClass === "function") return undefined;
  const names = Object.keys(HUEYS);
  if (names.includes(hueyClass as string)) return HUEYS[hueyClass as string];
  const hint = typeof hueyClass === "string" ? didYouMean(hueyClass, names) : "";
  throw new TypeError(`hueyClass must be a class or one of ${names.join(", ")}, not ${show(hueyClass)}${hint}`);
}

function checkSettings(settings: Given, own: readonly string[], hueyClass: unknown): void {
  for (const [name, known] of Object.entries(HUEYS)) {
    const key = known.own.find((each) => settings[each] !== undefined && !own.includes(each));
    if (key !== undefined) throw new TypeError(`"${key}" is a setting for the hueyClass "${name}", not for ${show(hueyClass)}`);
  }
  const every = Object.values(HUEYS).flatMap((known) => known.own);
  checkKeys(settings, "Settings", ["hueyClass", "debug", "connection", ...every, ...APPLICATION_KEYS, ...HUEY_KEYS]);
  checkApplication(settings);
}

function plainConnection(own: Given, connection: Given, known: readonly string[] | undefined): Given {
  if (known !== undefined) checkKeys(connection, "connection", known);
  const twice = Object.keys(own).find((key) => connection[key] !== undefined);
  if (twice !== undefined) throw new ConfigurationError(`"${twice}" is given twice: beside connection and in it`);
  return { ...connection, ...own };
}

/** What is given of some keys. */
function pick(settings: Given, keys: readonly string[]): Given {
  return Object.fromEntries(Object.entries(settings).filter(([key, value]) => value !== undefined && keys.includes(key)));
}
