/**
 * A database connection for each worker, opened when it starts and closed when it ends.
 *
 * Each worker of the types `thread` and `process` imports this module anew, so the variable below is its own. A consumer of the
 * type `greenlet` is one worker, however many tasks it runs at once, and has one connection.
 */
import { Consumer, SqliteHuey, type WorkerType } from "@hueyjs/huey";
import { type Database, openDatabase } from "./database.ts";

export const huey: SqliteHuey = new SqliteHuey({ filename: "queue.db" });

let database: Database | undefined;
huey.onStartup(() => {
  database = openDatabase("application.db");
  database.run("create table if not exists event (name text)");
  database.run("insert into event values ('opened')");
});
huey.onShutdown(() => {
  database?.run("insert into event values ('closed')");
  database?.[Symbol.dispose]();
  database = undefined;
});

const runQuery = huey.task("runQuery", (n: number) => {
  if (database === undefined) throw new Error("This worker has no database");
  return database.all("select ? as n", n)[0]!.n as number;
});

async function demonstrate(workerType: WorkerType): Promise<void> {
  const consumer = new Consumer(huey, { workerType, workers: 2, module: import.meta.url });
  await consumer.start();
  const results = await runQuery.map([1, 2, 3, 4]);
  console.log(workerType, JSON.stringify(await results.get({ blocking: true })));
  await consumer.stop();

  using report = openDatabase("application.db");
  console.log(JSON.stringify(report.all("select name, count(*) as n from event group by name")));
  report.run("delete from event");
}

if (import.meta.main) {
  await demonstrate("greenlet");
  await demonstrate("thread");
  await demonstrate("process");
  await huey.close();
}

// Output:
// greenlet [1,2,3,4]
// [{"name":"closed","n":1},{"name":"opened","n":1}]
// thread [1,2,3,4]
// [{"name":"closed","n":2},{"name":"opened","n":2}]
// process [1,2,3,4]
// [{"name":"closed","n":2},{"name":"opened","n":2}]
