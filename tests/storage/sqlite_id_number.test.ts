/** Numbers that stand for ids in the indices of a SQLite file. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { newId } from "../../lib/primitives/ids.ts";
import type { Item } from "../../lib/storage.ts";
import { idNumber } from "../../storage/sqlite/records/id_number.ts";
import { Fixture } from "./_sqlite_fixture.ts";
import { waitForEnd } from "../../testing/contract/helpers.ts";

let fixture: Fixture;
beforeEach(() => void (fixture = new Fixture()));
afterEach(() => fixture.end());

const IDS = ["", "a", "task-1", "é".repeat(1000), "x".repeat(36), newId(), crypto.randomUUID(), `${"zz-".repeat(12)}`];

function item(id: string): Item {
  return { id, data: new Uint8Array(1), priority: 0, track: true };
}

describe("numbers of ids", () => {
  test("any id has a whole number that a file and JavaScript hold exactly", () => {
    for (const id of IDS) {
      expect(idNumber(id)).toBe(idNumber(id));
      expect(Number.isSafeInteger(idNumber(id))).toBe(true);
    }
    expect(new Set(IDS.map(idNumber)).size).toBe(IDS.length);
  });

  test("the numbers of our ids grow with the time", () => {
    const at = (hex: string): number => idNumber(`${hex.slice(0, 8)}-${hex.slice(8)}-7abc-8abc-0123456789ab`);
    const times = ["000000000000", "000000000001", "0193a0000000", "0193a000000f", "0193a0000010", "0193afffffff"];
    const numbers = times.map(at);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(new Set(numbers).size).toBe(times.length);
  });

  test("ids that share a number are told apart", async () => {
    const [one, other] = ["0193a000-0000-7000-8000-000000000abc", "0193a000-0000-7fff-8fff-fffffffffabc"];
    expect(idNumber(one!)).toBe(idNumber(other!));
    const storage = fixture.open();
    await storage.enqueue([item(one!), { ...item(other!), dueMs: Date.now() + 60_000 }]);
    expect(await storage.state(one!)).toEqual({ state: "waiting" });
    expect(await storage.state(other!)).toEqual({ state: "scheduled" });
    const { claims: [claim] } = await storage.claim(1, { consumer: "c", worker: "w" });
    await storage.settle({ claim: claim!, id: one!, ending: "empty", noticeTtlMs: 60_000 });
    expect(await storage.state(one!)).toEqual({ state: "empty" });
    expect(await storage.state(other!)).toEqual({ state: "scheduled" });
    expect(await waitForEnd(storage, other!, { timeoutMs: 0 })).toBe(false);
  });
});
