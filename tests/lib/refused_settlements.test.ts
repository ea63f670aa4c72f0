/** What a storage refuses for good: it ends the task, or sets its message aside, and never runs for ever. */
import { describe, expect, test } from "bun:test";
import { coreOf } from "../../lib/core/core.ts";
import { StorageError, type TaskException } from "../../lib/errors.ts";
import { executeClaim } from "../../lib/execution/execute.ts";
import { chord } from "../../lib/composition/group.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import type { Settlement, Storage } from "../../lib/storage.ts";
import { claim, failure, memory, OWNER, record, work } from "../helpers.ts";

/** Refuses the settlements of a task that `is` says. @returns those that were refused */
function refuse(huey: Huey, error: Error, is: (settlement: Settlement) => boolean): Settlement[] {
  const storage = huey.storage as Storage;
  const settle = storage.settle.bind(storage);
  const refused: Settlement[] = [];
  storage.settle = (settlement) => {
    if (!is(settlement)) return settle(settlement);
    refused.push(settlement);
    return Promise.reject(error);
  };
  return refused;
}

const ERRORS: readonly [string, Error][] = [
  ["a StorageError that says so", new StorageError("too large", { permanent: true })],
  ["any other error", new RangeError("too large")],
];

describe("a settlement that the storage refuses for good", () => {
  for (const [what, error] of ERRORS) {
    test(`${what}: the task fails with it, once, without its retries, and its chord is told`, async () => {
      const huey = memory();
      let runs = 0;
      const big = huey.task({ name: "big", retries: 3 }, () => `${++runs} a large value`);
      const list = huey.task(
        "list",
        (values: unknown[]) => values.map((value) => value instanceof Error ? value.message : "no error"),
      );
      const handled: string[] = [];
      const handler = huey.task("handler", (reason: Error) => void handled.push(reason.message));
      const handle = await huey.enqueue(chord([big.s().onError(handler)], list));
      const { names } = record(huey);
      const refused = refuse(huey, error, ({ ending, chord }) => ending === "complete" && chord !== undefined);
      await work(huey);
      expect([runs, refused.length, await handle.get(), handled]).toEqual([1, 1, ["too large"], ["too large"]]);
      expect(names.filter((name) => name === "error" || name === "retrying")).toEqual(["error"]);
    });

    test(`${what}, of its failure too: the message is set aside, and its readers are told`, async () => {
      const huey = memory();
      let runs = 0;
      const result = await huey.task("big", () => ++runs)();
      refuse(huey, error, ({ bury }) => bury === undefined || bury.taskName === "big" && bury.error !== undefined);
      const reading = failure(result.get({ blocking: true }));
      await work(huey);
      const { metadata } = await reading as TaskException;
      expect([runs, metadata.outcome, (await result.state()).state]).toEqual([1, "dead", "dead"]);
      expect(metadata.error).toContain("too large");
      expect([await huey.deadLetterCount(), (await huey.storage.claimed(OWNER)).length]).toEqual([1, 0]);
      // It ran: it is among the failed tasks.
      expect(await huey.deadLetterCount({ kind: "failed" })).toBe(1);
    });

    test(`${what}, of all but the message itself: that alone is set aside`, async () => {
      const huey = memory();
      const result = await huey.task("big", () => 1)();
      refuse(huey, error, (settlement) => settlement.result !== undefined || settlement.bury === undefined);
      await work(huey);
      expect([await huey.deadLetterCount(), (await result.state()).state]).toEqual([1, "dead"]);
    });

    test(`${what}, of a dead member: its place in the chord is filled all the same, and the callback is told`, async () => {
      const huey = memory();
      const big = huey.task("big", () => "a large value");
      const list = huey.task("list", (values: unknown[]) => values.map((value) => value instanceof Error));
      const handle = await huey.enqueue(chord([big.s()], list));
      const { seen } = record(huey);
      refuse(huey, error, ({ result, chord, bury }) => chord !== undefined && (result !== undefined || bury === undefined));
      await work(huey);
      expect(await handle.get()).toEqual([true]);
      expect(seen.filter(({ signal }) => signal === "enqueued").map(({ task }) => task.name)).toEqual(["list"]);
    });

    test(`${what}, of everything: the attempt rejects, and its claim is left to be recovered and counted`, async () => {
      const huey = memory();
      await huey.task("big", () => 1)();
      refuse(huey, error, () => true);
      const { claims } = await claim(huey);
      const running = executeClaim(coreOf(huey)!, claims[0]!, {
        owner: OWNER,
        revocations: true,
        stop: new AbortController().signal,
      });
      expect(await failure(running)).toBe(error);
      expect((await huey.storage.claimed(OWNER)).length).toBe(1);
    });
  }

  test("is not one of a storage that is away", async () => {
    const huey = memory();
    let runs = 0;
    const result = await huey.task("task", () => ++runs)();
    let left = 3;
    const refused = refuse(huey, new StorageError("away"), () => left-- > 0);
    const { claims } = await claim(huey);
    await executeClaim(coreOf(huey)!, claims[0]!, { owner: OWNER, revocations: true, stop: new AbortController().signal });
    expect([runs, refused.map(({ again = false }) => again), await result.get()]).toEqual([1, [false, true, true], 1]);
  });
});
