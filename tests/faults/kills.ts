/**
 * Kills one consumer after another while it drains a queue that is kept full, and counts what is left.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chord } from "../../mod.ts";
import type { ChaosSettings } from "../chaos/app.ts";

const CONSUMER = fileURLToPath(new URL("../../consumer.ts", import.meta.url));
const APP = fileURLToPath(new URL("../chaos/app.ts", import.meta.url));
const OPTIONS: Readonly<Record<string, (folder: string) => Pick<ChaosSettings, "huey" | "options">>> = {
  sqlite: (folder) => ({ huey: "SqliteHuey", options: { filename: join(folder, "kills.db") } }),
  file: (folder) => ({ huey: "FileHuey", options: { path: join(folder, "queue") } }),
};
/** What one life of a consumer gets to do, at most. */
const PIPELINES = 60;
const MEMBERS = 5;

type Chaos = typeof import("../chaos/app.ts");
type Handle = { get(options: { blocking: true }): Promise<unknown> };

/** Kills a consumer so many times. @returns whether every result is right and nothing was enqueued twice */
export async function killMany(label: string, kills: number): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "huey-kills-"));
  const journal = join(folder, "journal.txt");
  writeFileSync(journal, "");
  const place = OPTIONS[label];
  if (place === undefined) throw new Error(`Consumers are killed on ${Object.keys(OPTIONS).join(" and ")}: ${label}`);
  const settings: ChaosSettings = { ...place(folder), journal };
  process.env["HUEY_CHAOS"] = JSON.stringify(settings);
  const app = await import(`../chaos/app.ts?${encodeURIComponent(journal)}`) as Chaos;
  try {
    return await drain(label, app, kills, journal);
  } finally {
    await app.huey.close();
    rmSync(folder, { recursive: true });
  }
}

async function drain(label: string, app: Chaos, kills: number, journal: string): Promise<boolean> {
  const expected: unknown[] = [];
  const handles: Handle[] = [];
  for (let life = 0; life < kills; life++) {
    await add(app, life, handles, expected);
    await liveAndDie(10 + Math.floor(2 * PIPELINES * Math.random()));
  }
  const last = start();
  last.stdout!.resume();
  const values: unknown[] = [];
  for (const handle of handles) values.push(await handle.get({ blocking: true }));
  last.kill("SIGKILL");
  const wrong = values.filter((value, index) => JSON.stringify(value) !== JSON.stringify(expected[index])).length;
  const lines = readFileSync(journal, "utf8").trimEnd().split("\n");
  const doubled = lines.length - new Set(lines).size;
  const left = [await app.huey.pendingCount(), await app.huey.scheduledCount(), await app.huey.deadLetterCount()];
  console.log(
    `${label}: ${kills} kills, ${values.length} pipelines and chords, ${lines.length} attempts; wrong or lost ${wrong}, doubled ${doubled}, left ${left}`,
  );
  return wrong === 0 && doubled === 0 && left.every((count) => count === 0);
}

/** Pipelines of two steps, the first of which sometimes fails at first, and chords. */
async function add(
  { huey, double, increment, total }: Chaos,
  life: number,
  handles: Handle[],
  expected: unknown[],
): Promise<void> {
  const numbers = Array.from({ length: PIPELINES }, (_, index) => life * PIPELINES + index);
  handles.push(...await huey.enqueueMany(numbers.map((n) => double.s(n).andThen(increment))) as Iterable<Handle>);
  expected.push(...numbers.map((n) => [2 * n, 2 * n + 1]));
  const members = Array.from({ length: MEMBERS }, (_, index) => increment.s(life + index));
  handles.push(await huey.enqueue(chord(members, total)));
  expected.push(members.reduce((sum, _, index) => sum + life + index + 1, 0));
}

function start(): ChildProcess {
  const runtime = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
  const args = [...runtime, CONSUMER, APP, "-q", "-k", "greenlet", "-w", "10"];
  return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"], env: process.env });
}

/** Starts a consumer and kills it when it has begun so many attempts, or when it has nothing more to do. */
async function liveAndDie(attempts: number): Promise<void> {
  const consumer = start();
  const exited = once(consumer, "exit");
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = attempts;
  createInterface({ input: consumer.stdout! }).on("line", () => --left === 0 && resolve()).on("close", resolve);
  const idle = setTimeout(resolve, 3000);
  await promise;
  clearTimeout(idle);
  consumer.kill("SIGKILL");
  await exited;
}
