import { describe, expect, test } from "bun:test";
import { chord, group } from "../../lib/composition/group.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import type { ChordRecord, Item, Storage } from "../../lib/storage.ts";
import { claim, idle, record, run, testHuey } from "../helpers.ts";

function tasks(huey: Huey) {
  return {
    page: huey.task("page", (n: number) => n),
    sum: huey.task("sum", (values: unknown[]) => values.length),
    echo: huey.task("echo", (values: unknown[]) => values.map((value) => value instanceof Error ? "failed" : value)),
  };
}

/** How many bytes a storage was given to enqueue, in one call or in settlements. */
function weigh({ storage }: Huey): () => number {
  let total = 0;
  const add = (items: readonly Item[] = [], chords: readonly ChordRecord[] = []): void => {
    for (const { data } of [...items, ...chords.map(({ callback }) => callback)]) total += data.length;
  };
  const { enqueue, settle } = storage;
  Object.assign(storage, {
    enqueue: (...[items, chords]: Parameters<Storage["enqueue"]>) => {
      add(items, chords);
      return enqueue.call(storage, items, chords);
    },
    settle: (settlement: Parameters<Storage["settle"]>[0]) => {
      add(settlement.enqueue, settlement.chords);
      return settle.call(storage, settlement);
    },
  });
  return () => total;
}

describe("a chord is stored once", () => {
  test("two of them one after another take about twice the bytes of one", async () => {
    const bytes = async (size: number, stages: number): Promise<number> => {
      const huey = testHuey();
      const { page, sum } = tasks(huey);
      const later = (rest: number): ReturnType<typeof chord> => {
        const stage = group(Array.from({ length: size }, (_, n) => page.s(n))).andThen(sum) as never as ReturnType<
          typeof chord
        >;
        return rest === 0 ? stage : stage.andThen(later(rest - 1) as never) as never;
      };
      const total = weigh(huey);
      await huey.enqueue(later(stages - 1) as never);
      return total();
    };
    const one = await bytes(100, 1);
    expect(await bytes(100, 2) / one).toBeLessThan(3);
    expect(await bytes(100, 4) / one).toBeLessThan(6);
    expect(await bytes(400, 2) / await bytes(100, 2)).toBeLessThan(5);
  });

  test("a long tail behind a group does not go with each member", async () => {
    const huey = testHuey();
    const { page, echo } = tasks(huey);
    const long = "x".repeat(10_000);
    const tail = huey.task("tail", (_text: string, value: unknown) => value);
    const total = weigh(huey);
    const members = Array.from({ length: 50 }, (_, n) => page.s(n));
    const result = await huey.enqueue(group(members).andThen(echo).andThen(tail, long));
    expect(total()).toBeLessThan(50 * 1000);
    await huey.drain();
    expect(await [...result.pipelineResults!][1]!.get()).toHaveLength(50);
  });

  test("what a step hands on to the members of a chord goes to each, and to the callback not", async () => {
    const huey = testHuey();
    const { page, echo } = tasks(huey);
    const start = huey.task("start", () => 7);
    const add = huey.task("add", (...values: number[]) => values.reduce((a, b) => a + b, 0));
    const results = await huey.enqueue(start.s().andThen(chord([add.s(1), add.s(2).andThen(page)], echo)));
    await huey.drain();
    expect(await results.get({ blocking: true }) as unknown[]).toEqual([7, [8, 9]]);
  });
});

describe("the callback of a chord", () => {
  test("expires so long after the last place was filled", async () => {
    const huey = testHuey();
    const { page, sum } = tasks(huey);
    const result = await huey.enqueue(chord([page.s(1)], sum.with({ expires: 30 })));
    idle(huey, 100);
    await huey.drain({ limit: 1 });
    const [waiting] = await huey.pending();
    expect(waiting!.expiresAt).toEqual(new Date(huey.clock.now().getTime() + 30_000));
    idle(huey, 29);
    const { claims: [taken] } = await claim(huey);
    await huey.storage.release([taken!]);
    await huey.drain();
    expect(await result.get()).toBe(1);
  });

  test("is late when nobody gets to it in that time", async () => {
    const huey = testHuey();
    const { page, sum } = tasks(huey);
    const result = await huey.enqueue(chord([page.s(1)], sum.with({ expires: 30 })));
    await huey.drain({ limit: 1 });
    idle(huey, 31);
    await huey.drain();
    expect((await result.callback.state()).state).toBe("expired");
  });

  test("waits for its eta", async () => {
    const huey = testHuey();
    const { page, sum } = tasks(huey);
    const result = await huey.enqueue(chord([page.s(1), page.s(2)], sum.with({ delay: 60 })));
    await huey.drain();
    expect([await result.get(), await huey.scheduledCount()] as unknown[]).toEqual([undefined, 1]);
    await huey.advance(60);
    expect(await result.get()).toBe(2);
  });

  test.each([true, false])("is announced as enqueued, once (trackState: %j)", async (trackState) => {
    const huey = testHuey({ trackState });
    const { page, sum } = tasks(huey);
    await huey.enqueue(chord([page.s(1), page.s(2)], sum));
    const { seen } = record(huey);
    await huey.drain();
    expect(seen.filter(({ signal, task }) => signal === "enqueued" && task.name === "sum").length).toBe(1);
  });

  test("keeps its arguments, options and followers over a retry", async () => {
    const huey = testHuey();
    const { page } = tasks(huey);
    let runs = 0;
    const flaky = huey.task({ name: "flaky", retries: 1 }, (label: string, values: number[]) => {
      if (++runs === 1) throw new Error("first");
      return [label, ...values];
    });
    const count = huey.task("count", (list: unknown[]) => list.length);
    const result = await huey.enqueue(chord([page.s(1), page.s(2)], flaky, "label").andThen(count));
    await huey.drain();
    expect(await result.pipelineResults!.get() as unknown[]).toEqual([["label", 1, 2], 3]);
  });
});

describe("the place of a member", () => {
  test("is filled with an error when its message cannot be read any more", async () => {
    const huey = testHuey();
    const { page, echo } = tasks(huey);
    const result = await huey.enqueue(chord([page.s(1).andThen(page), page.s(2)], echo));
    const { claims: [taken] } = await claim(huey);
    await run(huey, { ...taken!, data: new Uint8Array([1, 2, 3]) });
    await huey.drain();
    expect([await result.get({ blocking: true }), await huey.deadLetterCount()] as unknown[]).toEqual([["failed", 2], 1]);
  });

  test("is kept when it is revoked and restored", async () => {
    const huey = testHuey();
    const { page, echo } = tasks(huey);
    const result = await huey.enqueue(chord([page.s(1), page.s(2)], echo));
    const [first] = [...result.results];
    await first!.revoke();
    await first!.restore();
    await huey.drain();
    expect(await result.get()).toEqual([1, 2]);
  });

  test("is kept when it is rescheduled twice, also without what follows it", async () => {
    const huey = testHuey();
    const { page, echo } = tasks(huey);
    const result = await huey.enqueue(chord([page.s(1).andThen(page), page.s(2)], echo));
    const [steps] = [...result.results] as unknown as Iterable<typeof result.callback>[];
    const once = await [...steps!][0]!.reschedule({ preservePipeline: false });
    await once.reschedule({ delay: 10 });
    await huey.drain();
    expect(await result.get()).toBe(undefined);
    await huey.advance(10);
    expect(await result.get()).toEqual([1, 2]);
  });
});
