/** What several callers write at once, in one transaction and in part by one statement. @module */
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Item, Settlement } from "../../lib/storage.ts";
import { openDatabase } from "../../storage/sqlite/connection/database.ts";
import { Fixture } from "./_sqlite_fixture.ts";

let fixture: Fixture;
beforeEach(() => {
  fixture = new Fixture();
});
afterEach(() => fixture.end());

const owner = { consumer: "one", worker: "worker" };

function item(id: string, more: Partial<Item> = {}): Item {
  return { id, data: new TextEncoder().encode(id), priority: 0, track: true, ...more };
}

function ending(claim: Settlement["claim"]): Settlement {
  return { claim, id: claim!.id, ending: "empty", noticeTtlMs: 60_000 };
}

/** Makes the file refuse what is written of the task "bad". */
function refuse(event: string): void {
  const database = openDatabase(fixture.filename);
  database.exec(`create trigger refuses before ${event} when new.task_id = 'bad' begin select raise(abort, 'no'); end`);
  database.close();
}

test("of items that are enqueued at once, one that is refused fails alone", async () => {
  const storage = fixture.open();
  await storage.pendingCount();
  refuse("insert on huey_task");
  const ids = [...Array.from({ length: 70 }, (_, index) => `good${index}`), "bad", "last"];
  const answers = await Promise.allSettled(ids.map((id) => storage.enqueue([item(id)])));
  expect(answers.flatMap(({ status }, index) => status === "rejected" ? [ids[index]] : [])).toEqual(["bad"]);
  expect((await storage.pending()).map(({ id }) => id)).toEqual(ids.filter((id) => id !== "bad"));
});

test("of tasks that end at once, one whose end is refused fails alone", async () => {
  const storage = fixture.open();
  const ids = [...Array.from({ length: 20 }, (_, index) => `good${index}`), "bad"];
  await storage.enqueue(ids.map((id) => item(id)));
  const { claims } = await storage.claim(100, owner);
  refuse("update on huey_task");
  const database = openDatabase(fixture.filename);
  database.exec(
    "create trigger refuses_too before insert on huey_ended when new.task_id = 'bad' begin select raise(abort, 'no'); end",
  );
  database.close();
  const answers = await Promise.allSettled(claims.map((claim) => storage.settle(ending(claim))));
  expect(answers.map(({ status }) => status)).toEqual(ids.map((id) => id === "bad" ? "rejected" : "fulfilled"));
  expect((await storage.claimed(owner)).map(({ id }) => id)).toEqual(["bad"]);
  expect((await storage.endedOf(ids)).length).toBe(20);
});

test("items of one moment stand in the order of the calls, whatever way each of them takes", async () => {
  const storage = fixture.open();
  const gate = { key: "gate", limit: 10 };
  const items = [
    item("a"),
    item("b", { gate }),
    item("c"),
    item("d", { unique: { key: "d", until: "end" } }),
    item("e"),
    item("f"),
  ];
  await Promise.all(items.map((one) => storage.enqueue([one])));
  expect((await storage.pending()).map(({ id }) => id)).toEqual(["a", "b", "c", "d", "e", "f"]);
});

test("a revocation that is stored in the moment of the settlement that drops it stays", async () => {
  const storage = fixture.open();
  const value = new Uint8Array([1]);
  await storage.enqueue([item("a"), item("b")]);
  await storage.revocations.put("r:a", value);
  const { claims, revocations } = await storage.claim(1, owner);
  expect(revocations).toBe(true);
  const settled = storage.settle({ ...ending(claims[0]), dropRevocations: ["r:a"] });
  const next = storage.claim(1, owner);
  const put = storage.revocations.put("r:a", value);
  await Promise.all([settled, next, put]);
  expect(await storage.revocations.has("r:a")).toBe(true);
});

test("a revocation is dropped with the settlement, also when a claim of the same moment comes before or behind it", async () => {
  for (const order of ["before", "behind"]) {
    const storage = fixture.open({ name: order });
    await storage.enqueue([item("a"), item("b"), item("c")]);
    await storage.claim(1, owner);
    const { claims } = await storage.claim(1, owner);
    await storage.revocations.put("r:b", new Uint8Array([1]));
    const settle = (): Promise<unknown> => storage.settle({ ...ending(claims[0]), dropRevocations: ["r:b"] });
    const claim = (): Promise<unknown> => storage.claim(1, owner);
    await Promise.all(order === "before" ? [claim(), settle()] : [settle(), claim()]);
    expect(await storage.revocations.size()).toBe(0);
  }
});
