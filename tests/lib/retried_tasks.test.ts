/** What a failed task takes along when it is tried again: steps, meta, its place, its unique key. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chord } from "../../lib/composition/group.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import type { Place } from "../faults/storages.ts";
import { begin, record, work } from "../helpers.ts";
import { on, STORAGES } from "../operated.ts";

describe.each(STORAGES)("%s", (_name, open) => {
  let place: Place;
  let huey: Huey;
  beforeEach(async () => {
    place = await open();
    huey = on(place);
  });
  afterEach(async () => await place.end());

  for (const id of [undefined, "order-1"]) {
    test(`a step that was done is not done again, with ${id ?? "any id"}, over several retries`, async () => {
      const charged: string[] = [];
      let fails = 2;
      const order = huey.task({ name: "order", context: true }, async (context, item: string) => {
        const receipt = await context.step("charge", () => `receipt ${charged.push(item)}`);
        if (fails-- > 0) throw new Error("the printer is out of paper");
        return `${receipt}, ${await context.step("send", () => "sent")}, ${context.meta["tenant"]}`;
      });
      const result = await order.with({ id, meta: { tenant: "acme" } })("book");
      await work(huey);
      for (let round = 0; round < 2; round++) {
        expect([await huey.retry(result.id), await work(huey)]).toEqual([true, 1]);
      }
      expect([await result.get({ blocking: true }), charged]).toEqual(["receipt 1, sent, acme", ["book"]]);
      // They went with the success: a new call of the same id does all of it again.
      await order.with({ id: result.id })("book");
      await work(huey);
      expect(charged).toEqual(["book", "book"]);
    });
  }

  test("the steps go with a dead letter that is deleted, or that is beyond the bounds", async () => {
    const few = on(place, { keepFailed: { count: 1 } });
    const order = few.task({ name: "order", context: true }, async (context) => {
      await context.step("charge", () => "receipt");
      throw new Error("no");
    });
    await order.with({ id: "a" })();
    await work(few);
    expect((await few.storage.kept("a")).size + (await keptOf(few)).length).toBeGreaterThan(0);
    await order.with({ id: "b" })();
    await work(few);
    const [letter] = await few.deadLetters();
    expect([
      letter!.taskId,
      await few.deleteDeadLetter("b"),
      (await few.storage.kept("a")).size,
      (await few.storage.kept("b")).size,
    ])
      .toEqual(["b", true, 0, 0]);
  });

  test("one whose place is taken waits for it", async () => {
    let fails = true;
    const release = Promise.withResolvers<void>();
    const sync = huey.task({ name: "sync", concurrency: 1 }, async () => {
      if (fails) throw new Error("no");
      await release.promise;
      return "done";
    });
    const failed = await sync();
    await work(huey);
    fails = false;
    const other = await sync();
    const running = await begin(huey);
    const { names } = record(huey);
    expect([await huey.retry(failed.id), await huey.blockedCount(), await huey.pendingCount()]).toEqual([true, 1, 0]);
    expect([names, (await huey.blocked())[0]?.id, (await failed.state()).state]).toEqual([["blocked"], failed.id, "blocked"]);
    release.resolve();
    await running.done;
    expect([await work(huey), await failed.get({ blocking: true }), await other.get()]).toEqual([1, "done", "done"]);
  });

  test("a unique key that another holds: nothing changes, also for the steps behind it", async () => {
    let fails = true;
    const pay = huey.task({ name: "pay", unique: true }, (n: number) => {
      if (fails) throw new Error("no");
      return n;
    });
    const note = huey.task("note", (n: number) => n);
    const [failed, behind] = [...await huey.enqueue(pay.s(1).andThen(note))];
    await work(huey);
    fails = false;
    const holder = await pay(1);
    expect([await huey.retry(failed!.id), await huey.retryAll(), await huey.deadLetterCount()]).toEqual([false, 0, 1]);
    expect([(await failed!.state()).state, (await behind!.state()).state]).toEqual(["failed", "canceled"]);
    await work(huey);
    expect(await holder.get()).toBe(1);
    expect([await huey.retry(failed!.id), (await pay(1)).duplicate]).toEqual([true, true]);
    await work(huey);
    expect([await failed!.get({ blocking: true }), await behind!.get({ blocking: true })]).toEqual([1, 1]);
  });

  test("a member of a chord in the middle of a pipeline: what follows it runs, the callback does not once more", async () => {
    let fails = true;
    const ran: string[] = [];
    const first = huey.task("first", () => {
      if (fails) throw new Error("no");
      return "a";
    });
    const second = huey.task("second", (text: string) => void ran.push(`second ${text}`));
    const total = huey.task("total", (values: unknown[]) => void ran.push(`total ${values.length}`));
    await huey.enqueue(chord([first.s().andThen(second)], total));
    await work(huey);
    expect(ran).toEqual(["total 1"]);
    fails = false;
    expect(await huey.retryAll()).toBe(1);
    await work(huey);
    expect(ran).toEqual(["total 1", "second a"]);
  });
});

/** Keys of steps that the dead letters of a Huey may know. */
async function keptOf(huey: Huey): Promise<string[]> {
  const names: string[] = [];
  for (const { data } of await huey.storage.deadLetters()) {
    const { run } = JSON.parse(new TextDecoder().decode(data)) as { run?: string };
    if (run !== undefined) names.push(...(await huey.storage.kept(run)).keys());
  }
  return names;
}
