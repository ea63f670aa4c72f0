/** Connections that get in each other's way at the worst moment. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Item } from "../../lib/storage.ts";
import { sqliteSettings } from "../../storage/sqlite/options.ts";
import { Connection } from "../../storage/sqlite/connection/connection.ts";
import { claimsOf } from "../../storage/sqlite/queue/claims.ts";
import { addTasks, claimBatch } from "../../storage/sqlite/queue/tasks.ts";
import { endInPlace, finishEnded } from "../../storage/sqlite/settlement/endings.ts";
import { hasEnded, stateOf } from "../../storage/sqlite/settlement/state.ts";
import { Fixture } from "./_sqlite_fixture.ts";

let fixture: Fixture;
let one: Connection;
let other: Connection;
beforeEach(() => {
  fixture = new Fixture();
  const settings = sqliteSettings({ filename: fixture.filename });
  [one, other] = [new Connection(settings), new Connection(settings)];
});
afterEach(async () => {
  one.close();
  other.close();
  await fixture.end();
});

const owner = { consumer: "one", worker: "worker" };

function items(count: number): Item[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `task${index}`,
    data: new Uint8Array(1),
    priority: 0,
    track: true,
  }));
}

describe("two connections to a SQLite file", () => {
  test("a claim that was undone leaves nothing that could be taken for another consumer", () => {
    one.transaction(() => addTasks(one, items(2)));
    expect(() =>
      one.transaction(() => {
        claimBatch(one, 1, owner);
        throw new Error("disk full");
      })
    ).toThrow("disk full");
    other.transaction(() => claimBatch(other, 1, { consumer: "other", worker: "worker" }));
    one.transaction(() => claimBatch(one, 1, owner));
    expect(claimsOf(one, { consumer: "other" }).map(({ id }) => id)).toEqual(["task0"]);
    expect(claimsOf(one, owner).map(({ id }) => id)).toEqual(["task1"]);
  });

  const looks = {
    hasEnded: (): unknown => hasEnded(other, "task0"),
    stateOf: (): unknown => stateOf(other, "task0")?.state === "empty",
  };
  for (const [name, look] of Object.entries(looks)) {
    for (const moment of [1, 2, 3]) {
      test(`${name} knows an ended task whose notice is moved after read ${moment}`, () => {
        one.transaction(() => addTasks(one, items(1)));
        const [claim] = one.transaction(() => claimBatch(one, 1, owner).claims);
        one.transaction(() => endInPlace(one, [{ claim: claim!, id: claim!.id, ending: "empty", noticeTtlMs: 60_000 }]));
        let reads = 0;
        const { get, all } = other;
        const read = <T>(found: T): T => {
          if (++reads === moment) one.transaction(() => finishEnded(one));
          return found;
        };
        other.get = (sql, ...values) => read(get.call(other, sql, ...values));
        other.all = (sql, ...values) => read(all.call(other, sql, ...values));
        expect(look()).toBe(true);
      });
    }
  }
});
