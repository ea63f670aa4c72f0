/** Processes of both runtimes at once over one folder, and processes that are killed. @module */
import type { Storage } from "../../lib/storage.ts";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { fileStorage } from "../../storage/file/storage.ts";
import { ids, item, items, text } from "../../testing/contract/helpers.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CHILD = join(ROOT, "tests/storage/file_child.ts");
const COMMANDS = {
  bun: [join(ROOT, "node_modules/.bin/bun"), CHILD],
  deno: [join(ROOT, "node_modules/.bin/deno"), "run", "-A", "--quiet", CHILD],
} as const;
type Runtime = keyof typeof COMMANDS;

let path: string;
let storage: Storage;
let children: Child[];

/** What the tasks are. */
interface Work {
  /** They are members of a chord. */
  readonly isChord?: boolean;
  /** So many values of 4 kB are written with each. */
  readonly values?: number;
}

/** A consumer in another process. */
class Child {
  readonly consumer: string;
  readonly said: string[] = [];
  readonly ended: Promise<number | null>;
  readonly #process: ChildProcess;
  #listeners: (() => void)[] = [];

  constructor(runtime: Runtime, consumer: string, limit: number, { isChord = false, values = 0 }: Work) {
    const [command, ...args] = COMMANDS[runtime];
    this.consumer = consumer;
    this.#process = spawn(command!, [...args, path, consumer, String(limit), isChord ? "1" : "0", String(values)], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "inherit"],
    });
    createInterface({ input: this.#process.stdout! }).on("line", (line) => {
      this.said.push(line);
      this.#wake();
    });
    this.ended = new Promise((resolve) => this.#process.on("close", (code) => resolve(code)));
    void this.ended.then(() => this.#wake());
    children.push(this);
  }

  /** Waits until it has said so many words, or has ended. */
  async heard(count: number): Promise<void> {
    const isOver = this.ended.then(() => true);
    while (this.said.length < count) {
      const heard = new Promise<boolean>((resolve) => this.#listeners.push(() => resolve(false)));
      if (await Promise.race([heard, isOver])) return;
    }
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  #wake(): void {
    for (const listener of this.#listeners.splice(0)) listener();
  }
}

function start(runtime: Runtime, consumer: string, limit: number, work: Work = {}): Child {
  return new Child(runtime, consumer, limit, work);
}

/** How many logs there were. */
function generations(): number {
  const logs = readdirSync(join(path, "huey")).filter((name) => name.startsWith("log-")).sort();
  expect(logs.length).toBeLessThanOrEqual(2);
  return Number(logs.at(-1)!.slice(4));
}

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), "huey-file-"));
  storage = fileStorage({ path });
  children = [];
});

afterEach(async () => {
  for (const child of children) child.kill();
  for (const child of children) await child.ended;
  await storage.close();
  rmSync(path, { recursive: true });
});

describe("several processes", () => {
  test("Bun and Deno race: each message runs once, each follow-up is there once, each run is counted", async () => {
    const count = 400;
    // Whoever is given the most tasks, they write enough for several logs.
    const values = 8;
    const racers = [
      start("bun", "one", 3, { values }),
      start("deno", "two", 3, { values }),
      start("bun", "three", 1, { values }),
    ];
    for (const racer of racers) await racer.heard(1);
    // First one by one to those who wait, then in bulk.
    for (const one of items("task", 100, { priority: 9 })) await storage.enqueue([one]);
    await storage.enqueue(items("task", count, { priority: 9 }).slice(100));
    expect(await stopAll(racers)).toEqual([0, 0, 0]);
    const ran = racers.flatMap((racer) => racer.said).filter((word) => word.startsWith("task"));
    expect(ran.length).toBe(count);
    expect(new Set(ran).size).toBe(count);
    expect(nextOf(await storage.scheduled())).toEqual(expectedNext(count));
    expect(await storage.results.size()).toBe(count);
    expect(await storage.pendingCount()).toBe(0);
    expect(await storage.increment("runs", 0)).toBe(count);
    // While one writes the state of the next log, which takes as long as the disk does, the others go on with this one.
    expect(generations()).toBeGreaterThan(1);
  }, 60_000);

  test("killed again and again: nothing is lost or doubled", async () => {
    const count = 300;
    const callback = item("callback", { dueMs: 2 ** 42 });
    await storage.enqueue(items("task", count, { priority: 9 }), [{ id: "chord", size: count, callback }]);
    await storage.enqueue([item("stop")]);
    let kills = 0;
    for (let isOver = false; !isOver;) {
      const runtime = kills % 2 === 0 ? "bun" : "deno";
      const child = start(runtime, `consumer${kills}`, 4, { isChord: true, values: 40 });
      await child.heard(2 + kills * 7);
      child.kill();
      await child.ended;
      isOver = child.said.includes("stop");
      await storage.recover({ consumer: child.consumer });
      if (!isOver) kills++;
      if (await storage.pendingCount() === 0) isOver = true;
    }
    expect(kills).toBeGreaterThan(3);
    const scheduled = await storage.scheduled();
    expect(nextOf(scheduled)).toEqual(expectedNext(count));
    expect(ids(scheduled).filter((id) => id === "callback")).toEqual(["callback"]);
    expect(new Set((await storage.collect("chord")).values.map(text)).size).toBe(count);
    expect(await storage.results.size()).toBe(count);
    expect(await storage.deadLetterCount()).toBe(0);
    // While one writes the state of the next log, which takes as long as the disk does, the others go on with this one.
    expect(generations()).toBeGreaterThan(1);
  }, 60_000);
});

/** One may take the word that was meant for another, so each gets one after the other has ended. */
async function stopAll(racers: readonly Child[]): Promise<(number | null)[]> {
  const codes = racers.map((racer) => racer.ended);
  for (let left = racers.length; left > 0; left--) {
    await storage.enqueue([item("stop")]);
    await Promise.race(codes.filter((_, index) => !racers[index]!.said.includes("stop")));
  }
  return await Promise.all(codes);
}

function nextOf(list: readonly { readonly id: string }[]): string[] {
  return ids(list).filter((id) => id.startsWith("next")).sort();
}

function expectedNext(count: number): string[] {
  return ids(items("next", count)).sort();
}
