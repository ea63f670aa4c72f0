/** Options of every Huey and every storage: unknown names, and values of a wrong type or out of range. @module */
import { describe, expect, test } from "bun:test";
import {
  BlackHoleHuey,
  BlackHoleStorage,
  ConfigurationError,
  FileHuey,
  FileStorage,
  type Huey,
  MemoryHuey,
  MemoryStorage,
  PriorityRedisExpireHuey,
  PriorityRedisExpireStorage,
  PriorityRedisHuey,
  PriorityRedisStorage,
  RedisExpireHuey,
  RedisExpireStorage,
  RedisHuey,
  RedisStorage,
  SqliteHuey,
  SqliteStorage,
} from "../../mod.ts";
import { coreOf } from "../../lib/core/core.ts";
import { failure, refusal } from "../helpers.ts";

// deno-lint-ignore no-explicit-any -- wrong options on purpose
type AnyClass = new (...args: any[]) => unknown;
type Options = Record<string, unknown>;

const FILE = { path: "/nowhere/at/all" };
const EXPIRING = [RedisExpireHuey, RedisExpireStorage, PriorityRedisExpireHuey, PriorityRedisExpireStorage];
const REDIS = [RedisHuey, RedisStorage, PriorityRedisHuey, PriorityRedisStorage, ...EXPIRING];
const HUEYS: readonly (readonly [AnyClass, Options])[] = [
  [MemoryHuey, {}],
  [BlackHoleHuey, {}],
  [SqliteHuey, {}],
  [FileHuey, FILE],
  ...REDIS.filter((Class) => Class.name.endsWith("Huey")).map((Class) => [Class, {}] as const),
];
const ALL: readonly (readonly [AnyClass, Options])[] = [
  ...HUEYS,
  [MemoryStorage, {}],
  [BlackHoleStorage, {}],
  [SqliteStorage, {}],
  [FileStorage, FILE],
  ...REDIS.filter((Class) => Class.name.endsWith("Storage")).map((Class) => [Class, {}] as const),
];

function refused(Class: AnyClass, options: Options, ...words: (string | RegExp)[]): Promise<Error> {
  return refusal(() => void new Class(options), ...words);
}

test.each(ALL.map(([Class, needed]) => [Class.name, Class, needed] as const))(
  "%s refuses what it does not know",
  async (_name, Class, needed) => {
    await refused(Class, { ...needed, colour: 1 }, "colour");
    await refused(Class, { ...needed, nmae: "x" }, "nmae", '"name"');
    await refused(Class, { ...needed, name: 5 }, "name", "5");
    await refused(Class, { ...needed, name: null }, "name", "null");
    for (const wrong of [null, 5, true, [], () => {}, Promise.resolve({})]) await refusal(() => void new Class(wrong));
  },
);

describe.each(HUEYS.map(([Class, needed]) => [Class.name, Class, needed] as const))("%s", (_name, Class, needed) => {
  test.each([
    [{ resultz: false }, "results"],
    [{ maxDeliveries: 1e20 }, "at most"],
    [{ result_ttl: 5 }, "resultTtl"],
    [{ storage: {} }, "storage"],
    [{ results: "no" }, "true or false"],
    [{ resultTtl: 0 }, "forever"],
    [{ resultTtl: -1 }, "negative"],
    [{ resultTtl: "always" }, "forever"],
    [{ resultTtl: 604_800_000_000_000 }, "seconds"],
    [{ completionTtl: "60" }, "seconds"],
    [{ maxDeliveries: "5" }, "number"],
    [{ logger: "console" }, "methods"],
    [{ serializer: {} }, "serialize"],
  ])("refuses %j", async (options, word) => {
    await refused(Class, { ...needed, ...options }, Object.keys(options)[0]!, word);
    await refusal(() => void new Class("named", { ...needed, ...options }), word);
  });
  test("refuses a second argument that is not taken", async () => {
    await refusal(() => void new Class(needed, {}), "a name and options");
    expect((await failure(() => void new Class("a", { ...needed, name: "b" }))).message).toContain("two names");
    await refusal(() => void new Class(""), "name must not be empty");
  });
});

test.each(([
  [[SqliteHuey, SqliteStorage], { fsinc: true }, "fsync"],
  [[SqliteHuey, SqliteStorage], { file: "a.db" }, "filename"],
  [[SqliteHuey, SqliteStorage], { fsync: "yes" }, "true or false"],
  [[SqliteHuey, SqliteStorage], { fsync: null }, "true or false"],
  [[SqliteHuey, SqliteStorage], { filename: 5 }, "string"],
  [[SqliteHuey, SqliteStorage], { cacheMb: "8" }, "number"],
  [[SqliteHuey, SqliteStorage], { cacheMb: 0 }, "more than 0"],
  [[SqliteHuey, SqliteStorage], { journalMode: 5 }, "string"],
  [[SqliteHuey, SqliteStorage], { timeout: 1e13 }, "seconds"],
  [[SqliteHuey, SqliteStorage], { pragmas: new Map([["mmap_size", 0]]) }, "object"],
  [[SqliteHuey, SqliteStorage], { pragmas: Promise.resolve({}) }, "await it"],
  [[SqliteHuey, SqliteStorage], { strictFifo: 1 }, "true or false"],
  [[FileHuey, FileStorage], { ...FILE, pathh: "x" }, '"path"'],
  [[FileHuey, FileStorage], { ...FILE, fsync: "yes" }, "true or false"],
  [[FileHuey, FileStorage], { ...FILE, levels: "2" }, "number"],
  [[FileHuey, FileStorage], { ...FILE, levels: 5 }, "from 0 to 4"],
  [[FileHuey, FileStorage], { path: 5 }, "string"],
  [REDIS, { hosts: "redis.internal" }, '"host"'],
  [REDIS, { host: 5 }, "string"],
  [REDIS, { host: "redis://user:password@redis.internal" }, "a URL is given as url"],
  [REDIS, { host: "user:password@redis.internal" }, "host must be a name or an address"],
  [REDIS, { port: "6379" }, "number"],
  [REDIS, { port: 0 }, "from 1 to 65535"],
  [REDIS, { db: -1 }, "at least 0"],
  [REDIS, { db: 1.5 }, "whole"],
  [REDIS, { db: "1" }, "number"],
  [REDIS, { blocking: "no" }, "true or false"],
  [REDIS, { readTimeout: 0 }, "more than 0"],
  [REDIS, { username: 5 }, "string"],
  [REDIS, { clientName: 5 }, "string"],
  [REDIS, { clientOptions: "tls" }, "object"],
  [REDIS, { clientOptions: new Map() }, "object"],
  [REDIS, { clientOptions: Promise.resolve({}) }, "await it"],
  [REDIS, { db: 1e20 }, "at most"],
  [EXPIRING, { expireTime: 0 }, "forever"],
  [EXPIRING, { expireTime: -5 }, "negative"],
  [EXPIRING, { expireTime: "1h" }, "forever"],
] as [AnyClass[], Options, string][]).map((
  [classes, options, word],
) => [classes[0]!.name, options, word, classes]))(
  "%s and its like refuse %j",
  async (_names, options, word, classes) => {
    for (const Class of classes) await refused(Class, options, word);
  },
);

test("a password or a URL of a wrong type is not shown", async () => {
  for (const Class of REDIS) {
    for (const options of [{ password: 31_337 }, { url: { password: 31_337 } }]) {
      const { message } = await refused(Class, options, Object.keys(options)[0]!, "must be a string");
      expect(message).not.toContain("31337");
    }
  }
});

describe("how long results stay", () => {
  const ttlMs = (huey: Huey) => coreOf(huey)!.settings.resultTtlMs;

  test("seven days, unless resultTtl says otherwise", () => {
    expect(ttlMs(new MemoryHuey())).toBe(604_800_000);
    expect(ttlMs(new MemoryHuey({ resultTtl: 90 }))).toBe(90_000);
    expect(ttlMs(new RedisHuey({ resultTtl: { hours: 1 } }))).toBe(3_600_000);
    expect(ttlMs(new MemoryHuey({ resultTtl: "forever" }))).toBe(undefined);
  });
  test("the classes whose results expire have the name expireTime for it, and a day as its default", async () => {
    for (const Class of [RedisExpireHuey, PriorityRedisExpireHuey]) {
      expect(ttlMs(new Class())).toBe(86_400_000);
      expect(ttlMs(new Class({ expireTime: 60 }))).toBe(60_000);
      expect(ttlMs(new Class("named", { resultTtl: 60 }))).toBe(60_000);
      expect(ttlMs(new Class({ expireTime: "forever" }))).toBe(undefined);
      expect(new Class({ resultTtl: 60 }).storage.descriptor?.options).toMatchObject({ expireTime: 60 });
      const error = await failure(() => void new Class({ expireTime: 60, resultTtl: 60 }));
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error.message).toContain("either expireTime or resultTtl");
    }
  });
  test("elsewhere expireTime is refused with the other name", async () => {
    for (const [Class, needed] of HUEYS.filter(([each]) => !(EXPIRING as AnyClass[]).includes(each))) {
      await refused(Class, { ...needed, expireTime: 60 }, "expireTime", "resultTtl");
    }
  });
});
