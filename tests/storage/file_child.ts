/**
 * A consumer in a process of its own, for file_processes.test.ts: runs tasks until it gets the item "stop".
 *
 *     file_child.ts <path> <consumer> <claims at once> <1: the tasks are members of a chord> <values written with each task>
 *
 * Writes "ready", then the id of each task that it has settled. Counts all runs under one key.
 */
import process from "node:process";
import { writeSync } from "node:fs";
import type { Claim, Settlement } from "../../lib/storage.ts";
import { fileStorage } from "../../storage/file/storage.ts";
import { bytes, claim, complete, item, owner } from "../../testing/contract/helpers.ts";

const [path = "", consumer = "", limit = "1", chord = "0", values = "0"] = process.argv.slice(2);
const isChord = chord === "1";
const storage = fileStorage({ path });

/** Many of these make a log end. */
const VALUE = new Uint8Array(4000);

function say(word: string): void {
  writeSync(1, `${word}\n`);
}

/** A follow-up, and in a chord a report: both must happen once, whatever happens to this process. */
function settlementOf(claim: Claim): Settlement {
  const index = Number(claim.id.replace("task", ""));
  const report = { id: "chord", index, value: bytes(claim.id) };
  const next = item(`next${index}`, { dueMs: 2 ** 41 });
  return complete(claim, { result: bytes(consumer), enqueue: [next], chord: isChord ? report : undefined });
}

await storage.renewLease({ consumer, ttlMs: 60_000, host: "host", pid: process.pid });
say("ready");
for (let isOver = false; !isOver;) {
  const claims = await claim(storage, Number(limit), { owner: owner(consumer), waitMs: 60_000 });
  for (const found of claims) {
    isOver ||= found.id === "stop";
    if (found.id !== "stop") await storage.increment("runs", 1);
    await Promise.all(Array.from({ length: Number(values) }, (_, key) => storage.data.put(`value${key}`, VALUE)));
    await storage.settle(found.id === "stop" ? complete(found) : settlementOf(found));
    say(found.id);
  }
}
await storage.close();
process.exit(0);
