/** Consumers of both runtimes on one folder, whose disk is full again and again. Needs the right to mount a small file system in memory. */
import { expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { StorageError } from "../../mod.ts";
import type { ChaosSettings } from "../chaos/app.ts";
import { failure, waitUntil } from "../helpers.ts";
import { LONG } from "../sizes.ts";
import { canMount, SmallDisk } from "./small_disk.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const COMMANDS = [
  [join(ROOT, "node_modules/.bin/bun")],
  [join(ROOT, "node_modules/.bin/deno"), "run", "-A", "--no-check", "--quiet"],
] as const;
const ROUNDS = LONG ? 8 : 2;
const PIPELINES = 300;
/** Too long for any message. */
const BIG = "x".repeat(100_000);
/** Short where it must run out; elsewhere a consumer that a busy machine leaves without its processor must not lose its tasks. */
const LEASE = LONG ? "2" : "15";
const LIMIT_MS = 300_000;

type Chaos = typeof import("../chaos/app.ts");

/** A process that runs the tasks of the kill tests. */
function startConsumer([command, ...args]: readonly string[]): ChildProcess {
  const app = join(ROOT, "tests/chaos/app.ts");
  const options = ["-q", "-k", "greenlet", "-w", "4", "--lease", LEASE];
  return spawn(command!, [...args, join(ROOT, "consumer.ts"), app, ...options], { stdio: "ignore", env: process.env });
}

test.skipIf(!canMount)("two runtimes on a disk that is full again and again: each task runs once (needs root)", async () => {
  const disk = new SmallDisk();
  const folder = mkdtempSync(join(tmpdir(), "huey-full-"));
  const journal = join(folder, "journal.txt");
  writeFileSync(journal, "");
  const lines = (): string[] => readFileSync(journal, "utf8").trimEnd().split("\n");
  process.env["HUEY_CHAOS"] = JSON.stringify(
    { huey: "FileHuey", options: { path: disk.queue }, journal } satisfies ChaosSettings,
  );
  const { huey, double, increment } = await import(`../chaos/app.ts?${encodeURIComponent(journal)}`) as Chaos;
  const consumers = COMMANDS.map(startConsumer);
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const numbers = Array.from({ length: PIPELINES }, (_, index) => round * PIPELINES + index);
      const pipelines = await huey.enqueueMany(numbers.map((n) => double.s(n).andThen(increment)));
      const before = lines().length;
      await waitUntil(() => lines().length > before + 20);
      disk.fill();
      expect(await failure(() => huey.put("key", BIG))).toBeInstanceOf(StorageError);
      // Until no consumer could renew its lease: in the usual run a moment is enough.
      if (LONG) await waitUntil(async () => (await huey.consumers()).every(({ silent }) => silent));
      disk.free();
      const results = await pipelines.get({ blocking: true, timeout: 60 });
      expect(results.map(([, last]) => last)).toEqual(numbers.map((n) => 2 * n + 1));
    }
    expect([await huey.pendingCount(), await huey.scheduledCount(), await huey.deadLetterCount()]).toEqual([0, 0, 0]);
    expect(lines().length).toBe(new Set(lines()).size);
    expect(lines().filter((line) => !line.endsWith("delivery 1"))).toEqual([]);
  } finally {
    for (const consumer of consumers) consumer.kill("SIGKILL");
    await Promise.all(consumers.map((consumer) => consumer.exitCode ?? consumer.signalCode ?? once(consumer, "exit")));
    await huey.close();
    disk.end();
    rmSync(folder, { recursive: true, force: true });
  }
}, LIMIT_MS);
