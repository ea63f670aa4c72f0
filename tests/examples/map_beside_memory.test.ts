/** Random histories: the storage of the example says what memory says. @module */
import { describe, expect, test } from "bun:test";
import { MapStorage } from "../../examples/storage/map_storage.ts";
import { TestClock } from "../../testing/clock.ts";
import { NOON } from "../helpers.ts";
import { limitMs, size } from "../sizes.ts";
import { HeldBackHistory } from "../storage/_held_back.ts";

const STEPS = 300;

// Which of several gates that are left in one step lets in first is open; these seeds do not tell.

describe("MapStorage beside MemoryStorage", () => {
  for (let seed = 1; seed <= size(20, 200); seed++) {
    test(`gates, unique keys, steps, dead letters and pauses, seed ${seed}`, async () => {
      // One clock for both: of two that tell the time apart, one may be a millisecond ahead.
      const clock = new TestClock(NOON);
      const storage = new MapStorage({ name: "beside", clock });
      const history = new HeldBackHistory([storage], seed, [-1, 0, 0, 3.5], clock);
      for (let step = 0; step < STEPS; step++) {
        await history.step();
        clock.moveTo(clock.now() + 1);
      }
      expect(await storage.pendingCount()).toBeGreaterThanOrEqual(0);
      await storage.close();
    }, limitMs(60_000));
  }
});
