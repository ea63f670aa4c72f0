/**
 * Kills consumers at random moments while tasks fail, and while they are tried again, and counts those that are kept.
 * @module
 */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { waitUntil } from "../helpers.ts";
import type { ChaosSettings } from "./app.ts";
import { fire, type OpenChaos } from "./kill.ts";
import { LONG } from "../sizes.ts";

type Chaos = typeof import("./app.ts");

const TASKS = LONG ? 4000 : 280;
const LIMIT_MS = 480_000 + 200 * TASKS;

/** Registers a test: each failed task is kept once, and tried again once, however many ask for it. */
export function failureKillTest(label: string, open: OpenChaos, workers: readonly string[]): void {
  test(`${label}: failed tasks are kept once when consumers are killed at random moments`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "huey-chaos-"));
    const journal = join(folder, "journal.txt");
    writeFileSync(journal, "");
    const settings: ChaosSettings = { ...open(folder), journal };
    process.env["HUEY_CHAOS"] = JSON.stringify(settings);
    const app = await import(`./app.ts?${encodeURIComponent(journal)}`) as Chaos;
    try {
      await app.huey.flush();
      const numbers = Array.from({ length: TASKS }, (_, n) => n);
      const results = await app.broken.map(numbers);
      const ids = [...results].map(({ id }) => id).toSorted();
      expect(await under(workers, () => allFailed(app, ids))).toBeGreaterThan(1);
      writeFileSync(app.mendedFile(journal), "");
      await under(workers, async () => {
        const counts = await Promise.all(Array.from({ length: 4 }, () => app.huey.retryAll({ taskName: "broken" })));
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(TASKS);
        expect(await results.get({ blocking: true, timeout: { milliseconds: LIMIT_MS / 3 } })).toEqual(numbers);
      });
      expect([await app.huey.deadLetterCount(), await app.huey.pendingCount(), await app.huey.running()]).toEqual([0, 0, []]);
    } finally {
      await app.huey.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }, LIMIT_MS);
}

async function allFailed({ huey }: Chaos, ids: readonly string[]): Promise<void> {
  await waitUntil(async () => await huey.deadLetterCount({ kind: "failed" }) >= ids.length);
  const letters = await huey.deadLetters({ limit: 10 * ids.length });
  expect(letters.map(({ taskId }) => taskId!).toSorted()).toEqual(ids as string[]);
  expect([await huey.pendingCount(), await huey.scheduledCount()]).toEqual([0, 0]);
}

/** Does something while consumers are killed. @returns how many were */
async function under(workers: readonly string[], work: () => Promise<void>): Promise<number> {
  const done = new AbortController();
  const killed = fire(workers, done.signal);
  try {
    await work();
  } finally {
    done.abort();
    await killed;
  }
  return await killed;
}
