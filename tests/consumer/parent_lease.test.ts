import { describe, expect, test } from "bun:test";
import { ParentLease } from "../../consumer/child/parent_lease.ts";

describe("ParentLease", () => {
  test("tells when most of a lease has passed without a renewal, and when there is one again", async () => {
    const told: boolean[] = [];
    const silence = Promise.withResolvers<void>();
    const lease = new ParentLease(20, (silent) => {
      told.push(silent);
      silence.resolve();
    });
    lease.renewed(Date.now() + 1000);
    expect(told).toEqual([]);
    await silence.promise;
    lease.renewed(Date.now() + 1000);
    expect(told).toEqual([true, false]);
    lease.renewed(Date.now() - 1000);
  });

  test("is not deceived by news that were long on their way", () => {
    const told: boolean[] = [];
    const lease = new ParentLease(60_000, (silent) => told.push(silent));
    lease.renewed(Date.now() - 50_000);
    expect(told).toEqual([true]);
    lease.renewed(Date.now() - 49_000);
    expect(told).toEqual([true]);
  });
});
