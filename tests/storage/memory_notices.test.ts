/** Notices of endings in memory. @module */
import { afterEach, describe, expect, setSystemTime, test } from "bun:test";
import { Notices } from "../../storage/memory/notices.ts";

afterEach(() => void setSystemTime());

const complete = { ending: "complete", ttlMs: 1000 } as const;

describe("notices in memory", () => {
  test("a notice is there for its time and not longer", () => {
    const notices = new Notices();
    for (const afterMs of [0, 300, 700, 1500, 4000]) {
      const madeMs = 1_000_000 + afterMs;
      setSystemTime(new Date(madeMs));
      notices.set(`task${afterMs}`, complete);
      setSystemTime(new Date(madeMs + 999));
      expect(notices.get(`task${afterMs}`)?.ending).toBe("complete");
      setSystemTime(new Date(madeMs + 1000));
      expect(notices.get(`task${afterMs}`)).toBeUndefined();
    }
  });

  test("notices are kept for different times side by side, and the last one of a task counts", () => {
    const notices = new Notices();
    setSystemTime(new Date(1_000_000));
    notices.set("long", { ending: "running", ttlMs: 86_400_000 });
    notices.set("both", { ending: "running", ttlMs: 86_400_000 });
    notices.set("both", { ending: "failed", ttlMs: 1000 });
    notices.set("other", complete);
    expect(notices.get("both")?.ending).toBe("failed");
    setSystemTime(new Date(1_005_000));
    notices.set("later", complete);
    expect(notices.get("both")).toBeUndefined();
    expect(notices.get("long")?.ending).toBe("running");
    notices.delete("long");
    expect(notices.get("long")).toBeUndefined();
    expect(notices.get("later")?.ending).toBe("complete");
    notices.clear();
    expect(notices.get("later")).toBeUndefined();
  });

  test("they are dropped in time also when the clock is set back", () => {
    const notices = new Notices();
    setSystemTime(new Date(90_000_000));
    notices.set("before", complete);
    for (let ms = 0; ms < 10_000; ms += 10) {
      setSystemTime(new Date(1_000_000 + ms));
      notices.set(`task${ms}`, complete);
    }
    // Those of one and a quarter of the time that they are kept for, and the one from the future.
    expect(notices.size).toBeLessThanOrEqual(127);
    expect(notices.get("task9990")?.ending).toBe("complete");
    expect(notices.get("task8990")).toBeUndefined();
    expect(notices.get("before")?.ending).toBe("complete");
  });
});
