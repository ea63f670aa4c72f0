/**
 * What the file storage costs: enqueue one by one and in bulk, claim and settle, with a shallow and a deep queue; opening a deep one.
 *
 *     bun scripts/bench/file_driver.ts [messages] [deep] [folder]
 *     deno run -A scripts/bench/file_driver.ts [messages] [deep] [folder]
 *
 * The file system decides: ext4 makes new files many times more slowly right after many were deleted. `/dev/shm` shows the rest.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Item, Storage } from "../../lib/storage.ts";
import { fileStorage } from "../../storage/file/storage.ts";

const COUNT = Number(process.argv[2] ?? 5000);
const DEEP = Number(process.argv[3] ?? 50_000);
const owner = { consumer: "bench", worker: "w" };
const data = new Uint8Array(200);

function items(count: number, track: boolean, dueMs?: number): Item[] {
  const prefix = Math.random().toString(36).slice(2);
  return Array.from({ length: count }, (_, index) => ({ id: `${prefix}-${index}`, data, priority: 0, track, dueMs }));
}

async function measure(label: string, count: number, action: () => Promise<void>): Promise<void> {
  const startMs = performance.now();
  const start = process.cpuUsage();
  await action();
  const ms = performance.now() - startMs;
  const { user, system } = process.cpuUsage(start);
  const [wall, processor] = [ms / count * 1000, (user + system) / count].map((us) => us.toFixed(1).padStart(8));
  console.log(`${label.padEnd(44)} ${wall} us, processor ${processor} us, ${Math.round(count / ms * 1000)}/s`);
}

async function enqueueOneByOne(storage: Storage, count: number, track: boolean): Promise<void> {
  for (const item of items(count, track)) await storage.enqueue([item]);
}

async function enqueueBulk(storage: Storage, count: number, dueMs?: number): Promise<void> {
  for (let left = count; left > 0; left -= 1000) await storage.enqueue(items(Math.min(left, 1000), false, dueMs));
}

async function consume(storage: Storage, count: number, batch: number, result?: Uint8Array): Promise<void> {
  for (let done = 0; done < count;) {
    const { claims } = await storage.claim(Math.min(batch, count - done), owner);
    for (const claim of claims) await storage.settle({ claim, id: claim.id, result, ending: "complete", noticeTtlMs: 60_000 });
    done += claims.length;
  }
}

/** What another process pays that opens the queue: time, and memory (of the whole process, so only roughly). */
async function open(count: number): Promise<void> {
  const before = process.memoryUsage().rss;
  const other = fileStorage({ path });
  await measure(`opening, ${count} wait`, 1, async () => void await other.pendingCount());
  console.log(`${"memory of a task that waits".padEnd(44)} ${Math.round((process.memoryUsage().rss - before) / count)} bytes`);
  await other.close();
}

const path = mkdtempSync(join(process.argv[4] ?? tmpdir(), "huey-file-bench-"));
const storage = fileStorage({ path });
try {
  const result = new Uint8Array(40);
  await enqueueOneByOne(storage, 500, true);
  await consume(storage, 500, 1, result);
  await measure("enqueue one by one", COUNT, () => enqueueOneByOne(storage, COUNT, false));
  await measure("claim 1 + settle, result", COUNT, () => consume(storage, COUNT, 1, result));
  await measure("enqueue one by one, tracked", COUNT, () => enqueueOneByOne(storage, COUNT, true));
  await measure("claim 1 + settle, result, tracked", COUNT, () => consume(storage, COUNT, 1, result));
  await measure("enqueue in bulk of 1000", COUNT, () => enqueueBulk(storage, COUNT));
  await measure("claim 100 + settle, notice", COUNT, () => consume(storage, COUNT, 100));
  await measure(`enqueue in bulk, ${DEEP}`, DEEP, () => enqueueBulk(storage, DEEP));
  await open(DEEP);
  await measure("claim 1 + settle, notice, deep queue", COUNT, () => consume(storage, COUNT, 1));
  await measure("pendingCount, deep queue", 1, async () => void await storage.pendingCount());
  await measure(`schedule in bulk, ${DEEP}, all due at once`, DEEP, () => enqueueBulk(storage, DEEP, Date.now()));
  await measure("promoteDue by 100, deep schedule", COUNT, async () => {
    for (let done = 0; done < COUNT; done += 100) await storage.promoteDue(100);
  });
} finally {
  await storage.close();
  rmSync(path, { recursive: true });
}
