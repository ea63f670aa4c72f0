import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atomic, type Database, dbTask, defineConfig, onCommitTask } from "../../app/mod.ts";
import { forgetApplication } from "./_forget.ts";
import type { Huey } from "../../mod.ts";
import { failure, silent, work } from "../helpers.ts";
import { type PostgresServer, startPostgres } from "../postgres_server.ts";
import { type Subject, SUBJECTS } from "./_subjects.ts";

setDefaultTimeout(60_000);
let server: PostgresServer;
let folder = "";
let tables = 0;

beforeAll(async () => {
  server = await startPostgres();
  folder = mkdtempSync(join(tmpdir(), "huey-transactions-"));
});
afterAll(async () => {
  forgetApplication();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A table of its own, and an application that counts what is in it. */
class Shop {
  readonly huey: Huey;
  readonly database: Database<object>;
  readonly count: ReturnType<typeof onCommitTask<[], Promise<unknown>>>;
  readonly #subject: Subject;
  readonly #table: string = `item_${++tables}`;

  constructor(subject: Subject) {
    this.#subject = subject;
    this.database = subject.database(subject.kind === "sqlite" ? join(folder, `${this.#table}.db`) : server.url);
    this.huey = defineConfig({ hueyClass: "MemoryHuey", logger: silent, database: this.database });
    this.count = onCommitTask(dbTask("count", () => this.rows(this.database.current)));
  }

  async run(handle: object, sql: string): Promise<Record<string, unknown>[]> {
    return await this.#subject.run(handle as never, sql.replaceAll("ITEM", this.#table));
  }

  async add(handle: object): Promise<void> {
    await this.run(handle, "insert into ITEM values (1)");
  }

  async rows(handle: object): Promise<number> {
    return Number((await this.run(handle, "select count(*) as n from ITEM"))[0]!.n);
  }

  /** What another connection sees. */
  async seen(): Promise<number> {
    return await this.database.use((handle) => this.rows(handle));
  }
}

for (const subject of SUBJECTS) {
  describe(`atomic() with ${subject.name}`, () => {
    let shop: Shop;
    const pending = (): Promise<number> => shop.huey.pendingCount();

    beforeEach(async () => {
      shop = new Shop(subject);
      await shop.database.use((handle) => shop.run(handle, "create table ITEM (n int)"));
    });

    test("enqueues after the commit; the task finds the row; the handle reads its value", async () => {
      await shop.database.use(async (database) => {
        const [result, waiting] = await atomic(database, async (transaction) => {
          await shop.add(transaction);
          const result = await shop.count();
          expect(await result.get()).toBeUndefined();
          return [result, await pending()] as const;
        });
        expect(waiting).toBe(0);
        expect(await pending()).toBe(1);
        await work(shop.huey);
        expect(Number(await result.get())).toBe(1);
      });
    });

    test("enqueues nothing when it rolls back, and tells why", async () => {
      await shop.database.use(async (database) => {
        const error = await failure(atomic(database, async (transaction) => {
          await shop.add(transaction);
          await shop.count();
          throw new Error("changed my mind");
        }));
        expect(error.message).toBe("changed my mind");
        expect([await pending(), await shop.rows(database)]).toEqual([0, 0]);
        expect(await atomic(database, (transaction) => shop.rows(transaction))).toBe(0);
      });
      expect(await shop.seen()).toBe(0);
    });

    test("nested: a savepoint that is rolled back drops only its own", async () => {
      await shop.database.use(async (database) => {
        await atomic(database, async (outer) => {
          await shop.add(outer);
          await shop.count();
          await atomic(database, async (inner) => {
            await shop.add(inner);
            await shop.count();
            await atomic(inner, async (innermost) => {
              await shop.add(innermost);
              await shop.count();
            });
          });
          const error = await failure(atomic(outer, async (inner) => {
            await shop.add(inner);
            await shop.count();
            await atomic(inner, async (innermost) => {
              await shop.add(innermost);
              await shop.count();
            });
            throw new Error("only this");
          }));
          expect(error.message).toBe("only this");
          expect([await pending(), await shop.rows(outer)]).toEqual([0, 3]);
        });
        expect(await pending()).toBe(3);
      });
      expect(await shop.seen()).toBe(3);
    });

    test("nested: the outermost rollback drops everything", async () => {
      await shop.database.use(async (database) => {
        await failure(atomic(database, async () => {
          await atomic(database, async (inner) => {
            await shop.add(inner);
            await shop.count();
          });
          throw new Error("all of it");
        }));
        expect([await pending(), await shop.rows(database)]).toEqual([0, 0]);
      });
    });

    test("savepoints side by side take turns, and so do transactions of one connection", async () => {
      await shop.database.use(async (database) => {
        const two = async (transaction: object): Promise<void> => {
          await Promise.all([1, 2].map(() =>
            atomic(transaction, async (inner) => {
              await shop.add(inner);
              await shop.count();
            })
          ));
        };
        await Promise.all([atomic(database, two), atomic(database, two)]);
        expect([await pending(), await shop.rows(database)]).toEqual([4, 4]);
      });
    });

    test("a query that failed is a failure, even if nobody noticed", async () => {
      await shop.database.use(async (database) => {
        const attempt = atomic(database, async (transaction) => {
          await shop.add(transaction);
          await failure(shop.run(transaction, "select * from no_such_table"));
          await shop.count();
        });
        // SQLite goes on after a failed query and commits; PostgreSQL can only roll back.
        if (subject.kind === "sqlite") await attempt;
        else await failure(attempt);
        const committed = subject.kind === "sqlite" ? 1 : 0;
        expect([await pending(), await shop.rows(database)]).toEqual([committed, committed]);
      });
    });

    test("a commit that fails enqueues nothing, and the connection stays usable", async () => {
      await shop.database.use(async (database) => {
        if (subject.kind === "sqlite") await shop.run(database, "pragma foreign_keys = on");
        await shop.run(database, "create table parent_ITEM (id int primary key)");
        await shop.run(database, "create table child_ITEM (id int references parent_ITEM (id) deferrable initially deferred)");
        const error = await failure(atomic(database, async (transaction) => {
          await shop.run(transaction, "insert into child_ITEM values (1)");
          await shop.count();
        }));
        expect(`${error.message} ${(error.cause as Error | undefined)?.message}`).toMatch(/foreign key/i);
        expect(await pending()).toBe(0);
        await atomic(database, (transaction) => shop.add(transaction));
        expect(await shop.rows(database)).toBe(1);
      });
    });

    test("inside a dbTask, with the handle that is open there", async () => {
      const add = dbTask("add", async () => {
        await atomic(shop.database, async (transaction) => {
          await shop.add(transaction);
          await shop.count();
        });
        return await shop.rows(shop.database.current);
      });
      const result = await add();
      await work(shop.huey, { limit: 1 });
      expect(Number(await result.get())).toBe(1);
      expect([await pending(), await shop.seen()]).toEqual([1, 1]);
    });

    test("in immediate mode a dbTask inside it uses its connection", async () => {
      shop.huey.immediate = true;
      const add = dbTask("add", () => shop.database.current);
      await shop.database.use(async (handle) => {
        const used = await atomic(shop.database, async () => (await add.callLocal()) === handle);
        expect(used).toBe(true);
        expect(shop.database.current).toBe(handle);
      });
      expect((await add.callLocal()) === undefined).toBe(false);
    });

    test("with a database that is not open: opened for the time", async () => {
      await atomic(shop.database, async (transaction) => {
        await shop.add(transaction);
        await shop.count();
      });
      expect([await pending(), await shop.seen()]).toEqual([1, 1]);
    });
  });
}
