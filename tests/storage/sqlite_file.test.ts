/** The SQLite file itself: options, damage, sharing, group commit, upkeep. @module */
import { afterEach, beforeEach, describe, expect, setSystemTime, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError, StorageError } from "../../lib/errors.ts";
import type { Item } from "../../lib/storage.ts";
import { openDatabase, type Row } from "../../storage/sqlite/connection/database.ts";
import { SqliteStorage } from "../../storage/sqlite/front.ts";
import { TestClock } from "../../testing/clock.ts";
import { claim, ids } from "../../testing/contract/helpers.ts";
import { Fixture } from "./_sqlite_fixture.ts";

let fixture: Fixture;
beforeEach(() => void (fixture = new Fixture()));
afterEach(async () => {
  setSystemTime();
  await fixture.end();
});

const owner = { consumer: "consumer", worker: "worker" };

function item(id: string): Item {
  return { id, data: new Uint8Array([1, 2, 3]), priority: 0, track: true };
}

async function refusal(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("It was expected to be refused");
}

/** Reads the file from outside. */
function inspect(filename: string, sql: string): Row | undefined {
  const database = openDatabase(filename);
  try {
    return database.prepare(sql).get();
  } finally {
    database.close();
  }
}

describe("options", () => {
  test("wrong ones are refused", () => {
    expect(() => new SqliteStorage({ filename: "" })).toThrow(ConfigurationError);
    expect(() => new SqliteStorage({ journalMode: "off" })).toThrow("journalMode must be one of wal, delete");
    expect(() => new SqliteStorage({ cacheMb: 0 })).toThrow("cacheMb must be more than 0: 0");
    expect(() => new SqliteStorage({ timeout: -1 })).toThrow("timeout must not be negative");
  });

  test("nothing is opened before the first use", async () => {
    const storage = fixture.open({ filename: join(fixture.folder, "missing", "huey.db") });
    expect(storage.name).toBe("children");
    const error = await refusal(storage.pendingCount());
    expect(error).toBeInstanceOf(StorageError);
    expect(error.message).toContain(`the folder ${JSON.stringify(join(fixture.folder, "missing"))} does not exist`);
    expect(await refusal(storage.enqueue([item("a")]))).toBeInstanceOf(StorageError);
  });

  test("the descriptor opens the same data", async () => {
    const storage = new SqliteStorage({ filename: fixture.filename, timeout: { seconds: 2 }, fsync: true });
    await storage.enqueue([item("a")]);
    const { module, className, options } = storage.descriptor!;
    const Opened = (await import(module))[className] as typeof SqliteStorage;
    const other = new Opened(structuredClone(options) as object);
    expect(await other.pendingCount()).toBe(1);
    await other.close();
    await storage.close();
  });

  test("a rollback journal works too", async () => {
    const storage = fixture.open({ journalMode: "DELETE" });
    await storage.enqueue([item("a")]);
    expect((await storage.claim(1, owner)).claims).toHaveLength(1);
    expect(inspect(fixture.filename, "pragma journal_mode")?.journal_mode).toBe("delete");
  });

  test("memory is seen by nobody else", async () => {
    const storage = fixture.open({ filename: ":memory:" });
    expect(storage.shared).toBe(false);
    expect(new SqliteStorage({ filename: ":memory:" }).descriptor).toBeUndefined();
    const waiting = claim(storage, 1, { owner, waitMs: 60_000 });
    await storage.enqueue([item("a")]);
    expect(await waiting).toHaveLength(1);
    expect(await fixture.open({ filename: ":memory:" }).pendingCount()).toBe(0);
  });
});

describe("a file that is not ours", () => {
  test("is reported when it is no database", async () => {
    writeFileSync(fixture.filename, "This is a text, and by no means a database. ".repeat(100));
    const error = await refusal(fixture.open().enqueue([item("a")]));
    expect(error).toBeInstanceOf(StorageError);
    expect(error.message).toContain("file is not a database");
    expect(error.cause).toBeInstanceOf(Error);
  });

  test("is reported with what it takes when those beside it cannot be made", async () => {
    mkdirSync(`${fixture.filename}-journal`);
    await expect(fixture.open().pendingCount()).rejects.toThrow("unable to open database file (it must be possible to write");
  });

  test("is reported when its tables have another version", async () => {
    const database = openDatabase(fixture.filename);
    database.exec("create table huey_schema (version integer)");
    database.exec("insert into huey_schema values (99)");
    database.close();
    const error = await refusal(fixture.open().pendingCount());
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain("has version 99 of the tables");
    expect(error.message).toContain("use another file");
  });

  test("is shared with tables of the application", async () => {
    const database = openDatabase(fixture.filename);
    database.exec("create table task (id integer)");
    database.close();
    const storage = fixture.open();
    await storage.enqueue([item("a")]);
    await storage.flush();
    expect(inspect(fixture.filename, "select count(*) as n from task")).toEqual({ n: 0 });
  });

  test("a damaged file is reported and does no harm to the process", async () => {
    const storage = fixture.open();
    await storage.enqueue(Array.from({ length: 500 }, (_, index) => item(`task-${index}`)));
    await storage.close();
    writeFileSync(fixture.filename, new Uint8Array(40_000).fill(7), { flag: "r+" });
    expect(await refusal(fixture.open().pending())).toBeInstanceOf(StorageError);
  });
});

describe("a file that goes away", () => {
  const clock = new TestClock(Date.UTC(2030, 0, 1));

  /** Deletes the file with all that stands beside it. */
  function remove(): void {
    for (const end of ["", "-wal", "-shm"]) rmSync(fixture.filename + end, { force: true });
  }

  test("is made again, so that nobody works on one that others cannot see", async () => {
    const storage = fixture.open({ clock });
    await storage.enqueue([item("lost")]);
    remove();
    clock.moveTo(clock.now() + 2000);
    expect(await storage.pendingCount()).toBe(0);
    await storage.enqueue([item("new")]);
    expect(ids(await fixture.open().pending())).toEqual(["new"]);
    remove();
    clock.moveTo(clock.now() + 2000);
    await storage.enqueue([item("newer")]);
    expect(ids(await fixture.open().pending())).toEqual(["newer"]);
  });

  for (const ends of [["-wal", "-shm"], ["-wal"], ["-shm"]]) {
    test(`loses nothing when only ${ends.join(" and ")} is removed, which others would make anew`, async () => {
      const storage = fixture.open({ clock });
      await storage.enqueue([item("before")]);
      for (const end of ends) rmSync(fixture.filename + end);
      await storage.enqueue([item("after")]);
      clock.moveTo(clock.now() + 2000);
      expect(await storage.pendingCount()).toBe(2);
      const other = fixture.open();
      await other.enqueue([item("of another")]);
      await storage.enqueue([item("last")]);
      for (const one of [storage, other]) expect(ids(await one.pending())).toEqual(["before", "after", "of another", "last"]);
    });
  }

  test("is the one that was put in its place", async () => {
    const storage = fixture.open({ clock });
    await storage.enqueue([item("lost")]);
    const backup = fixture.open({ filename: join(fixture.folder, "backup.db") });
    await backup.enqueue([item("of the backup")]);
    await backup.close();
    remove();
    renameSync(join(fixture.folder, "backup.db"), fixture.filename);
    clock.moveTo(clock.now() + 2000);
    const { claims } = await storage.claim(10, owner);
    expect(ids(claims)).toEqual(["of the backup"]);
    expect((await storage.settle({ claim: claims[0]!, id: claims[0]!.id, ending: "complete", noticeTtlMs: 1000 })).held).toBe(
      true,
    );
    expect(await fixture.open().pendingCount()).toBe(0);
  });
});

describe("group commit", () => {
  test("writes of one tick share a transaction", async () => {
    const storage = fixture.open();
    const other = fixture.open({ name: "other" });
    await storage.enqueue([item("a")]);
    await other.pendingCount();
    const database = openDatabase(fixture.filename);
    const version = database.prepare("pragma data_version");
    const before = Number(version.get()?.data_version);
    await Promise.all(Array.from({ length: 500 }, (_, index) => storage.enqueue([item(`task-${index}`)])));
    expect(Number(version.get()?.data_version)).toBe(before + 1);
    database.close();
    expect(await storage.pendingCount()).toBe(501);
  });

  test("a write that fails does not take the others along", async () => {
    const storage = fixture.open();
    const broken = { ...item("broken"), data: null } as unknown as Item;
    const outcomes = await Promise.allSettled([
      storage.enqueue([item("a")]),
      storage.settle({
        id: "task",
        noticeTtlMs: 1000,
        result: new Uint8Array(1),
        bury: { ...broken, kind: "unreadable" as const, reason: "", atMs: 1 },
      }),
      storage.enqueue([item("b")]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect((outcomes[1] as PromiseRejectedResult).reason).toBeInstanceOf(StorageError);
    expect((await storage.pending()).map(({ id }) => id)).toEqual(["a", "b"]);
    expect(await storage.results.has("task")).toBe(false);
  });
});

describe("upkeep", () => {
  test("expired entries go as others are written", async () => {
    const storage = fixture.open();
    for (let index = 0; index < 300; index++) await storage.meta.put(`old-${index}`, new Uint8Array(1), 1000);
    setSystemTime(Date.now() + 2000);
    for (let index = 0; index < 400; index++) await storage.data.put(`new-${index}`, new Uint8Array(1));
    expect(inspect(fixture.filename, "select count(*) as n from huey_entry where expires_ms is not null")).toEqual({ n: 0 });
  });

  test("owners are forgotten when they hold nothing", async () => {
    const storage = fixture.open();
    await storage.enqueue([item("a")]);
    await storage.claim(1, owner);
    await storage.recover();
    expect(inspect(fixture.filename, "select count(*) as n from huey_owner")).toEqual({ n: 0 });
    expect((await storage.claim(1, owner)).claims).toHaveLength(1);
  });

  test("closing in the middle writes what was issued", async () => {
    const storage = fixture.open();
    const written = storage.enqueue([item("a")]);
    await storage.close();
    await written;
    expect(await fixture.open().pendingCount()).toBe(1);
  });
});
