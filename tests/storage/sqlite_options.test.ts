/** What the options of the SQLite storage do to its file. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";
import { ConfigurationError, StorageError } from "../../lib/errors.ts";
import { openDatabase } from "../../storage/sqlite/connection/database.ts";
import { SqliteStorage } from "../../storage/sqlite/front.ts";
import { claim, complete, enqueueAndClaim, ids, item, LONG_MS, rejection } from "../../testing/contract/helpers.ts";
import { Fixture } from "./_sqlite_fixture.ts";

let fixture: Fixture;
beforeEach(() => void (fixture = new Fixture()));
afterEach(() => fixture.end());

function modes(): Record<string, string> {
  const names = readdirSync(fixture.folder).sort();
  return Object.fromEntries(names.map((name) => [name, (statSync(join(fixture.folder, name)).mode & 0o777).toString(8)]));
}

describe("journal modes and pragmas", () => {
  for (const journalMode of ["memory", "MEMORY", "off", "none"]) {
    test(`journal mode ${journalMode} is refused`, () => {
      expect(() => fixture.open({ journalMode })).toThrow("journalMode must be one of wal, delete, truncate, persist");
    });
  }

  for (const journalMode of ["wal", "delete", "truncate", "persist"]) {
    test(`journal mode ${journalMode} works`, async () => {
      const storage = fixture.open({ journalMode });
      const other = fixture.open({ journalMode });
      const claimed = await enqueueAndClaim(storage, "a");
      expect((await other.settle(complete(claimed))).held).toBe(true);
      expect(await storage.state("a")).toEqual({ state: "complete" });
    });
  }

  test("pragmas are set, and told to other isolates", async () => {
    const pragmas = { user_version: 77, Temp_Store: "MEMORY", automatic_index: false };
    await fixture.open({ pragmas }).pendingCount();
    const database = openDatabase(fixture.filename);
    expect(database.prepare("pragma user_version").get()?.user_version).toBe(77);
    database.close();
    const storage = new SqliteStorage({ filename: fixture.filename, pragmas });
    expect(structuredClone(storage.descriptor!.options.pragmas)).toMatchObject({ temp_store: "MEMORY" });
  });

  test("pragmas that break what the storage promises are refused, and so are wrong ones", () => {
    for (
      const name of ["journal_mode", "locking_mode", "LOCKING_MODE", "synchronous", "writable_schema", "full_column_names"]
    ) {
      expect(() => fixture.open({ pragmas: { [name]: "off" } })).toThrow(ConfigurationError);
    }
    expect(() => fixture.open({ pragmas: { "main.journal_mode": "off" } })).toThrow("no name of a setting");
    expect(() => fixture.open({ pragmas: { mmap_size: "1; drop table huey_task" } })).toThrow(TypeError);
    expect(() => fixture.open({ pragmas: { mmap_size: NaN } })).toThrow(TypeError);
    expect(() => fixture.open({ pragmas: [] as never })).toThrow("pragmas must be an object");
    expect(() => fixture.open({ mode: 0o1777 })).toThrow("mode");
  });
});

describe.skipIf(process.platform === "win32")("modes", () => {
  test("a new file and all that belongs to it are for its owner only", async () => {
    const storage = fixture.open();
    await (await storage.listen("queue", () => {}))();
    await storage.settle(complete(await enqueueAndClaim(storage, "a")));
    const found = modes();
    expect(Object.keys(found)).toContain("huey.db-bell-1");
    expect(new Set(Object.values(found))).toEqual(new Set(["600"]));
  });

  test("another mode can be asked for, and what exists keeps its own", async () => {
    const storage = fixture.open({ mode: 0o640 });
    await storage.enqueue([item("a")]);
    expect(new Set(Object.values(modes()))).toEqual(new Set(["640"]));
    await fixture.open({ mode: 0o600 }).enqueue([item("b")]);
    expect(new Set(Object.values(modes()))).toEqual(new Set(["640"]));
  });

  test("a file that a dangling link points to is made with the mode too", async () => {
    mkdirSync(join(fixture.folder, "data"));
    symlinkSync(join("data", "real.db"), fixture.filename);
    await fixture.open().enqueue([item("a")]);
    expect((statSync(fixture.filename).mode & 0o777).toString(8)).toBe("600");
    expect(existsSync(join(fixture.folder, "data", "real.db-bell-1"))).toBe(true);
  });

  test("so is one that it points to over further links, some of them to folders", async () => {
    mkdirSync(join(fixture.folder, "far", "data"), { recursive: true });
    symlinkSync(join("far", "data"), join(fixture.folder, "near"));
    symlinkSync(join("near", "current.db"), fixture.filename);
    symlinkSync(join("..", "real.db"), join(fixture.folder, "far", "data", "current.db"));
    await fixture.open().enqueue([item("a")]);
    expect((statSync(join(fixture.folder, "far", "real.db")).mode & 0o777).toString(8)).toBe("600");
  });

  test("a circle of links is reported", async () => {
    symlinkSync("huey.db", fixture.filename);
    await expect(fixture.open().enqueue([item("a")])).rejects.toThrow(StorageError);
  });
});

describe("bells", () => {
  test("those who came by other ways hear each other, and stand beside the file", async () => {
    const links = join(fixture.folder, "links");
    mkdirSync(links);
    const first = fixture.open();
    await first.pendingCount();
    symlinkSync(fixture.filename, join(links, "link.db"));
    for (const filename of [join(links, "link.db"), relative(process.cwd(), fixture.filename), join(links, "..", "huey.db")]) {
      const other = fixture.open({ filename });
      const found = claim(other, 1, { waitMs: LONG_MS });
      await other.pendingCount();
      await first.enqueue([item(filename)]);
      expect(ids(await found)).toEqual([filename]);
    }
    expect(readdirSync(links)).toEqual(["link.db"]);
  });

  test("queues in one file have bells of their own", async () => {
    for (const name of ["one", "two"]) await fixture.open({ name }).enqueue([item("a")]);
    expect(readdirSync(fixture.folder).filter((name) => name.includes("-bell")).sort()).toEqual([
      "huey.db-bell-1",
      "huey.db-bell-2",
    ]);
  });

  test.skipIf(process.platform === "win32")(
    "what stands in their place is not written to, and nobody waits for it",
    async () => {
      const victim = join(fixture.folder, "victim");
      writeFileSync(victim, "important");
      symlinkSync(victim, join(fixture.folder, "huey.db-bell-1"));
      execFileSync("mkfifo", [join(fixture.folder, "huey.db-done-1")]);
      const [one, other] = [fixture.open(), fixture.open()];
      const found = claim(other, 1, { waitMs: LONG_MS });
      await one.settle(complete(await enqueueAndClaim(one, "a")));
      await one.enqueue([item("b")]);
      // Without a bell they find it by looking.
      expect(ids(await found)).toEqual(["b"]);
      expect(readFileSync(victim, "utf8")).toBe("important");
      expect(lstatSync(join(fixture.folder, "huey.db-done-1")).isFIFO()).toBe(true);
    },
  );

  test("a hard link is the same file, and is found by looking", async () => {
    const first = fixture.open({ journalMode: "delete" });
    await first.pendingCount();
    const filename = join(fixture.folder, "hard.db");
    linkSync(fixture.filename, filename);
    const other = fixture.open({ filename, journalMode: "delete" });
    const found = claim(other, 1, { waitMs: LONG_MS });
    await other.pendingCount();
    await first.enqueue([item("a")]);
    expect(ids(await found)).toEqual(["a"]);
  });
});

describe("what the file refuses", () => {
  test("for good is said to be so", async () => {
    const storage = fixture.open();
    await storage.pendingCount();
    const database = openDatabase(fixture.filename);
    database.exec("create trigger no before insert on huey_entry begin select raise(abort, 'no'); end");
    database.close();
    const error = await rejection(storage.settle({ id: "a", result: new Uint8Array(1), noticeTtlMs: 0 }));
    expect(error).toBeInstanceOf(StorageError);
    expect((error as StorageError).permanent).toBe(true);
    await storage.close();
    expect((await rejection(storage.pendingCount()) as StorageError).permanent).toBe(false);
  });

  test("a file of the release before, with how to drain it", async () => {
    const database = openDatabase(fixture.filename);
    database.exec("create table huey_schema (version integer not null)");
    database.exec("insert into huey_schema values (2)");
    database.close();
    const error = await rejection(fixture.open().pendingCount());
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toContain("drain this one: run a consumer of the release that made it");
  });
});
