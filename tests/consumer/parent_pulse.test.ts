import { describe, expect, test } from "bun:test";
import { ParentPulse } from "../../consumer/child/parent_lease.ts";

describe("ParentPulse", () => {
  test("tells when most of a lease has passed without a renewal, and when there is one again", async () => {
    const told: boolean[] = [];
    const silence = Promise.withResolvers<void>();
    const pulse = new ParentPulse(20, (silent) => {
      told.push(silent);
      silence.resolve();
    });
    pulse.hear(Date.now() + 1000);
    expect(told).toEqual([]);
    await silence.promise;
    pulse.hear(Date.now() + 1000);
    expect(told).toEqual([true, false]);
    pulse.hear(Date.now() - 1000);
  });

  test("is not deceived by news that were long on their way", () => {
    const told: boolean[] = [];
    const pulse = new ParentPulse(60_000, (silent) => told.push(silent));
    pulse.hear(Date.now() - 50_000);
    expect(told).toEqual([true]);
    pulse.hear(Date.now() - 49_000);
    expect(told).toEqual([true]);
  });
});
