import { describe, expect, test } from "bun:test";
import type { Huey } from "../../lib/huey/huey.ts";
import { idle, NOON, record, refusal, testHuey } from "../helpers.ts";

const tomorrow = new Date(NOON + 86_400_000);

function counting(huey: Huey, name = "task") {
  const state = { runs: 0 };
  return { state, task: huey.task(name, () => ++state.runs) };
}

describe("revoking one invocation", () => {
  test("the guide's: scheduled, revoked, restored", async () => {
    const huey = testHuey();
    const { state, task } = counting(huey);
    const result = await task.schedule({ delay: 60 });
    await result.revoke();
    expect(await result.isRevoked()).toBe(true);
    expect(await huey.scheduledCount()).toBe(1);
    expect([await result.restore(), await result.restore()]).toEqual([true, false]);
    expect(await result.isRevoked()).toBe(false);
    await huey.advance(60);
    expect(state.runs).toBe(1);
  });

  test("is once by default: the same id may run again afterwards", async () => {
    const huey = testHuey();
    const { state, task } = counting(huey);
    const result = await task.with({ id: "same" })();
    await result.revoke();
    await huey.drain();
    expect([state.runs, await result.isRevoked()]).toEqual([0, false]);
    await task.with({ id: "same" })();
    await huey.drain();
    expect(state.runs).toBe(1);
  });

  test("by the Huey it lasts until it is restored", async () => {
    const huey = testHuey();
    const { state, task } = counting(huey);
    const invocation = task.with({ id: "same" }).s();
    await huey.revoke(invocation);
    await huey.enqueue(invocation);
    await huey.enqueue(invocation);
    await huey.drain();
    expect([state.runs, await huey.isRevoked(invocation)]).toEqual([0, true]);
    expect([await huey.restore(invocation), await huey.restore(invocation)]).toEqual([true, false]);
    await huey.enqueue(invocation);
    await huey.drain();
    expect(state.runs).toBe(1);
  });

  test("by id", async () => {
    const huey = testHuey();
    const { state, task } = counting(huey);
    const result = await task();
    await huey.revokeById(result.id);
    expect([await huey.isRevoked(result.id), await huey.isRevoked(result), await task.isRevoked()]).toEqual([
      true,
      true,
      false,
    ]);
    expect([await huey.restoreById(result.id), await huey.restoreById("other")]).toEqual([true, false]);
    await huey.revokeById(result.id, { once: true });
    await huey.drain();
    expect([state.runs, await huey.isRevoked(result.id)]).toEqual([0, false]);
  });

  test("does not touch queue or schedule", async () => {
    const huey = testHuey();
    const { task } = counting(huey);
    await (await task()).revoke();
    await (await task.schedule({ delay: 5 })).revoke();
    expect([await huey.pendingCount(), await huey.scheduledCount()]).toEqual([1, 1]);
  });

  test("restoring after it was dropped is too late", async () => {
    const huey = testHuey();
    const { state, task } = counting(huey);
    const result = await task();
    await result.revoke();
    await huey.drain();
    expect(await result.restore()).toBe(false);
    await huey.drain();
    expect(state.runs).toBe(0);
  });

  test("does not stop other invocations", async () => {
    const huey = testHuey();
    const { state, task } = counting(huey);
    const [first] = [await task(), await task()];
    await first!.revoke();
    await huey.drain();
    expect(state.runs).toBe(1);
  });
});

describe("revoking a task", () => {
  test("the guide's: all invocations, until restored", async () => {
    const huey = testHuey();
    const { state, task } = counting(huey);
    await task.revoke();
    expect(await task.isRevoked()).toBe(true);
    const result = await task();
    expect(await result.isRevoked()).toBe(true);
    await task();
    await huey.drain();
    expect([state.runs, await task.isRevoked()]).toEqual([0, true]);
    expect([await task.restore(), await task.restore()]).toEqual([true, false]);
    expect(await task.isRevoked()).toBe(false);
    await task();
    await huey.drain();
    expect(state.runs).toBe(1);
  });

  test("once: only the next one", async () => {
    const huey = testHuey();
    const { state, task } = counting(huey);
    await task.revoke({ once: true });
    await task();
    await task();
    await huey.drain();
    expect([state.runs, await task.isRevoked()]).toEqual([1, false]);
  });

  test("until a time", async () => {
    const huey = testHuey();
    const { state, task } = counting(huey);
    await task.revoke({ until: tomorrow });
    expect([await task.isRevoked(), await task.isRevoked(new Date(tomorrow.getTime() - 1))]).toEqual([true, true]);
    expect([await task.isRevoked(tomorrow), await task.isRevoked({ epochMilliseconds: NOON + 9e7 })]).toEqual([false, false]);
    await task();
    await huey.drain();
    expect(state.runs).toBe(0);
    idle(huey, 86_400);
    expect(await task.isRevoked()).toBe(false);
    await task();
    await huey.drain();
    expect(state.runs).toBe(1);
  });

  test("that has passed leaves nothing behind once a task has run", async () => {
    const huey = testHuey();
    const { state, task } = counting(huey);
    await task.revoke({ until: new Date(NOON + 1000) });
    idle(huey, 2);
    await task();
    await huey.drain();
    expect([state.runs, await huey.storage.revocations.size()]).toEqual([1, 0]);
  });

  test("once wins over until", async () => {
    const huey = testHuey();
    const { state, task } = counting(huey);
    await task.revoke({ once: true, until: new Date(NOON - 1000) });
    expect(await task.isRevoked()).toBe(true);
    await task();
    await task();
    await huey.drain();
    expect(state.runs).toBe(1);
  });

  test("a new revocation replaces the old one", async () => {
    const huey = testHuey();
    const { state, task } = counting(huey);
    await task.revoke();
    await task.revoke({ once: true });
    await task();
    await task();
    await huey.drain();
    expect(state.runs).toBe(1);
  });

  test("through the Huey", async () => {
    const huey = testHuey();
    const { task } = counting(huey);
    await huey.revokeAll(task);
    expect([await huey.isRevoked(task), await task.isRevoked(), await huey.isRevoked(task.s())]).toEqual([true, true, true]);
    expect([await huey.restoreAll(task), await huey.restoreAll(task)]).toEqual([true, false]);
    await huey.revokeAll(task, { until: tomorrow });
    expect(await huey.isRevoked(task, tomorrow)).toBe(false);
  });

  test("a task is found through its own id only by the id", async () => {
    const huey = testHuey();
    const { task } = counting(huey);
    const result = await task();
    await task.revoke();
    expect([await huey.isRevoked(result), await huey.isRevoked(result.id)]).toEqual([true, false]);
  });

  test("another task of the Huey runs on", async () => {
    const huey = testHuey();
    const { task } = counting(huey);
    const other = counting(huey, "other");
    await task.revoke();
    await task();
    await other.task();
    await huey.drain();
    expect(other.state.runs).toBe(1);
  });
});

describe("both kinds together", () => {
  test("the invocation's is looked at first and the task's is not used up", async () => {
    const huey = testHuey();
    const { state, task } = counting(huey);
    await task.revoke({ once: true });
    const result = await task();
    await result.revoke();
    await huey.drain();
    expect([state.runs, await task.isRevoked(), await huey.isRevoked(result.id)]).toEqual([0, true, false]);
    await task();
    await huey.drain();
    expect([state.runs, await task.isRevoked()]).toEqual([0, false]);
  });

  test("restoring an invocation does not lift the task's", async () => {
    const huey = testHuey();
    const { state, task } = counting(huey);
    const result = await task();
    await task.revoke();
    await result.revoke();
    expect([await result.restore(), await result.isRevoked()]).toEqual([true, true]);
    await huey.drain();
    expect(state.runs).toBe(0);
  });

  test("asking does not use up a once-revocation", async () => {
    const huey = testHuey();
    const { task } = counting(huey);
    const result = await task();
    await result.revoke();
    await task.revoke({ once: true });
    for (let n = 0; n < 3; n++) expect([await result.isRevoked(), await task.isRevoked()]).toEqual([true, true]);
  });

  test("the invocation's revocation is gone when it has run", async () => {
    const huey = testHuey();
    const task = huey.task("task", async (id: string) => {
      await huey.revokeById(id);
      return "done";
    });
    const result = await task.with({ id: "mine" })("mine");
    await huey.drain();
    expect(await huey.isRevoked("mine")).toBe(false);
    expect(await result.get()).toBe("done");
  });
});

describe("wrong arguments", () => {
  test("are refused, nothing is stored", async () => {
    const huey = testHuey();
    const { task } = counting(huey);
    const result = await task();
    await refusal(() => task.revoke({ once: "yes" } as never), "once", "yes");
    await refusal(() => task.revoke({ until: 5 } as never), "until", "5");
    await refusal(() => result.revoke({ until: "tomorrow" } as never), "until", "tomorrow");
    await refusal(() => task.revoke({ unti: tomorrow } as never), "unti", "until");
    await refusal(() => huey.revokeById(5 as never), "5");
    await refusal(() => huey.revokeById("", {}));
    await refusal(() => huey.revokeAll("task" as never), "task");
    await refusal(() => huey.revoke("id" as never), "id");
    await refusal(() => huey.isRevoked(5 as never), "5");
    await refusal(() => task.isRevoked(5 as never), "5");
    expect(await huey.storage.revocations.size()).toBe(0);
  });

  test("signals: revoked is emitted when it is dropped, not when it is revoked", async () => {
    const huey = testHuey();
    const { names } = record(huey);
    const { task } = counting(huey);
    await task.revoke();
    await task.restore();
    expect(names).toEqual([]);
  });
});
