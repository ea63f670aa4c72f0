/** What a storage says at the renewal of a lease. @module */
import { expect, test } from "bun:test";
import { LeaseKeeper } from "../../consumer/loop/lease.ts";
import { MemoryStorage } from "../../storage/memory/storage.ts";
import { logbook } from "../helpers.ts";

test("what the storage has set aside is logged when the lease is renewed", async () => {
  const { logger, lines } = logbook();
  class Saying extends MemoryStorage {
    override async renewLease(...given: Parameters<MemoryStorage["renewLease"]>): Promise<readonly string[]> {
      await super.renewLease(...given);
      return ["a key was set aside"];
    }
  }
  const lease = { consumer: "c", ttlMs: 60_000, host: "h", pid: 1 };
  const poll = { initialMs: 1, backoff: 2, maxMs: 10 };
  const keeper = new LeaseKeeper(new Saying({ name: "q" }), { lease, tasksRunHere: false, poll, logger });
  await keeper.start();
  await keeper.stop();
  expect(lines.map(({ level, message }) => [level, message])).toEqual([["warn", "a key was set aside"]]);
});
