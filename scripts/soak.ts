/**
 * Long runs that are no tests: memory over a million tasks, and a consumer that is killed a hundred times.
 *
 * `soak.ts [--storage memory|sqlite] [--tasks 150000]` and `soak.ts --kills [100] [--storage sqlite|file]`; ends with 1 if a figure is
 * missed.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { Consumer, Huey, MemoryStorage, SqliteStorage, type Storage } from "../mod.ts";
import { killMany } from "../tests/faults/kills.ts";

/** After so many tasks everything that is made once has been made. */
const WARM_UP = 100_000;
const BATCH = 5_000;
/** Growth that is allowed after the warm-up. */
const LIMIT_PERCENT = 5;

const { values } = parseArgs({
  options: {
    storage: { type: "string", multiple: true },
    tasks: { type: "string", default: process.env["HUEY_SOAK_TASKS"] ?? "150000" },
    kills: { type: "string" },
  },
});

function open(label: string, folder: string): Storage {
  if (label === "memory") return new MemoryStorage();
  if (label === "sqlite") return new SqliteStorage({ filename: join(folder, "soak.db") });
  throw new Error(`The memory is measured on memory and sqlite: ${label}`);
}

/** What the heap held at each look, in megabytes: tells a leak from an allocator that keeps pages. */
const heaps: number[] = [];

/** Resident memory in megabytes, after a collection where the runtime offers one. */
async function residentMb(): Promise<number> {
  const { gc, Bun } = globalThis as { gc?: () => void; Bun?: { gc(force: boolean): void } };
  for (let rounds = 0; rounds < 3; rounds++) {
    if (Bun !== undefined) Bun.gc(true);
    else gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { rss, heapUsed } = process.memoryUsage();
  heaps.push(heapUsed / 2 ** 20);
  return rss / 2 ** 20;
}

/** Runs no-op tasks in batches. @returns the memory at the end of each tenth after the warm-up */
async function runTasks(huey: Huey, total: number): Promise<number[]> {
  const noop = huey.task("noop", () => {});
  await using consumer = new Consumer(huey, { workers: 100, periodic: false });
  await consumer.start();
  const figures: number[] = [];
  const step = Math.max(BATCH, Math.floor((total - WARM_UP) / 10));
  for (let done = 0; done < total;) {
    await noop.map(Array.from({ length: BATCH }, () => []));
    await consumer.waitFor("idle");
    done += BATCH;
    if (done >= WARM_UP && (done - WARM_UP) % step < BATCH) figures.push(await residentMb());
  }
  return figures;
}

async function measure(label: string, total: number): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "huey-soak-"));
  const started = performance.now();
  try {
    const huey = new Huey({ storage: open(label, folder), completionTtl: 1 });
    const figures = await runTasks(huey, total);
    await huey.close();
    const [first = NaN] = figures;
    const last = figures.at(-1) ?? NaN;
    const growth = 100 * (last - first) / first;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(
      `${label}: ${total} tasks in ${seconds} s; MB after ${WARM_UP} tasks and on: ${
        figures.map((mb) => mb.toFixed(1)).join(" ")
      }`,
    );
    console.log(`${label}: heap ${heaps.splice(0).map((mb) => mb.toFixed(1)).join(" ")}`);
    console.log(`${label}: growth ${growth.toFixed(1)} %, allowed ${LIMIT_PERCENT} %`);
    return growth < LIMIT_PERCENT;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function main(): Promise<boolean> {
  let fine = true;
  if (values.kills !== undefined) {
    for (const label of values.storage ?? ["sqlite"]) fine = await killMany(label, Number(values.kills)) && fine;
    return fine;
  }
  for (const label of values.storage ?? ["memory", "sqlite"]) fine = await measure(label, Number(values.tasks)) && fine;
  return fine;
}

process.exit(await main() ? 0 : 1);
