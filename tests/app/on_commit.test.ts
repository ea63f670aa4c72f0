import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { Pool } from "pg";
import { Kysely, PostgresDialect } from "kysely";
import {
  AfterCommitError,
  atomic,
  type Database,
  DatabaseError,
  dbTask,
  defineConfig,
  enqueue,
  kyselyDatabase,
  onCommit,
  onCommitTask,
  pgDatabase,
  postgresDatabase,
  task,
} from "../../app/mod.ts";
import { forgetApplication } from "./_forget.ts";
import { ConfigurationError, FileHuey, type Huey, MemoryHuey } from "../../mod.ts";
import { failure, silent, work } from "../helpers.ts";
import { openSqlite, type Sqlite } from "./_sqlite.ts";

let huey: Huey;
let sqlite: Sqlite;
beforeEach(() => {
  huey = defineConfig({ hueyClass: "MemoryHuey", logger: silent });
  sqlite = openSqlite(":memory:");
});
afterEach(() => {
  sqlite.close();
  forgetApplication();
});
const pending = (): Promise<number> => huey.pendingCount();

describe("onCommitTask()", () => {
  test("enqueues at once when there is no transaction, with a handle as usual", async () => {
    const add = onCommitTask("add", (a: number, b: number) => a + b);
    const result = await add(1, 2);
    expect([add.name, add.task.name, await pending()]).toEqual(["add", "add", 1]);
    await work(huey);
    expect(await result.get({ blocking: true })).toBe(3);
  });

  test("of a unique task that is there already reads as canceled", async () => {
    const add = onCommitTask({ name: "add", unique: true }, (a: number, b: number) => a + b);
    const first = await add(1, 2);
    const second = await atomic(sqlite, () => add(1, 2));
    expect([await pending(), first.duplicate, second.duplicate, (await second.state()).state] as unknown[]).toEqual(
      [1, false, false, "canceled"],
    );
    expect((await failure(second.get({ blocking: true }))).message).toContain(`task ${first.id} is there already`);
    await work(huey);
    expect(await first.get({ blocking: true })).toBe(3);
  });

  test("takes a task that is there, whose own calls do not wait", async () => {
    const add = task("add", (a: number, b: number) => a + b);
    const waiting = onCommitTask(add);
    expect(waiting.task).toBe(add);
    await atomic(sqlite, async () => {
      await waiting(1, 2);
      expect(await pending()).toBe(0);
      await add(3, 4);
      expect(await pending()).toBe(1);
    });
    expect(await pending()).toBe(2);
  });

  test("enqueues a task of another Huey there, in a transaction and without one", async () => {
    const reports = new MemoryHuey("reports", { logger: silent });
    const build = onCommitTask(reports.task("build", (n: number) => n));
    const results = [await build(1)];
    await atomic(sqlite, async () => {
      results.push(await build(2));
      expect(await reports.pendingCount()).toBe(1);
    });
    expect([await pending(), await reports.pendingCount()]).toEqual([0, 2]);
    await work(reports);
    expect(await Promise.all(results.map((result) => result.get()))).toEqual([1, 2]);
  });

  test("onCommit refuses what it cannot call, before the commit", async () => {
    for (const wrong of [null, 5, Promise.resolve()] as never[]) {
      const error = await failure(atomic(sqlite, () => onCommit(wrong)));
      expect([error instanceof TypeError, error.message]).toEqual([true, expect.stringContaining("must be a function")]);
    }
  });

  test("needs no configuration for a task that is there", async () => {
    forgetApplication();
    const reports = new MemoryHuey({ logger: silent });
    await onCommitTask(reports.task("build", () => 1))();
    expect(await reports.pendingCount()).toBe(1);
    expect((await failure(() => onCommitTask("other", () => 1))).message).toContain("No Huey is configured");
  });

  test("what cannot be enqueued fails where the transaction can still be rolled back", async () => {
    const path = mkdtempSync(join(tmpdir(), "huey-commit-"));
    await using files = new FileHuey({ path, logger: silent });
    const half = onCommitTask(files.task({ name: "half", priority: 1.5 }, (n: number) => n));
    const gone = files.task("gone", () => {});
    const unknown = onCommitTask(gone);
    gone.unregister();
    sqlite.exec("create table entry (n int)");
    for (const call of [() => half(1), () => unknown()]) {
      const error = await failure(atomic(sqlite, async () => {
        sqlite.exec("insert into entry values (1)");
        await call();
      }));
      expect(error).not.toBeInstanceOf(AfterCommitError);
    }
    expect(sqlite.prepare("select n from entry").all()).toEqual([]);
    rmSync(path, { recursive: true });
  });

  test("the same function can be defined twice, under two names", async () => {
    const work = (id: number): number => id;
    const [plain, waiting] = [task("work", work), onCommitTask("workOnCommit", work)];
    await atomic(sqlite, async () => void (await Promise.all([plain(1), waiting(1)])));
    expect((await huey.pending()).map(({ name }) => name)).toEqual(["work", "workOnCommit"]);
  });

  test("the handle can revoke before the commit", async () => {
    const ran: number[] = [];
    const note = onCommitTask("note", (n: number) => void ran.push(n));
    await atomic(sqlite, async () => {
      const [first] = [await note(1), await note(2)];
      await first.revoke();
    });
    await work(huey);
    expect(ran).toEqual([2]);
  });

  test("an argument that cannot be stored fails where the transaction can still be rolled back", async () => {
    const note = onCommitTask("note", (_value: unknown) => {});
    sqlite.exec("create table item (n int)");
    const error = await failure(atomic(sqlite, async () => {
      sqlite.exec("insert into item values (1)");
      await note(() => {});
    }));
    expect(error.message).toMatch(/function/);
    expect(sqlite.prepare("select count(*) as n from item").all()[0]!.n).toBe(0);
  });

  test("runs in the call after the commit in immediate mode", async () => {
    huey.immediate = true;
    const order: string[] = [];
    const note = onCommitTask("note", (text: string) => {
      order.push(text);
      return text;
    });
    const result = await atomic(sqlite, async () => {
      const result = await note("task");
      order.push("transaction");
      return result;
    });
    expect(order).toEqual(["transaction", "task"]);
    expect(await result.get()).toBe("task");
  });
});

describe("onCommit()", () => {
  test("runs at once, or after the commit, in order", async () => {
    const seen: number[] = [];
    await onCommit(() => seen.push(1));
    await atomic(sqlite, async () => {
      await onCommit(() => seen.push(3));
      await onCommit(async () => void seen.push(await Promise.resolve(4)));
      seen.push(2);
    });
    expect(seen).toEqual([1, 2, 3, 4]);
    expect((await failure(onCommit(() => Promise.reject(new Error("at once"))))).message).toBe("at once");
  });

  test("enqueues a pipeline", async () => {
    const add = task("add", (a: number, b: number) => a + b);
    await atomic(sqlite, () => onCommit(() => enqueue(add.s(1, 2).andThen(add, 3))));
    expect(await work(huey)).toBe(2);
  });

  test("what fails after the commit is told, and the rest is done", async () => {
    const seen: number[] = [];
    const error = await failure(atomic(sqlite, async () => {
      await onCommit(() => {
        throw new Error("no storage");
      });
      await onCommit(() => seen.push(2));
    })) as AfterCommitError;
    expect(error).toBeInstanceOf(AfterCommitError);
    expect(error.message).toBe("The transaction has committed, but 1 of 2 tasks could not be enqueued: no storage");
    expect([error.errors.length, seen]).toEqual([1, [2]]);
  });

  test("what begins in a transaction and goes on after it is outside of it", async () => {
    const [committed, seen] = [Promise.withResolvers<void>(), [] as string[]];
    let late: Promise<void> | undefined;
    await atomic(sqlite, () => {
      late = committed.promise.then(() => onCommit(() => seen.push("late")));
    });
    committed.resolve();
    await late;
    expect(seen).toEqual(["late"]);
    await atomic(sqlite, () => onCommit(() => seen.push("next")));
    expect(seen).toEqual(["late", "next"]);
  });
});

describe("atomic()", () => {
  test("a transaction of another database inside waits for both", async () => {
    const other = openSqlite(":memory:");
    const seen: string[] = [];
    await atomic(sqlite, async () => {
      await atomic(other, () => onCommit(() => seen.push("inner")));
      expect(seen).toEqual([]);
      await failure(atomic(other, async () => {
        await onCommit(() => seen.push("never"));
        throw new Error("only this one");
      }));
    });
    expect(seen).toEqual(["inner"]);
    await failure(atomic(sqlite, async () => {
      await atomic(other, () => onCommit(() => seen.push("never")));
      throw new Error("the outer one");
    }));
    expect(seen).toEqual(["inner"]);
    other.close();
  });

  test("gives what the function returns, lists too", async () => {
    expect(await atomic(sqlite, () => [1, 2])).toEqual([1, 2]);
    expect(await atomic(sqlite, (transaction) => transaction === sqlite)).toBe(true);
  });

  test("refuses what is no database", async () => {
    for (const wrong of [{}, 5, undefined, { query: 1 }]) {
      const error = await failure(atomic(wrong as object, () => {}));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toContain("atomic takes a database of Kysely, Drizzle, postgres, pg, bun:sqlite or node:sqlite");
    }
    expect((await failure(atomic(sqlite, 5 as never))).message).toContain(
      "The second argument of atomic must be a function: 5",
    );
  });

  test("refuses a transaction whose end it would not learn", async () => {
    const begun = { isTransaction: true, startTransaction: () => {}, selectFrom: () => {} };
    const error = await failure(atomic(begun, () => {}));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain("This transaction was not begun by atomic");
  });
});

describe("a database that cannot be reached", () => {
  /** Nothing listens there. */
  const url = "postgres://nobody@127.0.0.1:1/none";
  const databases: Record<string, Database<object>> = {
    postgres: postgresDatabase(() => postgres(url, { max: 1 })) as never,
    pg: pgDatabase(() => new Pool({ connectionString: url })) as never,
    kysely: kyselyDatabase(() =>
      new Kysely({ dialect: new PostgresDialect({ pool: new Pool({ connectionString: url }) }) })
    ) as never,
  };

  for (const [name, database] of Object.entries(databases)) {
    test(`${name}: the transaction and the task fail, and say why`, async () => {
      huey = defineConfig({ hueyClass: "MemoryHuey", logger: silent, database });
      const note = onCommitTask("note", () => {});
      const query = dbTask({ name: "query", retries: 1 }, () => atomic(database, () => note()));
      const result = await query();
      expect(await work(huey)).toBe(2);
      expect((await failure(result.get())).message).toMatch(/ECONNREFUSED/);
      expect(await failure(atomic(database, () => note()))).not.toBeInstanceOf(DatabaseError);
      expect(await pending()).toBe(0);
    });
  }
});
