import { describe, expect, test } from "bun:test";
import { Huey } from "../../lib/huey/huey.ts";
import { refusal, silent, testHuey } from "../helpers.ts";

describe("flushLocks", () => {
  test("clears the locks that the process knows and those named; tells which were held", async () => {
    const huey = testHuey();
    await huey.lockTask("held").acquire();
    huey.lockTask("free");
    huey.task({ name: "task", lock: "of a task" }, () => 1);
    await huey.lockTask("of a task").acquire();
    expect(await huey.flushLocks("unknown")).toEqual(new Set(["held", "of a task"]));
    expect([await huey.isLocked("held"), await huey.isLocked("of a task")]).toEqual([false, false]);
    expect(await huey.flushLocks()).toEqual(new Set());
  });

  test("clears all slots", async () => {
    const huey = testHuey();
    const lock = huey.lockTask("lock", { slots: 2 });
    await lock.acquire();
    expect(await huey.flushLocks()).toEqual(new Set(["lock"]));
    await lock.acquire();
    await lock.acquire();
  });

  test("clears a lock that was asked about", async () => {
    const here = testHuey();
    await here.lockTask("lock").acquire();
    const other = new Huey({ storage: here.storage, logger: silent });
    expect(await other.isLocked("lock")).toBe(true);
    expect(await other.flushLocks()).toEqual(new Set(["lock"]));
  });

  test("clears a lock that only another process knows, by its name", async () => {
    const here = testHuey();
    await here.lockTask("lock").acquire();
    const other = new Huey({ storage: here.storage, logger: silent });
    expect(await other.flushLocks("lock")).toEqual(new Set(["lock"]));
    expect(await here.isLocked("lock")).toBe(false);
  });
});

test("wrong arguments are refused", async () => {
  const huey = testHuey();
  await refusal(() => huey.lockTask(5 as never), "5");
  await refusal(() => huey.lockTask(""));
  await refusal(() => huey.lockTask("l", { ttl: "1" } as never), "ttl", "1");
  await refusal(() => huey.lockTask("l", { slots: 0 }), "slots", "0");
  await refusal(() => huey.lockTask("l", { slots: 1.5 }), "slots", "1.5");
  await refusal(() => huey.lockTask("l", { timeout: 5 } as never), "timeout");
  await refusal(() => huey.lockTask("l").run(5 as never), "5");
  await refusal(() => huey.lockTask("l").wrap("f" as never), "f");
  await refusal(() => huey.isLocked(undefined as never), "undefined");
  await refusal(() => huey.flushLocks(5 as never), "5");
  expect(await huey.isLocked("l")).toBe(false);
});
