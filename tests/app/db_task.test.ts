import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Database, DatabaseError, dbPeriodicTask, dbTask, defineConfig, type Settings, sqliteDatabase } from "../../app/mod.ts";
import { forgetApplication } from "./_forget.ts";
import { ConfigurationError, every, type Huey, type TaskWrapper } from "../../mod.ts";
import { failure, logbook, record, silent, work } from "../helpers.ts";
import { openSqlite } from "./_sqlite.ts";

afterEach(forgetApplication);

/** A database that notes what happens to it. */
function noted(
  behaviour: { open?: () => void; close?: () => void } = {},
): { database: Database<{ id: number }>; events: string[] } {
  const events: string[] = [];
  let ids = 0;
  const open = (): { id: number } => {
    const id = ++ids;
    events.push(`open ${id}`);
    behaviour.open?.();
    return { id };
  };
  const close = ({ id }: { id: number }): void => {
    events.push(`close ${id}`);
    behaviour.close?.();
  };
  return { database: new Database(open, close), events };
}

function configure(database: Settings["database"], logger = silent): Huey {
  return defineConfig({ hueyClass: "MemoryHuey", logger, database });
}

describe("dbTask()", () => {
  test("opens before each attempt and closes after it, whatever happens", async () => {
    const { database, events } = noted();
    const huey = configure(database);
    const query = dbTask({ name: "query", retries: 1 }, (fails: boolean) => {
      events.push(`query ${database.current.id}`);
      if (fails) throw new Error("no such table");
      return database.current.id;
    });
    await query(false);
    const failed = await query(true);
    expect(await work(huey)).toBe(3);
    expect(events).toEqual(["open 1", "query 1", "close 1", "open 2", "query 2", "close 2", "open 3", "query 3", "close 3"]);
    expect((await failure(failed.get())).message).toContain("no such table");
  });

  test("takes all the ways to define a task, with their types", async () => {
    const { database } = noted();
    const huey = configure(database);
    const id = (): number => database.current.id;
    function named(n: number): number {
      return n + id();
    }
    const tasks: TaskWrapper<[n: number], number>[] = [
      dbTask(named),
      dbTask("second", (n: number) => n + id()),
      dbTask({ name: "third" }, (n: number) => n + id()),
      dbTask("fourth", { priority: 1 }, (n: number) => n + id()),
      dbTask({ name: "fifth", fn: (n: number) => n + id() }),
      dbTask({ name: "sixth", context: true }, (context, n: number) => n + id() + context.attempt - 1),
    ];
    expect(tasks.map(({ name }) => name)).toEqual(["named", "second", "third", "fourth", "fifth", "sixth"]);
    const results = [];
    for (const task of tasks) results.push(await task(0));
    await work(huey);
    const ids = await Promise.all(results.map((result) => result.get()));
    expect(ids.sort()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await tasks[0]!.callLocal(10)).toBe(17);
    expect((await failure(() => dbTask("none", 5 as never))).message).toContain("must be a function");
  });

  test("tasks that run at once have handles of their own", async () => {
    const { database, events } = noted();
    const huey = configure(database);
    const both = Promise.withResolvers<void>();
    let running = 0;
    const query = dbTask("query", async () => {
      const before = database.current.id;
      if (++running === 2) both.resolve();
      await both.promise;
      return [before, database.current.id];
    });
    const results = [await query(), await query()];
    await Promise.all([work(huey, { limit: 1 }), work(huey, { limit: 1 })]);
    expect(await Promise.all(results.map((result) => result.get()))).toEqual([[1, 1], [2, 2]]);
    expect(events.filter((event) => event.startsWith("close")).length).toBe(2);
    expect((await failure(() => database.current)).message).toContain("No database is open here");
    expect(database.currentIfAny).toBeUndefined();
  });

  test("a database that cannot be opened fails the attempt, which is retried", async () => {
    let broken = true;
    const { database, events } = noted({
      open: () => {
        if (broken) throw new Error("connect ECONNREFUSED");
      },
    });
    const huey = configure(database);
    const { seen } = record(huey);
    const query = dbTask({ name: "query", retries: 1 }, () => "queried");
    const result = await query();
    await work(huey, { limit: 1 });
    expect(seen.map(({ signal }) => signal)).toEqual(["enqueued", "executing", "error", "retrying", "enqueued"]);
    expect(seen.find(({ signal }) => signal === "error")?.error?.message).toBe(
      "The database could not be opened: connect ECONNREFUSED",
    );
    expect(events).toEqual(["open 1"]);
    broken = false;
    await work(huey);
    expect(await result.get()).toBe("queried");
    expect(events).toEqual(["open 1", "open 2", "close 2"]);
  });

  test("says what could not be opened or closed", async () => {
    const opening = noted({
      open: () => {
        throw new Error("connect ECONNREFUSED");
      },
    });
    const error = await failure(opening.database.use(() => 1));
    expect(error).toBeInstanceOf(DatabaseError);
    expect([error.message, (error.cause as Error).message]).toEqual([
      "The database could not be opened: connect ECONNREFUSED",
      "connect ECONNREFUSED",
    ]);
    const closing = noted({
      close: () => {
        throw new Error("reset");
      },
    });
    expect((await failure(closing.database.use(() => 1))).message).toBe("The database could not be closed: reset");
    const nothing = new Database(() => undefined, () => {});
    expect((await failure(nothing.use(() => 1))).message).toContain("the function that opens it returned undefined");
    expect((await failure(() => new Database(5 as never, () => {}))).message).toBe("open must be a function: 5");
  });

  test("a database that cannot be closed fails a task that went well, and is logged after one that failed", async () => {
    const { database } = noted({
      close: () => {
        throw new Error("reset");
      },
    });
    const { logger, lines } = logbook();
    const huey = configure(database, logger);
    const query = dbTask("query", (fails: boolean) => {
      if (fails) throw new Error("no such table");
    });
    const [well, badly] = [await query(false), await query(true)];
    await work(huey);
    expect((await failure(well.get())).message).toContain("The database could not be closed: reset");
    expect((await failure(badly.get())).message).toContain("no such table");
    const logged = lines.filter(({ properties }) => String(properties?.error).includes("could not be closed: reset"));
    expect(logged.length).toBeGreaterThan(0);
  });

  test("any resource will do", async () => {
    const events: string[] = [];
    const huey = configure({ open: () => void events.push("open"), close: () => void events.push("close") });
    await dbTask("query", () => void events.push("query"))();
    await work(huey);
    expect(events).toEqual(["open", "query", "close"]);
  });

  test("without a database in the settings there is an error", async () => {
    defineConfig({ hueyClass: "MemoryHuey" });
    const error = await failure(() => dbTask("query", () => 1));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain("dbTask needs a database: name one in the settings");
  });
});

describe("dbPeriodicTask()", () => {
  test("opens and closes too", async () => {
    const { database, events } = noted();
    const huey = configure(database);
    const clean = dbPeriodicTask("clean", every(60), { retries: 1 }, () => void events.push(`clean ${database.current.id}`));
    await clean();
    await work(huey);
    expect(events).toEqual(["open 1", "clean 1", "close 1"]);
  });
});

describe("sqliteDatabase()", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "huey-sqlite-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("a task queries a file, and leaves no connection behind", async () => {
    const handles: { close(): void; exec(sql: string): unknown }[] = [];
    const database = sqliteDatabase(() => {
      const handle = openSqlite(join(folder, "shop.db"));
      handles.push(handle);
      return handle;
    });
    await database.use((sqlite) => sqlite.exec("create table item (name text)"));
    const huey = configure(database);
    const add = dbTask("add", (name: string) => {
      database.current.prepare("insert into item values (?)").run(name);
      return database.current.prepare("select count(*) as n from item").all()[0]!.n;
    });
    const [one, two] = [await add("a"), await add("b")];
    await work(huey);
    expect([await one.get(), await two.get()]).toEqual([1, 2]);
    expect(handles.length).toBe(3);
    for (const handle of handles) expect((await failure(() => handle.exec("select 1"))).message).toMatch(/closed|not open/i);
  });

  test("a file that cannot be opened is told", async () => {
    const database = sqliteDatabase(() => openSqlite(join(folder, "no", "such.db")));
    const huey = configure(database);
    const result = await dbTask("query", () => 1)();
    await work(huey);
    expect((await failure(result.get())).message).toContain("The database could not be opened: unable to open database file");
  });
});
