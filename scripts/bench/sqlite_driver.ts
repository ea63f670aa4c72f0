/**
 * Speed of the SQLite driver alone, beside the floor of the binding in the same run.
 *
 * Run with `bun scripts/bench/sqlite_driver.ts` or `deno run -A scripts/bench/sqlite_driver.ts`; an argument sets the number of
 * tasks per measurement (default 20,000).
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { newId } from "../../lib/primitives/ids.ts";
import type { Claim, Item, Settlement } from "../../lib/storage.ts";
import { SqliteStorage } from "../../storage/sqlite/front.ts";
import { openDatabase } from "../../storage/sqlite/connection/database.ts";

const TASKS = Number(process.argv[2] ?? 20_000);
const BATCH = 100;
const BULK = 1000;
const DEEP = 1_000_000;

const message = new TextEncoder().encode(
  JSON.stringify({ v: 1, id: "0".repeat(36), name: "noop", args: [1, 2], pad: "x".repeat(100) }),
);
const value = new TextEncoder().encode("42");
const owner = { consumer: "bench", worker: "1" };
const folder = mkdtempSync(join(tmpdir(), "huey-bench-"));

function items(count: number): Item[] {
  return Array.from({ length: count }, () => ({ id: newId(), data: message, priority: 0, track: true }));
}

/** As the library settles a task: with a value every other time, and always with the revocation that it used up. */
function settlement(claim: Claim, index: number): Settlement {
  const result = index % 2 === 0 ? value : undefined;
  return { claim, id: claim.id, result, ending: "complete", noticeTtlMs: 60_000, dropRevocations: [`r:${claim.id}`] };
}

/** Prints tasks per second of the clock, and per second of processor time, which other load on the machine disturbs less. */
async function measure(label: string, count: number, work: () => Promise<void> | void): Promise<void> {
  const startedAt = performance.now();
  const used = process.cpuUsage();
  await work();
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(used);
  console.log(`${label.padEnd(52)} ${rate(count, seconds)} /s ${rate(count, (user + system) / 1e6)} /s of processor`);
}

function rate(count: number, seconds: number): string {
  return Math.round(count / seconds).toLocaleString("en").padStart(9);
}

async function floor(): Promise<void> {
  const database = openDatabase(join(folder, "floor.db"));
  database.prepare("pragma journal_mode = wal").get();
  database.exec("pragma synchronous = normal");
  database.exec("create table task (id integer primary key, queue text, data blob, priority real, claimed integer)");
  database.exec("create index waiting on task (queue, priority desc, id) where claimed is null");
  const insert = database.prepare("insert into task (queue, data, priority) values ('q', ?, 0)");
  await measure("floor: insert, one transaction each", TASKS, () => {
    for (let i = 0; i < TASKS; i++) insert.run(message);
  });
  await measure("floor: insert, transactions of 1000", TASKS * 5, () => {
    for (let i = 0; i < TASKS * 5; i++) {
      if (i % BULK === 0) database.exec("begin immediate");
      insert.run(message);
      if (i % BULK === BULK - 1) database.exec("commit");
    }
  });
  const claim = database.prepare(
    "update task set claimed = 1 where id = (select id from task where queue = 'q' and claimed is null order by priority desc, id limit 1) returning id, data",
  );
  const remove = database.prepare("delete from task where id = ?");
  await measure("floor: claim, then delete, one transaction each", TASKS, () => {
    for (let i = 0; i < TASKS; i++) remove.run(claim.get()?.id ?? null);
  });
  database.close();
}

async function enqueueAll(storage: SqliteStorage): Promise<void> {
  const single = items(TASKS);
  await measure("enqueue, one by one", TASKS, async () => {
    for (const item of single) await storage.enqueue([item]);
  });
  const concurrent = items(TASKS);
  await measure("enqueue, 500 at the same time", TASKS, async () => {
    for (let i = 0; i < TASKS; i += 500) {
      await Promise.all(concurrent.slice(i, i + 500).map((item) => storage.enqueue([item])));
    }
  });
  await bulk(storage, TASKS * 5);
}

async function bulk(storage: SqliteStorage, count: number): Promise<void> {
  const batches = Array.from({ length: count / BULK }, () => items(BULK));
  await measure("enqueue, batches of 1000", count, async () => {
    for (const batch of batches) await storage.enqueue(batch);
  });
}

async function consume(storage: SqliteStorage, label: string): Promise<void> {
  await measure(`claim and settle, batches of ${BATCH}, ${label}`, TASKS, async () => {
    let { claims } = await storage.claim(BATCH, owner);
    for (let done = 0; done < TASKS; done += BATCH) {
      const settled = claims.map((claim, index) => storage.settle(settlement(claim, index)));
      claims = (await storage.claim(BATCH, owner)).claims;
      await Promise.all(settled);
    }
    await storage.release(claims);
  });
  await measure(`claim and settle, 1 slot, ${label}`, TASKS, async () => {
    let { claims } = await storage.claim(1, owner);
    for (let done = 0; done < TASKS; done++) {
      const settled = storage.settle(settlement(claims[0]!, done));
      claims = (await storage.claim(1, owner)).claims;
      await settled;
    }
    await storage.release(claims);
  });
}

async function deepSchedule(storage: SqliteStorage): Promise<void> {
  for (const depth of [BULK, DEEP]) {
    const dueMs = Date.now() + 3_600_000;
    for (let i = 0; i < depth; i += BULK) await storage.enqueue(items(BULK).map((item) => ({ ...item, dueMs })));
    await storage.enqueue(items(TASKS).map((item) => ({ ...item, dueMs: 1000 })));
    await measure(`promote, batches of ${BATCH}, ${depth} others scheduled`, TASKS, async () => {
      while ((await storage.promoteDue(BATCH)).length > 0);
    });
  }
}

try {
  console.log("Bun" in globalThis ? "Bun" : "Deno");
  await floor();
  const storage = new SqliteStorage({ filename: join(folder, "huey.db") });
  await storage.renewLease({ consumer: owner.consumer, ttlMs: 3_600_000, host: "bench", pid: process.pid });
  await enqueueAll(storage);
  await consume(storage, "shallow");
  if (process.argv[3] === "deep") {
    await bulk(storage, DEEP);
    await consume(storage, "1,000,000 waiting");
    await deepSchedule(storage);
  }
  await storage.close();
} finally {
  rmSync(folder, { recursive: true });
}
