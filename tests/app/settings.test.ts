import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { huey as proxy, type HueyClass, type Settings } from "../../app/mod.ts";
import { currentApplication, defineConfig } from "../../app/application.ts";
import { forgetApplication } from "./_forget.ts";
import { redisConnection } from "../../app/redis_connection.ts";
import { HUEYS } from "../../app/hueys.ts";
import { checkConsumerOptions, optionOf, OPTIONS } from "../../consumer/options/options.ts";
import { coreOf } from "../../lib/core/core.ts";
import { ConfigurationError, FileHuey, Huey, MemoryHuey, MemoryStorage, RedisHuey, SqliteHuey } from "../../mod.ts";
import { failure, silent } from "../helpers.ts";

const refusal = async (settings: unknown): Promise<string> => {
  const error = await failure(() => defineConfig(settings as Settings));
  expect([TypeError, RangeError, ConfigurationError].some((kind) => error instanceof kind)).toBe(true);
  return error.message;
};

/** How it ended: the kind of error, as the names in the message differ. */
const outcomeOf = async (work: () => unknown): Promise<string> => {
  try {
    await work();
    return "fine";
  } catch (error) {
    return (error as Error).name;
  }
};

const VARIABLES = ["HUEY_URL", "REDIS_URL"];
let saved: (string | undefined)[] = [];
beforeEach(() => {
  saved = VARIABLES.map((name) => process.env[name]);
  for (const name of VARIABLES) delete process.env[name];
});
afterEach(() => {
  for (const [index, name] of VARIABLES.entries()) {
    delete process.env[name];
    if (saved[index] !== undefined) process.env[name] = saved[index];
  }
  forgetApplication();
});

describe("defineConfig()", () => {
  test("without settings means Redis on this machine", () => {
    const huey = defineConfig();
    expect(huey).toBeInstanceOf(RedisHuey);
    expect([huey.name, huey.results, huey.storeNone, huey.immediate, huey.utc]).toEqual(["huey", true, false, false, true]);
    expect(currentApplication()).toMatchObject({ consumer: {}, ignore: [], tasks: undefined, database: undefined });
  });

  test("makes each class by its name", () => {
    const folder = mkdtempSync(join(tmpdir(), "huey-settings-"));
    for (const [name, { make }] of Object.entries(HUEYS)) {
      const place = name === "FileHuey" ? { path: folder } : {};
      const huey = defineConfig({ hueyClass: name, name: "app", ...place } as Settings);
      expect(huey).toBeInstanceOf(make);
      expect(huey.name).toBe("app");
    }
    rmSync(folder, { recursive: true });
  });

  test("takes every option of a Huey", () => {
    const lines: string[] = [];
    const huey = defineConfig({
      hueyClass: "MemoryHuey",
      name: "all",
      results: false,
      storeNone: true,
      storeIntermediateErrors: false,
      utc: false,
      immediate: true,
      immediateUseMemory: false,
      compression: true,
      delivery: "at-most-once",
      maxDeliveries: 2,
      trackState: false,
      completionTtl: { minutes: 1 },
      logger: { ...silent, warn: (line) => void lines.push(line) },
    });
    expect([huey.name, huey.results, huey.storeNone, huey.utc, huey.immediate]).toEqual(["all", false, true, false, true]);
    const { settings, logger } = coreOf(huey)!;
    logger.warn("mine", {});
    expect(settings).toMatchObject({ delivery: "at-most-once", maxDeliveries: 2, trackState: false, completionTtlMs: 60_000 });
    expect(lines).toEqual(["mine"]);
  });

  test("debug means immediate, unless immediate is given", () => {
    const immediate = (settings: object): boolean => defineConfig({ hueyClass: "MemoryHuey", ...settings }).immediate;
    expect(immediate({ debug: true })).toBe(true);
    expect(immediate({ debug: true, immediate: false })).toBe(false);
    expect(immediate({ debug: false, immediate: true })).toBe(true);
    expect(immediate({})).toBe(false);
  });

  test("immediateUseMemory: false runs in the call, on the live storage", async () => {
    const folder = mkdtempSync(join(tmpdir(), "huey-settings-"));
    const filename = join(folder, "live.db");
    await using huey = defineConfig({ hueyClass: "SqliteHuey", filename, debug: true, immediateUseMemory: false });
    const add = huey.task("add", (a: number, b: number) => a + b);
    const result = await add(1, 2);
    await using other = new SqliteHuey({ filename });
    expect(await other.result(result.id)).toBe(3);
    await huey.close();
    await other.close();
    rmSync(folder, { recursive: true });
  });

  test("the storage's options are beside or in connection", () => {
    const settings = {
      hueyClass: "SqliteHuey",
      connection: { filename: ":memory:", cacheMb: 1, mode: 0o640, pragmas: { mmap_size: 0 } },
    } as const;
    expect(defineConfig(settings)).toBeInstanceOf(SqliteHuey);
    const path = mkdtempSync(join(tmpdir(), "huey-settings-"));
    expect(defineConfig({ hueyClass: "FileHuey", connection: { path, levels: 0, mode: 0o770 } })).toBeInstanceOf(FileHuey);
    rmSync(path, { recursive: true });
  });

  test("takes a Huey, alone or with settings beside it", () => {
    const huey = new MemoryHuey("mine");
    expect(defineConfig(huey)).toBe(huey);
    expect(defineConfig({ huey, consumer: { workers: 3 }, tasks: "jobs/*.ts", ignore: ["legacy"] })).toBe(huey);
    expect(currentApplication()).toMatchObject({ consumer: { workers: 3 }, tasks: ["jobs/*.ts"], ignore: ["legacy"] });
    expect(proxy.name).toBe("mine");
    expect(proxy).toBeInstanceOf(MemoryHuey);
  });

  test("takes a class, which gets the name and the options", () => {
    const seen: unknown[] = [];
    class MyHuey extends Huey {
      constructor(name: string, options: object) {
        super({ name, storage: (name) => new MemoryStorage({ name }) });
        seen.push(options);
      }
    }
    const hueyClass: HueyClass = MyHuey;
    expect(defineConfig({ hueyClass, name: "own", url: "x:1", connection: { a: 1 } })).toBeInstanceOf(MyHuey);
    expect(seen).toEqual([{ name: "own", url: "x:1", a: 1, immediate: false }]);
  });
});

describe("wrong settings", () => {
  test("an unknown key suggests the right one", async () => {
    expect(await refusal({ nmae: "x" })).toBe('Settings has no option "nmae": did you mean "name"?');
    expect(await refusal({ huey_class: "RedisHuey" })).toContain('did you mean "hueyClass"?');
    expect(await refusal({ consumer: { worker_type: "thread" } })).toBe(
      'consumer has no option "worker_type": did you mean "workerType"?',
    );
    expect(await refusal({ connection: { hots: "x" } })).toBe('connection has no option "hots": did you mean "host"?');
    expect(await refusal({ connection: { connection_pool: {} } })).toContain('did you mean "pool"?');
    expect(await refusal({ connection: { read_timeout: 1 } })).toContain('did you mean "readTimeout"?');
    expect(await refusal({ hueyClass: "SqliteHuey", connection: { file: "x" } })).toContain('connection has no option "file"');
    expect(await refusal({ huey: new MemoryHuey(), name: "x" })).toContain('Settings beside huey has no option "name"');
  });

  test("an unknown class suggests the right one", async () => {
    expect(await refusal({ hueyClass: "RedisHeuy" })).toContain('not "RedisHeuy": did you mean "RedisHuey"?');
    expect(await refusal({ hueyClass: 5 })).toContain("hueyClass must be a class or one of RedisHuey, ");
  });

  test("a setting of another class is refused", async () => {
    expect(await refusal({ filename: "x.db" })).toBe(
      '"filename" is a setting for the hueyClass "SqliteHuey", not for "RedisHuey"',
    );
    expect(await refusal({ hueyClass: "SqliteHuey", url: "redis://x" })).toContain(
      '"url" is a setting for the hueyClass "RedisHuey"',
    );
  });

  test("wrong values are named", async () => {
    expect(await refusal(5)).toBe("defineConfig takes settings or a Huey: 5");
    expect(await refusal({ huey: {} })).toBe("huey must be a Huey: {}");
    expect(await refusal({ debug: "yes" })).toBe('debug must be true or false: "yes"');
    expect(await refusal({ immediate: null })).toBe("immediate must be true or false: null");
    expect(await refusal({ name: "" })).toBe("name must not be empty");
    expect(await refusal({ connection: "redis://x" })).toBe('connection must be an object: "redis://x"');
    expect(await refusal({ consumer: 4 })).toBe("consumer takes an object of options: 4");
    expect(await refusal({ tasks: [5] })).toBe("Each of tasks must be a string: 5");
    expect(await refusal({ ignore: "dist" })).toBe('ignore must be a list of names: "dist"');
    expect(await refusal({ database: { open: 1 } })).toContain("database: A resource must have enter and exit");
    expect(await refusal({ url: "http://x" })).toContain("url must look like redis://");
    expect(await refusal({ hueyClass: "FileHuey" })).toContain("path");
  });

  test.each([
    [{ consumer: { workers: "4" } }, 'consumer.workers must be a whole number, from 1 to 100000: "4"'],
    [{ consumer: { workerType: "fiber" } }, "consumer.workerType must be one of greenlet, thread, process"],
    [{ consumer: { grace: 1e13 } }, "consumer.grace must be at most 100 years"],
    [{ consumer: { periodic: "no" } }, "consumer.periodic must be true or false"],
    [{ consumer: { module: "x.ts" } }, 'consumer has no option "module"'],
    [{ consumer: { healthPort: 1 } }, "it is one of the command line"],
    [{ huey: new MemoryHuey(), consumer: { workers: 0 } }, "consumer.workers must be"],
    [{ huey: new MemoryHuey(), consumer: { wokers: 1 } }, 'did you mean "workers"?'],
    [{ hueyClass: "SqliteHuey", connection: { fsync: "yes" } }, "fsync must be true or false"],
    [{ hueyClass: "SqliteHuey", filename: 5 }, "filename must be a string: 5"],
    [{ connection: { db: -1 } }, "db must be at least 0: -1"],
    [{ blocking: "no" }, 'blocking must be true or false: "no"'],
    [{ expireTime: 60 }, '"expireTime" is a setting for the hueyClass "RedisExpireHuey"'],
    [{ hueyClass: "RedisExpireHuey", expireTime: 0 }, "expireTime must be more than 0"],
    [{ hueyClass: "MemoryHuey", resultTtl: -1 }, "resultTtl must not be negative"],
    [{ hueyClass: "MemoryHuey", immediate: 1 }, "immediate must be true or false: 1"],
    [{ hueyClass: "MemoryHuey", retries: 3 }, 'Settings has no option "retries"'],
  ])("%j is refused where it is given", async (settings, message) => {
    expect(await refusal(settings)).toContain(message);
  });

  test("a value is refused exactly if a consumer refuses it", async () => {
    const values = [0, 1, -1, 1.5, "1", "", true, null, [], ["a"], {}, { seconds: 1 }, NaN, 1e13, "thread"];
    for (const { key } of OPTIONS.filter((option) => optionOf(option.key) !== undefined)) {
      for (const value of values) {
        const inConfig = await outcomeOf(() => defineConfig({ huey: new MemoryHuey(), consumer: { [key]: value } }));
        const inConsumer = await outcomeOf(() => checkConsumerOptions({ [key]: value }, "A consumer"));
        expect([key, value, inConfig]).toEqual([key, value, inConsumer]);
      }
    }
  });

  test("what is given twice is refused, without telling passwords", async () => {
    const message = await refusal({ url: "redis://:secret@a", connection: { url: "redis://b" } });
    expect(message).toBe("url is given twice: beside connection and in it");
    expect(await refusal({ hueyClass: "SqliteHuey", filename: "a", connection: { filename: "b" } })).toContain("given twice");
    expect(await refusal({ url: "redis://:secret@a", connection: { host: "b" } })).not.toContain("secret");
  });

  test("nothing configured is an error that says what to do", async () => {
    forgetApplication();
    const error = await failure(() => proxy.name);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain("No Huey is configured: import your huey.config.ts");
  });
});

describe("the connection to Redis", () => {
  const known = HUEYS.RedisHuey!.connection;

  test("what is not known goes to the client library", () => {
    const pool = {};
    expect(redisConnection({ blocking: false }, { host: "h", port: 1, db: 2, pool: undefined, pingInterval: 5 }, known))
      .toEqual({
        blocking: false,
        host: "h",
        port: 1,
        db: 2,
        clientOptions: { pingInterval: 5 },
      });
    expect(redisConnection({}, { pool, clientOptions: { a: 1 }, socket: {} }, known)).toEqual({
      pool,
      clientOptions: { a: 1, socket: {} },
    });
  });

  test("the URL may come from the environment", () => {
    process.env.REDIS_URL = "redis://redis";
    expect(redisConnection({}, {}, known)).toEqual({ url: "redis://redis" });
    process.env.HUEY_URL = "redis://huey/?db=3";
    expect(redisConnection({}, { password: "p" }, known)).toEqual({ url: "redis://huey/3", password: "p" });
    expect(redisConnection({ url: "redis://own" }, {}, known)).toEqual({ url: "redis://own" });
    expect(redisConnection({}, { host: "h" }, known)).toEqual({ host: "h" });
  });

  test("?db= in the URL is the database", async () => {
    expect(redisConnection({ url: "redis://u:p@h:1/?db=1&a=b" }, {}, known)).toEqual({ url: "redis://u:p@h:1/1?a=b" });
    expect((await failure(() => redisConnection({ url: "redis://h?db=x" }, {}, known))).message).toContain("must be a number");
  });
});
