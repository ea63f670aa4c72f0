/** What runs in a call of immediate mode, and in which order: everything that follows from it, depth first, and nothing else. */
import { describe, expect, test } from "bun:test";
import { chord, group } from "../../lib/composition/group.ts";
import { Huey } from "../../lib/huey/huey.ts";
import { MemoryStorage } from "../../storage/memory/storage.ts";
import { memory, record, silent, work } from "../helpers.ts";

/** Tasks that note their names, and hand a list on. */
function noting(huey: Huey): { order: string[]; note: ReturnType<typeof makeNote> } {
  const order: string[] = [];
  return { order, note: makeNote(huey, order) };
}

function makeNote(huey: Huey, order: string[]) {
  return huey.task("note", (name: string, ..._before: unknown[]): string => {
    order.push(name);
    return name;
  });
}

describe("the order of immediate mode", () => {
  test("what follows from a task comes before what was enqueued with it", async () => {
    const huey = memory({ immediate: true });
    const { order, note } = noting(huey);
    await huey.enqueue(group([note.s("a").andThen(note, "a2").andThen(note, "a3"), note.s("b").andThen(note, "b2")]));
    expect(order).toEqual(["a", "a2", "a3", "b", "b2"]);
  });

  test("a callback comes directly after the last member", async () => {
    const huey = memory({ immediate: true });
    const { order, note } = noting(huey);
    const members = [note.s("m1").andThen(note, "m1b"), note.s("m2")];
    await huey.enqueueMany([chord(members, note, "callback").andThen(note, "after"), note.s("last")]);
    expect(order).toEqual(["m1", "m1b", "m2", "callback", "after", "last"]);
  });

  test("a chord behind a task comes before the next task, one in another as well", async () => {
    const huey = memory({ immediate: true });
    const { order, note } = noting(huey);
    const inner = chord([note.s("i1"), note.s("i2")], note, "inner");
    const outer = chord([note.s("o1"), inner, note.s("o2")], note, "outer");
    await huey.enqueueMany([note.s("first").andThen(outer), note.s("last")]);
    expect(order).toEqual(["first", "o1", "i1", "i2", "inner", "o2", "outer", "last"]);
  });

  test("priorities do not change it", async () => {
    const huey = memory({ immediate: true });
    const { order, note } = noting(huey);
    await huey.enqueueMany([note.s("a"), note.with({ priority: 10 }).s("b"), note.with({ priority: -10 }).s("c")]);
    expect(order).toEqual(["a", "b", "c"]);
  });

  test("an inner call has ended before the outer one goes on, and runs nothing of the outer one", async () => {
    const huey = memory({ immediate: true });
    const { order, note } = noting(huey);
    const outer = huey.task("outer", async () => {
      order.push("outer");
      await note("inner");
      order.push("back");
    });
    await huey.enqueueMany([outer.s(), note.s("next")]);
    expect(order).toEqual(["outer", "inner", "back", "next"]);
  });

  test("calls at once do not wait for each other", async () => {
    const huey = memory({ immediate: true });
    const gate = Promise.withResolvers<void>();
    const waits = huey.task("waits", () => gate.promise);
    const opens = huey.task("opens", () => gate.resolve());
    await Promise.all([waits(), opens()]);
    expect(await huey.pendingCount()).toBe(0);
  });
});

test("a callback that is due later is scheduled with the values of its members, and told of once", async () => {
  const huey = memory({ immediate: true });
  const { names } = record(huey);
  const give = huey.task("give", (n: number) => n);
  const list = huey.task("list", (values: number[]) => values);
  await huey.enqueue(chord([give.s(1), give.s(2)], list.with({ delay: 60 })));
  const [scheduled] = await huey.scheduled();
  expect([scheduled?.name, scheduled?.args]).toEqual(["list", [[1, 2]]]);
  expect(names.filter((name) => name === "scheduled")).toEqual(["scheduled"]);
});

test("the live storage keeps what others have enqueued, and gets what is not due", async () => {
  const storage = new MemoryStorage({ name: "live" });
  const options = { name: "live", storage, logger: silent };
  const ran: string[] = [];
  const run = (who: string) => (name: string): void => void ran.push(`${who} ${name}`);
  const live = new Huey(options);
  await live.task("task", run("consumer"))("waiting");
  const huey = new Huey({ ...options, immediate: true, immediateUseMemory: false });
  const task = huey.task("task", run("call"));
  await huey.enqueueMany([task.s("now"), task.with({ delay: 60 }).s("later")]);
  expect([ran, await storage.pendingCount(), await storage.scheduledCount()]).toEqual([["call now"], 1, 1]);
  expect(await work(live)).toBe(1);
  expect(ran).toEqual(["call now", "consumer waiting"]);
});
