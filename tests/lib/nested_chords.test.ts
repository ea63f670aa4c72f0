import { describe, expect, test } from "bun:test";
import { chord, group } from "../../lib/composition/group.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { memory, work } from "../helpers.ts";

type Value = number | Error | undefined;

function tasks(huey: Huey) {
  return {
    give: huey.task("give", (n: number) => n),
    inc: huey.task("inc", (n: number) => n + 1),
    add: huey.task("add", (a: number, b: number) => a + b),
    total: huey.task("total", (values: Value[]) => values.reduce<number>((sum, value) => sum + (value as number), 0)),
    list: huey.task("list", (values: unknown[]) => values.map((value) => value instanceof Error ? value.message : value)),
    fails: huey.task("fails", (n: number): number => {
      throw new Error(`no ${n}`);
    }),
  };
}

describe("pipelines in a chord", () => {
  test("give their last value", async () => {
    const huey = memory();
    const { give, inc, list } = tasks(huey);
    const handle = await huey.enqueue(chord([give.s(1).andThen(inc).andThen(inc), give.s(10)], list));
    await work(huey);
    expect(await handle.get()).toEqual([3, 10]);
  });

  test("that fail at any stage give the error", async () => {
    for (const at of [0, 1, 2]) {
      const huey = memory();
      const { give, list } = tasks(huey);
      const step = huey.task("step", (index: number, _value?: number) => {
        if (index === at) throw new Error(`stage ${index}`);
        return index;
      });
      const handle = await huey.enqueue(chord([step.s(0).andThen(step, 1).andThen(step, 2), give.s(7)], list));
      await work(huey);
      expect(await handle.get()).toEqual([`stage ${at}`, 7]);
    }
  });

  test("that are revoked at a later stage give undefined", async () => {
    const huey = memory();
    const { give, inc, list } = tasks(huey);
    await inc.revoke();
    const handle = await huey.enqueue(chord([give.s(1).andThen(inc).andThen(give), give.s(7)], list));
    await work(huey);
    expect(await handle.get()).toEqual([undefined, 7]);
  });

  test("the handle of the members has the values of all their steps", async () => {
    const huey = memory();
    const { give, inc, list } = tasks(huey);
    const handle = await huey.enqueue(chord([give.s(1).andThen(inc), give.s(10)], list));
    await work(huey);
    expect(handle.results.length).toBe(2);
    await handle.get();
    expect((await handle.results.get() as unknown[]).flat()).toContain(2);
  });
});

describe("chords in a chord", () => {
  test("give the value of their callback", async () => {
    const huey = memory();
    const { give, total, list } = tasks(huey);
    const inner = chord([give.s(1), give.s(2)], total);
    const handle = await huey.enqueue(chord([inner, give.s(10)], list));
    await work(huey);
    expect(await handle.get()).toEqual([3, 10]);
  });

  test("of the last step after it", async () => {
    const huey = memory();
    const { give, total, inc, list } = tasks(huey);
    const inner = chord([give.s(1), give.s(2)], total).andThen(inc);
    const handle = await huey.enqueue(chord([inner, chord([inner.andThen(inc)], list)], list));
    await work(huey);
    expect(await handle.get() as unknown[]).toEqual([4, [5]]);
  });

  test("whose callback fails give the error", async () => {
    const huey = memory();
    const { give, list } = tasks(huey);
    const bad = huey.task("bad", (_values: number[]): number => {
      throw new Error("inner callback");
    });
    const handle = await huey.enqueue(chord([chord([give.s(1)], bad), give.s(2)], list));
    await work(huey);
    expect(await handle.get()).toEqual(["inner callback", 2]);
  });

  test("that are empty still call back", async () => {
    const huey = memory();
    const { give, list } = tasks(huey);
    const handle = await huey.enqueue(chord([chord([], list), give.s(2)], list));
    await work(huey);
    expect(await handle.get() as unknown[]).toEqual([[], 2]);
  });

  test("whose member failed are completed all the same", async () => {
    const huey = memory();
    const { give, fails, list } = tasks(huey);
    const handle = await huey.enqueue(chord([chord([fails.s(1), give.s(2)], list), give.s(3)], list));
    await work(huey);
    expect(await handle.get() as unknown[]).toEqual([["no 1", 2], 3]);
  });

  test("three deep", async () => {
    const huey = memory();
    const { give, total } = tasks(huey);
    const deep = chord([chord([chord([give.s(1), give.s(2)], total), give.s(3)], total), give.s(4)], total);
    const handle = await huey.enqueue(deep);
    await work(huey);
    expect(await handle.get()).toBe(10);
  });
});

describe("a chord in a pipeline", () => {
  test("gets the value of the step before it, appended to each member", async () => {
    const huey = memory();
    const { give, add, total, inc } = tasks(huey);
    const add10 = add.with({}).s as (...values: number[]) => ReturnType<typeof add.s>;
    const fan = chord([add10(10), add10(20)], total);
    const results = await huey.enqueue(give.s(1).andThen(fan).andThen(inc));
    await work(huey);
    expect(results.length).toBe(3);
    expect(await results.get() as unknown[]).toEqual([1, 32, 33]);
  });

  test("its callback gets the values only", async () => {
    const huey = memory();
    const { give, add } = tasks(huey);
    const got: unknown[][] = [];
    const keep = huey.task("keep", (...values: unknown[]) => void got.push(values));
    const add5 = add.with({}).s as (...values: number[]) => ReturnType<typeof add.s>;
    await huey.enqueue(give.s(1).andThen(chord([add5(5)], keep, "given")));
    await work(huey);
    expect(got).toEqual([["given", [6]]]);
  });

  test("undefined adds nothing to its members", async () => {
    const huey = memory();
    const { list } = tasks(huey);
    const nothing = huey.task("nothing", () => {});
    const count = huey.task("count", (...values: unknown[]) => values.length);
    const results = await huey.enqueue(nothing.s().andThen(chord([count.s(), count.s("x")], list)));
    await work(huey);
    expect((await results.get() as unknown[])[1]).toEqual([0, 1]);
  });

  test("empty, it goes on with an empty list", async () => {
    const huey = memory();
    const { give, list } = tasks(huey);
    const results = await huey.enqueue(give.s(1).andThen(chord([], list)));
    await work(huey);
    expect(await results.get() as unknown[]).toEqual([1, []]);
  });

  test("never starts when the step before it fails", async () => {
    const huey = memory();
    const { fails, inc, list } = tasks(huey);
    const inc0 = inc.with({}).s as (...values: number[]) => ReturnType<typeof inc.s>;
    await huey.enqueue(fails.s(1).andThen(chord([inc0()], list)));
    expect(await work(huey)).toBe(1);
  });

  test("in a pipeline that is a member of a chord", async () => {
    const huey = memory();
    const { give, add, total, inc, list } = tasks(huey);
    const add1 = add.with({}).s as (...values: number[]) => ReturnType<typeof add.s>;
    const member = give.s(1).andThen(chord([add1(1), add1(2)], total)).andThen(inc);
    const handle = await huey.enqueue(chord([member, give.s(100)], list));
    await work(huey);
    expect(await handle.get() as unknown[]).toEqual([6, 100]);
  });
});

describe("a chord made inside a task", () => {
  test("fans out from there", async () => {
    const huey = memory();
    const { give, total } = tasks(huey);
    const fan = huey.task("fan", async (count: number) => {
      const members = Array.from({ length: count }, (_, n) => give.s(n));
      return (await huey.enqueue(chord(members, total))).callback.id;
    });
    const result = await fan(4);
    await work(huey);
    expect(await huey.result<number>((await result.get())!)).toBe(6);
  });

  test("in groups too", async () => {
    const huey = memory();
    const { give } = tasks(huey);
    const fan = huey.task("fan", async () => {
      await huey.enqueue(group([give.s(1), give.s(2)]));
    });
    await fan();
    expect(await work(huey)).toBe(3);
  });
});
