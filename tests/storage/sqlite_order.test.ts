/** The numbers that stand for the order of a queue, and the bounds of what is claimed. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Claim, Item, Storage } from "../../lib/storage.ts";
import { openDatabase, type Row } from "../../storage/sqlite/connection/database.ts";
import { Fixture } from "./_sqlite_fixture.ts";

let fixture: Fixture;
beforeEach(() => void (fixture = new Fixture()));
afterEach(() => fixture.end());

const owner = { consumer: "consumer", worker: "worker" };

function items(prefix: string, count: number, priority = 0): Item[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `${prefix}${index}`,
    data: new Uint8Array(1),
    priority,
    track: true,
  }));
}

async function claim(storage: Storage, limit: number): Promise<Claim[]> {
  return [...(await storage.claim(limit, owner)).claims];
}

async function complete(storage: Storage, claims: readonly Claim[]): Promise<void> {
  await Promise.all(claims.map((claim) => storage.settle({ claim, id: claim.id, ending: "complete", noticeTtlMs: 60_000 })));
}

function ids(list: readonly { readonly id: string }[]): string[] {
  return list.map(({ id }) => id);
}

/** Reads the file from outside. */
function inspect(sql: string): Row | undefined {
  const database = openDatabase(fixture.filename);
  try {
    return database.prepare(sql).get();
  } finally {
    database.close();
  }
}

describe("order of a queue in a SQLite file", () => {
  test("a long queue is claimed in order, and counted right at each step", async () => {
    const storage = fixture.open();
    await storage.enqueue(items("a", 1500));
    for (let waiting = 1500; waiting > 0; waiting -= 150) {
      expect(await storage.pendingCount()).toBe(waiting);
      const claims = await claim(storage, 150);
      expect(ids(claims)).toEqual(ids(items("a", 1500)).slice(1500 - waiting, 1650 - waiting));
      await complete(storage, claims.slice(1));
    }
    expect(await storage.pendingCount()).toBe(0);
    expect(await storage.claimed(owner)).toHaveLength(10);
  });

  test("what is given back from far behind is found again, in its place", async () => {
    const storage = fixture.open();
    await storage.enqueue(items("a", 2000));
    const claims = await claim(storage, 1400);
    await storage.release([claims[1200]!, claims[3]!, claims[700]!]);
    expect(await storage.pendingCount()).toBe(603);
    expect(ids(await storage.pending(4))).toEqual(["a3", "a700", "a1200", "a1400"]);
    expect(ids(await claim(storage, 5))).toEqual(["a3", "a700", "a1200", "a1400", "a1401"]);
    expect(ids(await claim(storage, 1000))).toEqual(ids(items("a", 2000)).slice(1402));
    const recovered = await storage.recover({ consumer: owner.consumer });
    expect(ids(recovered)).toEqual(ids(items("a", 2000)));
    expect(await storage.pendingCount()).toBe(2000);
    expect(ids(await claim(storage, 2000))).toEqual(ids(items("a", 2000)));
  });

  test("claims behind those that were given back and claimed again are still known", async () => {
    const storage = fixture.open();
    await storage.enqueue(items("a", 1000));
    const claims = await claim(storage, 1000);
    await storage.release(claims.slice(0, 40));
    expect(ids(await claim(storage, 40))).toEqual(ids(items("a", 40)));
    expect(await storage.pendingCount()).toBe(0);
    expect(await storage.claimed(owner)).toHaveLength(1000);
    expect(await storage.recover(owner)).toHaveLength(1000);
  });

  test("a queue that was emptied goes on behind what was claimed", async () => {
    const storage = fixture.open();
    for (let round = 0; round < 5; round++) {
      await storage.enqueue(items(`round${round}-`, 400));
      const claims = await claim(storage, 400);
      expect(ids(claims)).toEqual(ids(items(`round${round}-`, 400)));
      await complete(storage, claims);
      expect(await storage.pendingCount()).toBe(0);
    }
    await storage.enqueue(items("last", 300));
    await storage.flush();
    expect(await storage.pendingCount()).toBe(0);
    await storage.enqueue(items("new", 2));
    expect(await storage.pendingCount()).toBe(2);
    expect(ids(await claim(storage, 3))).toEqual(["new0", "new1"]);
  });

  test("queues of one file do not meet, whatever their priorities", async () => {
    const queues = ["one", "two", "three"].map((name) => fixture.open({ name }));
    for (const queue of queues) await queue.enqueue([...items("low", 2, -1), ...items("plain", 300), ...items("high", 2, 1)]);
    await queues[1]!.flush();
    for (const queue of [queues[0]!, queues[2]!]) {
      expect(await queue.pendingCount()).toBe(304);
      const claims = await claim(queue, 400);
      expect(ids(claims)).toEqual([...ids(items("high", 2)), ...ids(items("plain", 300)), ...ids(items("low", 2))]);
      expect(ids(await queue.claimed(owner)).sort()).toEqual(ids(claims).sort());
    }
    expect(await queues[1]!.pendingCount()).toBe(0);
    expect(await queues[1]!.claimed(owner)).toEqual([]);
  });

  test("priorities come back and are recovered among plain messages", async () => {
    const storage = fixture.open();
    await storage.enqueue([...items("plain", 3), ...items("high", 3, 2), ...items("low", 3, -2)]);
    const claims = await claim(storage, 8);
    await storage.release([claims[7]!, claims[4]!, claims[0]!]);
    expect(ids(await storage.pending())).toEqual(["high0", "plain1", "low1", "low2"]);
    await storage.recover({ consumer: owner.consumer });
    expect(ids(await storage.pending())).toEqual(ids(["high", "plain", "low"].flatMap((prefix) => items(prefix, 3))));
  });

  test("bounds are moved once in a while only", async () => {
    const storage = fixture.open();
    await storage.enqueue(items("a", 600));
    const bounds = (): Row | undefined => inspect("select low, high from huey_queue where name = 'children'");
    await complete(storage, await claim(storage, 1));
    const first = bounds();
    for (let round = 0; round < 10; round++) await complete(storage, await claim(storage, 3));
    expect(bounds()).toEqual(first!);
    await complete(storage, await claim(storage, 100));
    expect(bounds()).not.toEqual(first!);
  });

  test("a promoted or requeued message goes behind those that wait", async () => {
    const storage = fixture.open();
    await storage.enqueue([{ ...items("due", 1)[0]!, dueMs: 1000 }, ...items("a", 2)]);
    await storage.promoteDue(10);
    const [first] = await claim(storage, 1);
    const bury = { id: "letter", kind: "unreadable" as const, reason: "test", atMs: 1, data: new Uint8Array(1), taskId: "a0" };
    await storage.settle({ claim: first!, id: "a0", noticeTtlMs: 0, bury });
    await storage.enqueue(items("b", 1));
    expect(await storage.requeueDeadLetter("letter", items("a", 1)[0]!)).toEqual({});
    expect(ids(await storage.pending())).toEqual(["a1", "due0", "b0", "a0"]);
  });
});
