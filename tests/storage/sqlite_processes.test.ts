/** Several processes, of both runtimes, over one SQLite file. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { StorageError } from "../../lib/errors.ts";
import type { Item } from "../../lib/storage.ts";
import { openDatabase } from "../../storage/sqlite/connection/database.ts";
import { Fixture, RUNTIMES } from "./_sqlite_fixture.ts";
import { waitForEnd } from "../../testing/contract/helpers.ts";

const LIMIT_MS = 120_000;
const owner = { consumer: "parent", worker: "worker" };

let fixture: Fixture;
beforeEach(() => void (fixture = new Fixture()));
afterEach(() => fixture.end());

function items(count: number): Item[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `task-${index}`,
    data: new TextEncoder().encode(`message ${index}`),
    priority: index % 3,
    track: true,
  }));
}

describe("SQLite file shared by processes", () => {
  test("four consumers on two runtimes claim each task once", async () => {
    const storage = fixture.open({ timeout: 60 });
    await storage.enqueue(items(1500));
    const children = await Promise.all(
      ["bun", "deno", "bun", "deno"].map((runtime) => fixture.startReady(runtime as "bun", "claim")),
    );
    for (const child of children) child.speak();
    const claimed = (await Promise.all(children.map((child) => child.lines()))).flat();
    expect(claimed).toHaveLength(1500);
    expect(new Set(claimed).size).toBe(1500);
    expect(await storage.results.size()).toBe(1500);
    expect(new TextDecoder().decode(await storage.results.pop("task-7"))).toBe("message 7");
    expect(await storage.claimed({ consumer: "parent" })).toEqual([]);
  }, LIMIT_MS);

  for (const runtime of RUNTIMES) {
    test(`a consumer on ${runtime} is woken, and its result wakes`, async () => {
      const storage = fixture.open();
      const child = await fixture.startReady(runtime, "wait");
      const ended = waitForEnd(storage, "task-0");
      await storage.enqueue(items(1));
      expect(await child.line()).toBe("task-0");
      expect(await ended).toBe(true);
      expect(await storage.state("task-0")).toEqual({ state: "complete" });
    }, LIMIT_MS);

    test(`a lock held by ${runtime} is waited for without stopping the event loop`, async () => {
      const storage = fixture.open({ timeout: 60 });
      await storage.enqueue(items(1));
      const child = await fixture.startReady(runtime, "hold");
      let isWritten = false;
      const written = storage.enqueue(items(2)).then(() => void (isWritten = true));
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
      expect(isWritten).toBe(false);
      expect(await storage.pendingCount()).toBe(1);
      child.speak();
      await written;
      expect(await storage.pendingCount()).toBe(3);
    }, LIMIT_MS);

    test(`what ${runtime} wrote survives its sudden death`, async () => {
      const child = fixture.start(runtime, "write");
      const said: (string | undefined)[] = [];
      while (said.length < 200) said.push(await child.line());
      await child.kill();
      said.push(...await child.lines());
      const storage = fixture.open();
      const waiting = (await storage.pending()).map(({ id }) => id);
      expect(waiting.slice(0, said.length)).toEqual(said as string[]);
      expect(await storage.scheduledCount()).toBe(waiting.length);
      await storage.close();
      const database = openDatabase(fixture.filename);
      expect(Object.values(database.prepare("pragma integrity_check").get() ?? {})).toEqual(["ok"]);
      database.close();
    }, LIMIT_MS);
  }

  test("a lock that stays is reported, and nothing is written later", async () => {
    const storage = fixture.open({ timeout: 0.05 });
    await storage.enqueue(items(1));
    const child = await fixture.startReady("bun", "hold");
    const outcomes = await Promise.allSettled([storage.enqueue(items(1)), storage.data.put("key", new Uint8Array(1))]);
    for (const outcome of outcomes) {
      expect(outcome.status).toBe("rejected");
      const { reason } = outcome as PromiseRejectedResult;
      expect(reason).toBeInstanceOf(StorageError);
      expect(reason.message).toContain("was locked by another process for 0.");
    }
    child.speak();
    await child.lines();
    expect(await storage.pendingCount()).toBe(1);
    await storage.enqueue(items(1));
    expect(await storage.pendingCount()).toBe(2);
  }, LIMIT_MS);

  test("looking at an empty queue takes no lock", async () => {
    const storage = fixture.open({ timeout: 0.05 });
    await storage.enqueue([{ ...items(1)[0]!, dueMs: Date.now() + LIMIT_MS }]);
    await fixture.startReady("bun", "hold");
    expect((await storage.claim(1, owner)).claims).toEqual([]);
    expect(await storage.promoteDue(10)).toEqual([]);
    expect(await storage.data.pop("key")).toBeUndefined();
  }, LIMIT_MS);

  test("twelve processes open a new file at once", async () => {
    const children = Array.from({ length: 6 }, () => RUNTIMES.map((runtime) => fixture.startReady(runtime, "claim"))).flat();
    for (const child of await Promise.all(children)) child.speak();
    expect(await fixture.open().pendingCount()).toBe(0);
  }, LIMIT_MS);
});
