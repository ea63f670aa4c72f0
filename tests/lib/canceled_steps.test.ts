import { describe, expect, test } from "bun:test";
import { TaskException } from "../../lib/errors.ts";
import { chord } from "../../lib/composition/group.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { failure, NOON, testHuey } from "../helpers.ts";

function tasks(huey: Huey) {
  return {
    one: huey.task("one", () => 1),
    add: huey.task("add", (a: number, b: number) => a + b),
    sum: huey.task("sum", (values: number[]) => values.reduce((a, b) => a + b, 0)),
    fail: huey.task("fail", (): number => {
      throw new Error("no luck");
    }),
  };
}

/** That a read rejects since the step was canceled, with the words that say why. */
async function expectCanceled(reading: Promise<unknown>, ...words: string[]): Promise<void> {
  const error = await failure(reading);
  expect(error).toBeInstanceOf(TaskException);
  expect((error as TaskException).metadata.outcome).toBe("canceled");
  for (const word of words) expect(error.message).toContain(word);
}

describe("the steps behind one that did not succeed end with it", () => {
  test("that failed", async () => {
    const huey = testHuey();
    const { fail, add } = tasks(huey);
    const [first, second, third] = await huey.enqueue(fail.s().andThen(add, 1).andThen(add, 2));
    const waiting = expectCanceled(second!.get({ blocking: true }), `add: ${second!.id}`, `fail: ${first!.id}`, "failed");
    await huey.drain();
    await waiting;
    expect([await third!.isReady(), await third!.state()] as unknown[]).toEqual([true, { state: "canceled", ended: true }]);
    await expectCanceled(huey.result(third!.id, { blocking: true }), "fail");
    expect(((await failure(first!.get())) as TaskException).metadata.outcome).toBe("failed");
  });

  test("only when it has failed for good", async () => {
    const huey = testHuey();
    let runs = 0;
    const flaky = huey.task({ name: "flaky", retries: 1 }, () => {
      if (++runs === 1) throw new Error("first");
      return 1;
    });
    const [, second] = await huey.enqueue(flaky.s().andThen(tasks(huey).add, 2));
    await huey.drain({ limit: 1 });
    expect(await second!.state()).toEqual({ state: "unknown", ended: false });
    await huey.drain();
    expect(await second!.get({ blocking: true })).toBe(3);
  });

  test("that was revoked, or has expired, or was canceled", async () => {
    const huey = testHuey();
    const { one, add } = tasks(huey);
    const cancel = huey.task("cancel", () => 1);
    huey.preExecute("stop", (task) => {
      if (task.name === "cancel") {
        throw new (class CancelExecution extends Error {
          override name = "CancelExecution";
        })();
      }
    });
    const [revoked, expired, canceled] = await huey.enqueueMany([
      one.s().andThen(add, 1),
      one.with({ expires: new Date(NOON - 1) }).s().andThen(add, 1),
      cancel.s().andThen(add, 1),
    ]);
    await [...revoked!][0]!.revoke();
    await huey.drain();
    await expectCanceled([...revoked!][1]!.get({ blocking: true }), "one", "was revoked");
    await expectCanceled([...expired!][1]!.get({ blocking: true }), "one", "expired");
    await expectCanceled([...canceled!][1]!.get({ blocking: true }), "cancel", "was canceled");
  });

  test("also a chord: its members, its callback, and what follows that", async () => {
    const huey = testHuey();
    const { one, add, sum } = tasks(huey);
    const nothing = huey.task("nothing", (): void => {
      throw new Error("no luck");
    });
    const member = one.s();
    const later = chord([member, one.s().andThen(add, 1)], sum);
    const handles = await huey.enqueue(nothing.s().andThen(later).andThen(add, 5));
    await huey.drain();
    const [, callback, last] = [...handles];
    await expectCanceled(callback!.get({ blocking: true }), "sum", "nothing");
    await expectCanceled(last!.get({ blocking: true }), "add", "nothing");
    await expectCanceled(huey.result(member.id, { blocking: true }), "one", "nothing");
  });

  test("behind the callback of a chord", async () => {
    const huey = testHuey();
    const { one, add } = tasks(huey);
    const refuse = huey.task("refuse", (_values: number[]): number => {
      throw new Error("no luck");
    });
    const result = await huey.enqueue(chord([one.s()], refuse).andThen(add, 1));
    await huey.drain();
    const [, last] = [...result.pipelineResults!];
    await expectCanceled(last!.get({ blocking: true }), "refuse");
  });

  test("not those of a member of a chord, whose place it fills", async () => {
    const huey = testHuey();
    const { fail, add } = tasks(huey);
    const count = huey.task("count", (values: unknown[]) => values.length);
    const result = await huey.enqueue(chord([fail.s().andThen(add, 1)], count));
    await huey.drain();
    expect(await result.get({ blocking: true })).toBe(1);
  });

  test("with a note of the end where no results are stored", async () => {
    const huey = testHuey({ results: false, trackState: false });
    const { fail, add } = tasks(huey);
    const [, second] = await huey.enqueue(fail.s().andThen(add, 1));
    await huey.drain();
    expect([await second!.isReady(), await huey.resultCount()] as unknown[]).toEqual([true, 0]);
  });

  test("also behind a dead letter; when it goes back to the queue they wait again", async () => {
    const huey = testHuey();
    const { add } = tasks(huey);
    const unknown = huey.task("unknown", () => 1);
    const nothing = huey.task("nothing", (_n: number) => {});
    const [first, second, third] = await huey.enqueue(unknown.s().andThen(nothing).andThen(add, 1, 2));
    await second!.revoke();
    unknown.unregister();
    while (await huey.deadLetterCount() === 0) await huey.advance(1);
    const error = await failure(first!.get({ blocking: true }));
    expect([(error as TaskException).metadata.outcome, error.message.includes("unknown")] as unknown[]).toEqual(["dead", true]);
    await expectCanceled(huey.result(third!.id, { blocking: true, preserve: true }), "unknown", "dead letter");
    expect([await third!.isReady(), await second!.isRevoked()]).toEqual([true, false]);
    huey.task("unknown", () => 2);
    for (const { id } of await huey.deadLetters()) await huey.requeueDeadLetter(id);
    const states = await Promise.all([first!, second!, third!].map(async (result) => (await result.state()).state));
    expect(states).toEqual(["waiting", "unknown", "unknown"]);
    const waiting = [
      huey.result(first!.id, { blocking: true }),
      second!.get({ blocking: true }),
      third!.get({ blocking: true }),
    ];
    await huey.drain();
    expect(await Promise.all(waiting)).toEqual([2, undefined, 3]);
  });

  test("when a failed task is tried again they wait again in the same step, or stay as they are", async () => {
    const huey = testHuey();
    const { fail, add } = tasks(huey);
    const [first, second] = await huey.enqueue(fail.s().andThen(add, 1));
    await huey.drain();
    const requeue = huey.storage.requeueDeadLetter.bind(huey.storage);
    const before: unknown[] = [];
    huey.storage.requeueDeadLetter = async (id, item, others) => {
      before.push((await second!.state()).state, await huey.storage.results.has(second!.id));
      if (before.length === 2) throw new Error("away");
      return await requeue(id, item, others);
    };
    expect((await failure(huey.retry(first!.id))).message).toBe("away");
    expect((await second!.state()).state).toBe("canceled");
    expect(await huey.retry(first!.id)).toBe(true);
    expect([before, (await second!.state()).state]).toEqual([["canceled", true, "canceled", true], "unknown"]);
  });

  test("and are no longer revoked", async () => {
    const huey = testHuey();
    const { fail, add } = tasks(huey);
    const [, second] = await huey.enqueue(fail.s().andThen(add, 1));
    await second!.revoke();
    expect(await second!.isRevoked()).toBe(true);
    await huey.drain();
    expect([await second!.isRevoked(), await huey.storage.revocations.size()] as unknown[]).toEqual([false, 0]);
  });

  test("in immediate mode too", async () => {
    const huey = testHuey({ immediate: true });
    const { fail, add } = tasks(huey);
    const [, second] = await huey.enqueue(fail.s().andThen(add, 1));
    await expectCanceled(second!.get({ blocking: true }), "fail");
  });
});

describe("a step that is rescheduled", () => {
  test("without its pipeline ends what followed it", async () => {
    const huey = testHuey();
    const { one, add } = tasks(huey);
    const [first, second] = await huey.enqueue(one.s().andThen(add, 1));
    await first!.reschedule({ preservePipeline: false });
    await huey.drain();
    await expectCanceled(second!.get({ blocking: true }), "was revoked");
  });

  test("with it takes along what follows", async () => {
    const huey = testHuey();
    const { one, add } = tasks(huey);
    const [first, second] = await huey.enqueue(one.s().andThen(add, 1));
    await first!.reschedule();
    await huey.drain({ limit: 1 });
    expect((await second!.state()).ended).toBe(false);
    await huey.drain();
    expect(await second!.get({ blocking: true })).toBe(2);
  });

  test("after it has failed takes along those that were canceled", async () => {
    const huey = testHuey();
    let runs = 0;
    const flaky = huey.task("flaky", () => {
      if (++runs === 1) throw new Error("first");
      return 1;
    });
    const nothing = huey.task("nothing", (_n: number) => {});
    const [first, second, third] = await huey.enqueue(flaky.s().andThen(nothing).andThen(tasks(huey).one));
    await huey.drain();
    await expectCanceled(huey.result(third!.id, { blocking: true, preserve: true }), "flaky");
    await first!.reschedule();
    const waiting = [huey.result(second!.id, { blocking: true }), third!.get({ blocking: true })];
    await huey.drain();
    expect(await Promise.all(waiting)).toEqual([undefined, 1]);
  });

  test.each([true, false])("keeps its place in a chord (preservePipeline: %j)", async (preservePipeline) => {
    const huey = testHuey();
    const { one, add, sum } = tasks(huey);
    const result = await huey.enqueue(chord([one.s().andThen(add, 10), one.s()], sum));
    const [steps] = [...result.results] as unknown as Iterable<{ reschedule(options: object): Promise<unknown> }>[];
    await [...steps!][0]!.reschedule({ preservePipeline });
    await huey.drain();
    expect(await result.get({ blocking: true })).toBe(preservePipeline ? 12 : 2);
  });
});
