/** Many calls with one unique key, from two processes at once. @module */
import { expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { startRedis } from "../redis_server.ts";
import type { ChaosSettings } from "./app.ts";

const CALLERS = fileURLToPath(new URL("./callers.ts", import.meta.url));
const LIMIT_MS = 60_000;

type Open = (folder: string) => Pick<ChaosSettings, "huey" | "options">;

async function enqueueOne(open: Open): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "huey-callers-"));
  const settings: ChaosSettings = { ...open(folder), journal: join(folder, "journal.txt") };
  const children = [start(settings), start(settings)];
  try {
    const readers = children.map((child) => createInterface({ input: child.stdout! })[Symbol.asyncIterator]());
    for (const reader of readers) expect((await reader.next()).value).toBe("ready");
    for (const child of children) child.stdin!.write("go\n");
    const lines = await Promise.all(readers.map(async (reader) => (await reader.next()).value as string));
    const calls = lines.flatMap((line) => JSON.parse(line) as [id: string, duplicate: boolean][]);
    expect(calls).toHaveLength(50);
    expect(calls.filter(([, duplicate]) => !duplicate)).toHaveLength(1);
    expect(new Set(calls.map(([id]) => id)).size).toBe(1);
  } finally {
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
  }
}

function start(settings: ChaosSettings): ChildProcess {
  const runtime = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
  return spawn(process.execPath, [...runtime, CALLERS], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, HUEY_CHAOS: JSON.stringify(settings) },
  });
}

test("of fifty calls in two processes one is enqueued, on SQLite", async () => {
  await enqueueOne((folder) => ({ huey: "SqliteHuey", options: { filename: join(folder, "calls.db") } }));
}, LIMIT_MS);

test("of fifty calls in two processes one is enqueued, on files", async () => {
  await enqueueOne((folder) => ({ huey: "FileHuey", options: { path: join(folder, "queue") } }));
}, LIMIT_MS);

test("of fifty calls in two processes one is enqueued, on Redis", async () => {
  const server = await startRedis();
  try {
    await enqueueOne(() => ({ huey: "RedisHuey", options: { url: server.url } }));
  } finally {
    await server.stop();
  }
}, LIMIT_MS);
