/**
 * Kills consumers at random moments while they drain a queue, and counts what is left.
 * @module
 */
import { expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chord } from "../../mod.ts";
import type { ChaosSettings } from "./app.ts";
import { LONG } from "../sizes.ts";

const CONSUMER = fileURLToPath(new URL("../../consumer.ts", import.meta.url));
const APP = fileURLToPath(new URL("./app.ts", import.meta.url));
/** The usual run kills with fewer classes, and one kind of test for each storage. */
export { LONG };
/** Two tasks each. */
const PIPELINES = LONG ? 2000 : 150;
const CHORDS = 20;
const MEMBERS = 5;
/** Long: each killed consumer has a successor to start, on a machine that may be busy. */
const LIMIT_MS = 480_000 + 400 * PIPELINES;

/** How to open the queue of one test; `folder` is its own. */
export type OpenChaos = (folder: string) => Pick<ChaosSettings, "huey" | "options">;

/** Registers a test: many tasks, killed consumers, nothing lost and nothing doubled. */
export function killTest(label: string, open: OpenChaos, workers: readonly string[]): void {
  test(`${label}: nothing is lost when the consumer is killed at random moments`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "huey-chaos-"));
    const journal = join(folder, "journal.txt");
    writeFileSync(journal, "");
    const settings: ChaosSettings = { ...open(folder), journal };
    try {
      const kills = await drainUnderFire(settings, workers);
      expect(kills).toBeGreaterThan(2);
      checkJournal(readFileSync(journal, "utf8"));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, LIMIT_MS);
}

async function drainUnderFire(settings: ChaosSettings, workers: readonly string[]): Promise<number> {
  process.env["HUEY_CHAOS"] = JSON.stringify(settings);
  // A module of its own for each test: the application reads its settings when it is loaded.
  const app = await import(`./app.ts?${encodeURIComponent(settings.journal)}`) as typeof import("./app.ts");
  const { huey, double, increment, total } = app;
  await huey.flush();
  const numbers = Array.from({ length: PIPELINES }, (_, n) => n);
  const pipelines = await huey.enqueueMany(numbers.map((n) => double.s(n).andThen(increment)));
  const chords = await huey.enqueueMany(
    Array.from(
      { length: CHORDS },
      (_, n) => chord(Array.from({ length: MEMBERS }, (_, m) => increment.s(n * MEMBERS + m)), total),
    ),
  );
  const done = new AbortController();
  const killed = fire(workers, done.signal);
  try {
    const results = await pipelines.get({ blocking: true, timeout: { milliseconds: LIMIT_MS / 2 } });
    expect(results.map(([, last]) => last)).toEqual(numbers.map((n) => 2 * n + 1));
    const totals = await chords.get({ blocking: true, timeout: { milliseconds: LIMIT_MS / 2 } });
    expect(totals).toEqual(Array.from({ length: CHORDS }, (_, n) => MEMBERS * (n * MEMBERS) + 15));
  } finally {
    done.abort();
    await killed;
  }
  expect([await huey.pendingCount(), await huey.scheduledCount(), await huey.deadLetterCount()]).toEqual([0, 0, 0]);
  await huey.close();
  return await killed;
}

/** How many attempts a consumer begins, at least and at most: so few that a queue outlives several. */
const SHORTEST = 20;
const LONGEST = LONG ? 170 : 130;

/**
 * Starts a consumer, lets it run some tasks, kills it, starts the next one.
 * @param longest How many attempts a consumer begins at most.
 * @returns how many were killed
 */
export async function fire(workers: readonly string[], done: AbortSignal, longest: number = LONGEST): Promise<number> {
  for (let kills = 0;; kills++) {
    const consumer = startConsumer(workers, longest);
    const exited = once(consumer, "exit");
    await ranTasks(consumer, SHORTEST + Math.floor((longest - SHORTEST) * Math.random()), done);
    consumer.kill("SIGKILL");
    await exited;
    if (done.aborted) return kills;
  }
}

function startConsumer(workers: readonly string[], longest: number): ChildProcess {
  const runtime = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
  const args = [...runtime, CONSUMER, APP, "-q", ...workers];
  // Threads count each for itself.
  const life = Math.floor(longest / (workers.includes("thread") ? Number(workers.at(-1)) : 1));
  const settings: ChaosSettings = { ...JSON.parse(process.env["HUEY_CHAOS"]!), life };
  return spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", process.env["HUEY_TEST_LOGS"] ? "inherit" : "ignore"],
    env: { ...process.env, HUEY_CHAOS: JSON.stringify(settings) },
  });
}

/** Resolves when the consumer has run so many tasks, has ended, or everything is done. */
async function ranTasks(consumer: ChildProcess, count: number, done: AbortSignal): Promise<void> {
  const lines = createInterface({ input: consumer.stdout! });
  let left = count;
  const { promise, resolve } = Promise.withResolvers<void>();
  lines.on("line", () => --left === 0 && resolve());
  lines.on("close", resolve);
  done.addEventListener("abort", () => resolve(), { once: true });
  if (!done.aborted) await promise;
}

/** Every task left its line, and no message was handed out twice with the same count. */
function checkJournal(journal: string): void {
  const lines = journal.trimEnd().split("\n");
  const doubled = lines.filter((line, index) => lines.indexOf(line) !== index);
  expect(doubled).toEqual([]);
  for (let n = 0; n < PIPELINES; n++) expect(journal).toContain(`double ${n} `);
  expect(lines.filter((line) => line.startsWith("total ") && line.endsWith("delivery 1")).length).toBeLessThanOrEqual(CHORDS);
}
