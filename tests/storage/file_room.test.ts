/** How many files a file storage keeps in the long run. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { FileStorage } from "../../storage/file/storage.ts";
import { bytes, claim, complete, items } from "../../testing/contract/helpers.ts";
import { TestClock } from "../../testing/clock.ts";
import { Place } from "./_file_fixture.ts";

const LIFE_MS = 1000;
const EACH = 24;
const ROUNDS = 12;

describe("the number of files", () => {
  let place: Place;
  let clock: TestClock;
  let storage: FileStorage;
  beforeEach(() => {
    place = new Place();
    clock = new TestClock(Date.UTC(2030, 0, 1));
    storage = place.open({ clock });
  });
  afterEach(() => place.remove());

  async function runTasks(round: number): Promise<void> {
    await storage.enqueue(items(`task-${round}-`, EACH).map((item) => ({ ...item, track: true })));
    const claims = await claim(storage, EACH);
    const end = { result: bytes("result"), resultTtlMs: LIFE_MS, noticeTtlMs: LIFE_MS };
    await Promise.all(claims.map((held) => storage.settle({ ...complete(held), ...end })));
  }

  test("follows the results that are alive, not those that ever were", async () => {
    let most = 0;
    for (let round = 0; round < ROUNDS; round++) {
      await runTasks(round);
      clock.moveTo(clock.now() + 2 * LIFE_MS);
      most = Math.max(most, place.files("tasks").length);
    }
    expect(await storage.results.size()).toBe(0);
    expect(most).toBeLessThan(ROUNDS * EACH / 3);
    expect(place.files("tasks").length + place.files("spare").length).toBeLessThan(ROUNDS * EACH / 2);
  }, 30_000);

  test("falls again to what is needed, by recoveries alone", async () => {
    for (let round = 0; round < 8; round++) await runTasks(round);
    clock.moveTo(clock.now() + 2 * LIFE_MS);
    for (let looks = 0; place.files("tasks").length > 0; looks++) {
      expect(looks).toBeLessThan(50);
      await storage.recover();
      // A sweep follows the recovery, without being waited for.
      await storage.pendingCount();
    }
    expect(await storage.pendingCount()).toBe(0);
  }, 30_000);

  test("does not grow with the messages that come and go", async () => {
    for (let round = 0; round < 3; round++) await runTasks(round);
    const files = place.files("spare").length + place.files("waiting").length + place.files("running").length;
    for (let round = 3; round < 12; round++) await runTasks(round);
    const later = place.files("spare").length + place.files("waiting").length + place.files("running").length;
    expect(later).toBeLessThanOrEqual(files + EACH);
  }, 30_000);
});
