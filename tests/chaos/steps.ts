/**
 * Kills consumers at random moments while tasks do their steps: what a task was given of a step is stored, and stays.
 * @module
 */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { ChaosSettings } from "./app.ts";
import { fire, type OpenChaos } from "./kill.ts";
import { LONG } from "../sizes.ts";

type Chaos = typeof import("./app.ts");

const TASKS = LONG ? 4000 : 240;
const LIMIT_MS = 480_000 + 200 * TASKS;

/** Registers a test: no step that is stored is done again, and none is lost. */
export function stepKillTest(label: string, open: OpenChaos, workers: readonly string[]): void {
  test(`${label}: steps are stored once when consumers are killed at random moments`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "huey-chaos-"));
    const journal = join(folder, "journal.txt");
    writeFileSync(journal, "");
    const settings: ChaosSettings = { ...open(folder), journal };
    process.env["HUEY_CHAOS"] = JSON.stringify(settings);
    const app = await import(`./app.ts?${encodeURIComponent(journal)}`) as Chaos;
    const done = new AbortController();
    const killed: Promise<number>[] = [];
    try {
      await app.huey.flush();
      const results = await app.stepped.map(Array.from({ length: TASKS }, (_, n) => n));
      killed.push(fire(workers, done.signal), fire(workers, done.signal));
      const values = await results.get({ blocking: true, timeout: { milliseconds: LIMIT_MS / 2 } });
      done.abort();
      expect((await Promise.all(killed)).reduce((sum, kills) => sum + kills)).toBeGreaterThan(1);
      checkSteps(readFileSync(journal, "utf8").trimEnd().split("\n"), values);
      for (const { id } of results) expect((await app.huey.storage.kept(id)).size).toBe(0);
    } finally {
      done.abort();
      await Promise.all(killed);
      await app.huey.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }, LIMIT_MS);
}

/** Once a task has the value of a step, no attempt gets another one, or does the step again. */
function checkSteps(lines: readonly string[], values: readonly (readonly string[])[]): void {
  const stored = new Map<string, string>();
  let [again, done] = [0, 0];
  for (const line of lines) {
    const [, event, step, value] = /^(did|got) (\S+) (\S+)$/.exec(line)!;
    if (event === "did") {
      done++;
      expect([step, stored.has(step!)]).toEqual([step, false]);
    } else {
      if (stored.has(step!)) again++;
      expect([step, stored.get(step!) ?? value]).toEqual([step, value]);
      stored.set(step!, value!);
    }
  }
  for (const [n, steps] of values.entries()) {
    expect(steps).toEqual(steps.map((_, step) => stored.get(`${n}.${step}`)!));
  }
  // A step that was done when its worker was killed, and not stored yet, is done again.
  expect(done).toBeGreaterThanOrEqual(stored.size);
  expect(again).toBeGreaterThanOrEqual(stored.size);
}
