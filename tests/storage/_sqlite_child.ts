/** What another process does with a SQLite file, for the tests: `<this file> <mode> <database>`. @module */
import process from "node:process";
import { openDatabase } from "../../storage/sqlite/connection/database.ts";
import { SqliteStorage } from "../../storage/sqlite/front.ts";
import { claim } from "../../testing/contract/helpers.ts";

const [mode = "", filename = ""] = process.argv.slice(2);
const owner = { consumer: `child-${process.pid}`, worker: "worker" };

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Ends when the parent says so. */
function parentSpeaks(): Promise<unknown> {
  return new Promise((resolve) => process.stdin.once("data", resolve));
}

async function claimAll(storage: SqliteStorage): Promise<void> {
  await storage.renewLease({ consumer: owner.consumer, ttlMs: 60_000, host: "here", pid: process.pid });
  say("ready");
  await parentSpeaks();
  for (;;) {
    const { claims } = await storage.claim(7, owner);
    if (claims.length === 0) break;
    const settled = await Promise.all(
      claims.map((claim) =>
        storage.settle({ claim, id: claim.id, result: claim.data, ending: "complete", noticeTtlMs: 60_000 })
      ),
    );
    for (const [index, claim] of claims.entries()) if (settled[index]) say(claim.id);
  }
}

async function waitForOne(storage: SqliteStorage): Promise<void> {
  const waiting = claim(storage, 1, { owner, waitMs: 60_000 });
  await storage.pendingCount();
  say("ready");
  const [found] = await waiting;
  if (found) await storage.settle({ claim: found, id: found.id, ending: "complete", noticeTtlMs: 60_000 });
  say(found?.id ?? "nothing");
}

/** Says what has been written only when it has been. */
async function writeForEver(storage: SqliteStorage): Promise<void> {
  for (let number = 0;; number++) {
    const item = { id: `task-${number}`, data: new Uint8Array(3000), priority: 0, track: true };
    await storage.enqueue([item, { ...item, id: `later-${number}`, dueMs: 1000 }]);
    say(item.id);
  }
}

async function holdLock(): Promise<void> {
  const database = openDatabase(filename);
  database.exec("begin immediate");
  say("ready");
  await parentSpeaks();
  database.exec("commit");
  database.close();
  say("released");
}

const storage = new SqliteStorage({ name: "children", filename, timeout: 60 });
const MODES: Record<string, () => Promise<void>> = {
  claim: () => claimAll(storage),
  wait: () => waitForOne(storage),
  write: () => writeForEver(storage),
  hold: holdLock,
};
await MODES[mode]?.();
await storage.close();
// An exit drops what a pipe has not taken yet.
await new Promise<void>((resolve) => void process.stdout.write("", () => resolve()));
process.exit(0);
