/**
 * Kills consumers at random moments while tasks wait behind gates and hold unique keys, and counts how many were there at once.
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
type Single = Awaited<ReturnType<Chaos["single"]>>;

/** Tasks behind gates; a quarter as many rounds of calls with unique keys. */
const TASKS = LONG ? 4000 : 160;
const GATES = ["gate a", "gate b", "gate c"];
const KEYS = Array.from({ length: 10 }, (_, n) => `key ${n}`);
const CONSUMERS = 2;
/** How many attempts a consumer begins at most: those of the gates alone need several consumers. */
const LONGEST = LONG ? 170 : 60;
const LIMIT_MS = 480_000 + 200 * TASKS;

const TO_THE_END = { blocking: true, timeout: { milliseconds: LIMIT_MS / 4 } } as const;

/** Registers a test: never more at once than a gate lets through, never two that hold one key, and nothing is lost. */
export function gateKillTest(label: string, open: OpenChaos, workers: readonly string[]): void {
  test(`${label}: gates and unique keys hold when consumers are killed at random moments`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "huey-chaos-"));
    const journal = join(folder, "journal.txt");
    writeFileSync(journal, "");
    const settings: ChaosSettings = { ...open(folder), journal };
    process.env["HUEY_CHAOS"] = JSON.stringify(settings);
    // A module of its own for each test: the application reads its settings when it is loaded.
    const app = await import(`./app.ts?${encodeURIComponent(journal)}`) as Chaos;
    try {
      await app.huey.flush();
      const { kills, singles } = await runUnderFire(app, workers);
      expect(kills).toBeGreaterThan(2);
      const most = mostAtOnce(readFileSync(journal, "utf8").trimEnd().split("\n"));
      expect(Object.fromEntries(GATES.map((gate) => [gate, most.get(gate)]))).toEqual(
        Object.fromEntries(GATES.map((gate) => [gate, app.GATE_LIMIT])),
      );
      for (const key of KEYS) expect([key, most.get(key)]).toEqual([key, 1]);
      expect(singles).toBeGreaterThan(KEYS.length);
      await nothingIsLeft(app);
    } finally {
      await app.huey.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }, LIMIT_MS);
}

async function runUnderFire(app: Chaos, workers: readonly string[]): Promise<{ kills: number; singles: number }> {
  const numbers = Array.from({ length: TASKS }, (_, n) => n);
  const gated = await app.gated.map(numbers.map((n) => [GATES[n % GATES.length]!, n] as const));
  expect(await app.huey.blockedCount()).toBe(TASKS - GATES.length * app.GATE_LIMIT);
  const done = new AbortController();
  const killed = Array.from({ length: CONSUMERS }, () => fire(workers, done.signal, LONGEST));
  try {
    const singles = await callSingles(app);
    expect(await gated.get({ blocking: true, timeout: { milliseconds: LIMIT_MS / 2 } })).toEqual(numbers);
    return { kills: (await endFire()).reduce((sum, kills) => sum + kills, 0), singles };
  } finally {
    await endFire();
  }

  function endFire(): Promise<number[]> {
    done.abort();
    return Promise.all(killed);
  }
}

/** Calls all keys again and again, each time that one of them is free. @returns how many calls were no duplicates */
async function callSingles(app: Chaos): Promise<number> {
  const called = new Map<string, { readonly round: number; readonly result: Pick<Single, "get"> }>();
  for (let round = 0; round < TASKS / 4; round++) {
    const results = await Promise.all(KEYS.map((key) => app.single(key, round)));
    for (const result of results) if (!result.duplicate) called.set(result.id, { round, result });
    await results[round % KEYS.length]!.get({ ...TO_THE_END, preserve: true });
  }
  for (const { round, result } of called.values()) expect(await result.get(TO_THE_END)).toBe(round);
  return called.size;
}

/** By key, how many tasks have begun at most and not ended. One that was killed has not, until it has run again. */
function mostAtOnce(lines: readonly string[]): Map<string, number> {
  const inside = new Map<string, Set<string>>();
  const most = new Map<string, number>();
  for (const line of lines) {
    const [, event, key, id] = /^(enter|leave) (\w+ \w+) (\S+)$/.exec(line)!;
    const ids = inside.get(key!) ?? new Set();
    inside.set(key!, ids);
    if (event === "enter") ids.add(id!);
    else ids.delete(id!);
    most.set(key!, Math.max(most.get(key!) ?? 0, ids.size));
  }
  return most;
}

/** The keys are free, and the gates are open. */
async function nothingIsLeft({ huey, gated, single, GATE_LIMIT }: Chaos): Promise<void> {
  const left = [
    await huey.pendingCount(),
    await huey.scheduledCount(),
    await huey.blockedCount(),
    await huey.deadLetterCount(),
  ];
  expect([...left, await huey.running()]).toEqual([0, 0, 0, 0, []]);
  for (const key of KEYS) expect([key, (await single(key, 1)).duplicate]).toEqual([key, false]);
  for (const gate of GATES) for (let n = 0; n < GATE_LIMIT; n++) await gated(gate, n);
  expect(await huey.blockedCount()).toBe(0);
}
