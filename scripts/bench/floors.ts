/**
 * The floor under a storage: what its client or binding does at best with the same amount of data.
 * @module
 */
import { join } from "node:path";
import process from "node:process";
import { perSecond } from "./statistics.ts";
import type { Place } from "./storages.ts";

/** Operations per second. */
export interface Floor {
  readonly what: string;
  readonly oneByOne: number;
  readonly bulk: number;
  /** One item claimed and dropped at a time. */
  readonly claimOne: number;
  /** A hundred at a time. */
  readonly claimBatch: number;
}

interface Database {
  exec(sql: string): unknown;
  prepare(sql: string): { run(...values: unknown[]): unknown; all(...values: unknown[]): unknown[] };
  close(): void;
}

const PAYLOAD = Buffer.alloc(120, "x");
const BATCH = 100;
const BULK = 1000;

/** Measures the floor of a place; `undefined` where there is none worth the name. */
export async function floorOf(place: Place, count: number): Promise<Floor | undefined> {
  if (place.storage === "sqlite") return await sqliteFloor(join(place.folder, "floor.db"), count);
  if (place.storage === "redis") return await redisFloor(place.redisUrl, count);
  return undefined;
}

async function sqliteFloor(filename: string, count: number): Promise<Floor> {
  const db = openDatabase(filename);
  db.exec("pragma journal_mode = wal");
  db.exec("pragma synchronous = normal");
  db.exec("create table task (id integer primary key, data blob, owner text)");
  db.exec("create index waiting on task (id) where owner is null");
  const insert = db.prepare("insert into task (data) values (?)");
  const take = db.prepare(
    "update task set owner = 'w' where id in (select id from task where owner is null order by id limit ?) returning id",
  );
  const drop = db.prepare("delete from task where id = ?");
  const inTransaction = (work: () => void): void => {
    db.exec("begin immediate");
    work();
    db.exec("commit");
  };
  const claim = (size: number): void => {
    let rows: { id: number }[] = [];
    inTransaction(() => rows = take.all(size) as { id: number }[]);
    inTransaction(() => rows.forEach(({ id }) => drop.run(id)));
  };
  const repeat = (times: number, work: () => void): () => Promise<void> => () => {
    for (let n = 0; n < times; n++) work();
    return Promise.resolve();
  };
  const oneByOne = await perSecond(count, repeat(count, () => insert.run(PAYLOAD)));
  const claimOne = await perSecond(count, repeat(count, () => claim(1)));
  const fill = repeat(count / BULK, () => inTransaction(() => Array.from({ length: BULK }, () => insert.run(PAYLOAD))));
  const bulk = await perSecond(count, fill);
  const claimBatch = await perSecond(count, repeat(count / BATCH, () => claim(BATCH)));
  db.close();
  return { what: "the binding alone", oneByOne, bulk, claimOne, claimBatch };
}

function openDatabase(filename: string): Database {
  const bun = process.getBuiltinModule("bun:sqlite" as never) as { Database: new (path: string) => Database } | undefined;
  if (bun !== undefined) return new bun.Database(filename);
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite") as unknown as {
    DatabaseSync: new (path: string) => Database;
  };
  return new DatabaseSync(filename);
}

async function redisFloor(url: string, count: number): Promise<Floor> {
  const { createClient } = await import("redis");
  const client = createClient({ url });
  client.on("error", (error: Error) => console.error(error.message));
  await client.connect();
  const key = "bench-floor";
  await client.del(key);
  const claim = "local item = redis.call('rpop', KEYS[1]) if item then redis.call('zadd', KEYS[2], 1, item) end return item";
  const [take, drop] = [await client.scriptLoad(claim), await client.scriptLoad("return redis.call('zpopmin', KEYS[1])")];
  const one = async (): Promise<void> => {
    await client.evalSha(take, { keys: [key, `${key}-claims`] });
    await client.evalSha(drop, { keys: [`${key}-claims`] });
  };
  const sequential = count / 4;
  const oneByOne = await perSecond(sequential, async () => {
    for (let n = 0; n < sequential; n++) await client.lPush(key, PAYLOAD);
  });
  const bulk = await perSecond(count, async () => {
    for (let n = 0; n < count; n += BULK) await client.lPush(key, Array.from({ length: BULK }, () => PAYLOAD));
  });
  const claimOne = await perSecond(sequential, async () => {
    for (let n = 0; n < sequential; n++) await one();
  });
  const claimBatch = await perSecond(count, async () => {
    for (let n = 0; n < count; n += BATCH) await Promise.all(Array.from({ length: BATCH }, one));
  });
  await client.del([key, `${key}-claims`]);
  await client.close();
  return { what: "LPUSH; two scripts a task", oneByOne, bulk, claimOne, claimBatch };
}
