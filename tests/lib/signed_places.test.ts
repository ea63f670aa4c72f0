/** With a signing serializer nothing that is stored can be moved: not to another purpose, queue, id or key. @module */
import { describe, expect, test } from "bun:test";
import { group } from "../../lib/composition/group.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { progressKey } from "../../lib/core/keys.ts";
import { SignedSerializer } from "../../lib/serializer/signed.ts";
import type { Place } from "../../lib/types/options.ts";
import { failure, idle, lostCount, testHuey, work } from "../helpers.ts";
import type { TestHuey } from "../../testing/mod.ts";

const secret = "a secret of some length";
const signed = (name = "shop"): TestHuey => testHuey({ name, serializer: new SignedSerializer({ secret }) });
/** What somebody with access to the storage makes of a value that the application keeps for him. */
const forged = { v: 1, id: "forged", name: "drop", args: ["customers"] };

function withDrop(huey: Huey): unknown[] {
  const dropped: unknown[] = [];
  huey.task("drop", (table: unknown) => void dropped.push(table));
  return dropped;
}

async function enqueueBytes(huey: Huey, id: string, data: Uint8Array): Promise<void> {
  await huey.storage.enqueue([{ id, data, priority: 0, track: true }]);
}

async function onlyReason(huey: Huey): Promise<string> {
  const letters = await huey.deadLetters();
  expect(letters.length).toBe(1);
  return letters[0]!.reason;
}

describe("as a message is refused, and set aside with the reason", () => {
  test("a result", async () => {
    const huey = signed();
    const dropped = withDrop(huey);
    const result = await huey.task("echo", (value: unknown) => value)(forged);
    await work(huey);
    await enqueueBytes(huey, "forged", (await huey.storage.results.peek(result.id))!);
    await work(huey);
    expect([dropped, await onlyReason(huey)]).toEqual([[], expect.stringContaining('not signed as the message "forged"')]);
  });

  test("a value of the application", async () => {
    const huey = signed();
    const dropped = withDrop(huey);
    await huey.put("forged", forged);
    await enqueueBytes(huey, "forged", (await huey.storage.data.peek("forged"))!);
    await work(huey);
    expect([dropped, await huey.deadLetterCount()]).toEqual([[], 1]);
  });

  test("progress", async () => {
    const huey = signed();
    const dropped = withDrop(huey);
    const task = huey.task({ name: "tells", context: true }, async (context) => await context.setProgress(forged));
    const result = await task();
    await work(huey);
    await enqueueBytes(huey, result.id, (await huey.storage.meta.peek(progressKey(result.id)))!);
    await work(huey);
    expect([dropped, await huey.deadLetterCount()]).toEqual([[], 1]);
  });

  test("a message of another queue, and a message under another id", async () => {
    const [huey, other] = [signed("shop"), signed("other")];
    const [dropped, droppedThere] = [withDrop(huey), withDrop(other)];
    await huey.enqueue(huey.task("pay", (euros: number) => euros).s(100));
    other.task("pay", (euros: number) => void droppedThere.push(euros));
    const [item] = await huey.storage.pending();
    await other.storage.enqueue([item!]);
    await enqueueBytes(huey, "another id", item!.data);
    await work(huey);
    await work(other);
    expect([dropped, droppedThere]).toEqual([[], []]);
    expect([await huey.deadLetterCount(), await other.deadLetterCount()]).toEqual([1, 1]);
  });

  test("a dead letter that was changed or moved, also when it is put back", async () => {
    const huey = signed();
    const dropped = withDrop(huey);
    await huey.put("forged", forged);
    await enqueueBytes(huey, "forged", (await huey.storage.data.peek("forged"))!);
    for (let round = 0; round < 3; round++) {
      await work(huey);
      const [letter] = await huey.deadLetters();
      expect(await huey.requeueDeadLetter(letter!.id)).toBe(true);
    }
    await work(huey);
    expect([dropped, await huey.deadLetterCount()]).toEqual([[], 1]);
  });
});

describe("is a DecodeError", () => {
  test("the result of one task as that of another", async () => {
    const huey = signed();
    const pay = huey.task("pay", (euros: number) => euros);
    const [small, large] = [await pay(1), await pay(999)];
    await work(huey);
    await huey.storage.results.put(small.id, (await huey.storage.results.peek(large.id))!);
    expect((await failure(small.get())).name).toBe("DecodeError");
    expect(await large.get()).toBe(999);
  });

  test("a value under another key, or read as a result, or a result as a value", async () => {
    const huey = signed();
    await huey.put("a", 1);
    const result = await huey.task("task", () => 2)();
    await work(huey);
    await huey.storage.data.put("b", (await huey.storage.data.peek("a"))!);
    await huey.storage.results.put("a", (await huey.storage.data.peek("a"))!);
    await huey.storage.data.put(result.id, (await huey.storage.results.peek(result.id))!);
    for (const read of [huey.get("b"), huey.result("a"), huey.get(result.id)]) {
      expect((await failure(read)).name).toBe("DecodeError");
    }
    expect([await huey.get<number>("a"), await result.get()]).toEqual([1, 2]);
  });

  test("the progress of another task", async () => {
    const huey = signed();
    const task = huey.task({ name: "tells", context: true }, async (context, n: number) => await context.setProgress(n));
    const [one, two] = [await task(1), await task(2)];
    await work(huey);
    await huey.storage.meta.put(progressKey(one.id), (await huey.storage.meta.peek(progressKey(two.id)))!);
    expect((await failure(one.progress())).name).toBe("DecodeError");
    expect(await two.progress()).toBe(2);
  });
});

describe("the value of a step is refused by another task", () => {
  for (const moved of ["kept", "claim"] as const) {
    test(moved === "kept" ? "if it was moved there" : "if the storage says that these are its steps", async () => {
      const huey = signed();
      const seen: string[] = [];
      const task = huey.task({ name: "pay", context: true }, async (context, who: string) => {
        seen.push(await context.step("charge", () => who));
        throw new Error("later");
      });
      const { id } = await task("one");
      await work(huey);
      const { storage } = huey;
      const [kept, claim] = [storage.kept.bind(storage), storage.claim.bind(storage)];
      if (moved === "kept") storage.kept = () => kept(id);
      else {
        storage.claim = async (limit, owner) => {
          const batch = await claim(limit, owner);
          return { ...batch, claims: batch.claims.map((each) => ({ ...each, steps: id })) };
        };
      }
      const other = await task("other");
      await work(huey);
      const letter = (await huey.deadLetters()).find(({ taskId }) => taskId === other.id);
      expect([seen, letter?.error]).toEqual([["one"], expect.objectContaining({ name: "DecodeError" })]);
    });
  }
});

test("the values of a chord cannot be exchanged", async () => {
  for (const steal of ["a result", "the value of the other member"]) {
    const huey = signed();
    let seen: unknown;
    const echo = huey.task("echo", (value: unknown) => value);
    const sum = huey.task("sum", (values: unknown[]) => void (seen = values));
    const stolen = await echo({ role: "admin" });
    await work(huey);
    await huey.enqueue(group([echo.s(1), echo.s(2)]).andThen(sum));
    const storage = huey.storage;
    const collect = storage.collect.bind(storage);
    const bytes = (await storage.results.peek(stolen.id))!;
    storage.collect = async (id) => {
      const collected = await collect(id);
      return { ...collected, values: [steal === "a result" ? bytes : collected.values[1], collected.values[1]] };
    };
    await work(huey);
    expect([seen, await huey.deadLetterCount()]).toEqual([undefined, 1]);
  }
});

test("the callback of a chord does not run with fewer values than it has members", async () => {
  for (const change of [(values: unknown[]) => values.slice(1), ([first]: unknown[]) => [first, undefined], () => []]) {
    const huey = signed();
    let seen: unknown;
    const echo = huey.task("echo", (value: unknown) => value);
    const sum = huey.task("sum", (values: unknown[]) => void (seen = values));
    await huey.enqueue(group([echo.s(1), echo.s(2)]).andThen(sum));
    const { storage } = huey;
    const collect = storage.collect.bind(storage);
    storage.collect = async (id) => {
      const collected = await collect(id);
      return { ...collected, values: change([...collected.values]) as Uint8Array[] };
    };
    await work(huey);
    expect([seen, await onlyReason(huey)]).toEqual([undefined, expect.stringContaining("Of the 2 values of its chord")]);
  }
});

test("everything that belongs where it stands is accepted: retries, follow-ups, chords, moves, listings", async () => {
  const huey = signed();
  let tries = 0;
  const twice = huey.task({ name: "twice", retries: 1 }, () => {
    if (++tries === 1) throw new Error("once more");
    return 1;
  });
  const add = huey.task("add", (a: number, b: number) => a + b);
  const total = huey.task("total", (values: number[]) => values.length);
  const retried = await twice();
  const steps = await huey.enqueue(add.s(1, 2).andThen(add, 3));
  const counted = await huey.enqueue(group([add.s(1, 2), twice.s()]).andThen(total));
  const later = await add.schedule({ delay: 60, args: [1, 1] });
  const now = await later.reschedule();
  expect((await huey.pending()).length).toBeGreaterThan(3);
  await work(huey);
  expect([await retried.get(), await steps.get(), await counted.get(), await now.get()]).toEqual([1, [3, 6], 2, 2]);
  expect(await huey.deadLetterCount()).toBe(0);
});

describe("the message of a task that has ended is set aside when it is stored again", () => {
  for (const fails of [false, true]) {
    test(`while its result waits: it ${fails ? "failed" : "completed"}`, async () => {
      const huey = signed();
      let runs = 0;
      const pay = huey.task("pay", (euros: number) => {
        runs++;
        if (fails) throw new Error("no money");
        return euros;
      });
      const { id } = await pay(100);
      const [item] = await huey.storage.pending();
      await work(huey);
      for (let round = 0; round < 3; round++) await huey.storage.enqueue([item!]);
      await work(huey);
      expect([runs, await lostCount(huey)]).toEqual([1, 3]);
      expect((await huey.deadLetters())[0]!.reason).toBe(
        `Task pay: ${id} has ended already, and its message was stored again. An id can be used again when its result was read`,
      );
    });
  }

  test("but not one that is tried again, whatever is stored of it meanwhile", async () => {
    for (const storeIntermediateErrors of [false, true]) {
      const huey = testHuey({ serializer: new SignedSerializer({ secret }), storeIntermediateErrors });
      let runs = 0;
      const task = huey.task({ name: "task", retries: 2 }, () => {
        if (++runs < 3) throw new Error("not yet");
        return runs;
      });
      const result = await task();
      await work(huey);
      expect([await result.get(), await huey.deadLetterCount()]).toEqual([3, 0]);
    }
  });

  test("and not a new call under the same id, when the result was read", async () => {
    const huey = signed();
    const task = huey.task("task", () => 1);
    for (let round = 0; round < 3; round++) {
      const result = await task.with({ id: "same" })();
      await work(huey);
      expect(await result.get()).toBe(1);
    }
  });

  test("and not in immediate mode", async () => {
    const huey = testHuey({ serializer: new SignedSerializer({ secret }), immediate: true });
    const task = huey.task("task", () => 1);
    for (let round = 0; round < 2; round++) expect(await (await task.with({ id: "same" })()).get()).toBe(1);
  });
});

test("a message that is left to other consumers, and then is a dead letter, runs when it is put back", async () => {
  const huey = signed();
  const strange = signed();
  await strange.task("strange", () => 5)();
  const [item] = await strange.storage.pending();
  await huey.storage.enqueue([item!]);
  for (let round = 0; round < 6; round++) {
    await work(huey);
    idle(huey, 60);
    await huey.storage.promoteDue(10);
  }
  const [letter] = await huey.deadLetters();
  expect(letter!.reason).toContain("No task is registered");
  huey.task("strange", () => 5);
  await huey.requeueDeadLetter(letter!.id);
  await work(huey);
  expect(await huey.result<number>(item!.id)).toBe(5);
});

test("a serializer is told the place of each value, the same when it is written and read", async () => {
  const told: string[] = [];
  class Telling extends SignedSerializer {
    override serialize(value: unknown, place?: Place): Uint8Array {
      told.push(`w ${JSON.stringify(place)}`);
      return super.serialize(value, place);
    }
    override deserialize(data: Uint8Array, place?: Place): unknown {
      told.push(`r ${JSON.stringify(place)}`);
      return super.deserialize(data, place);
    }
  }
  const huey = testHuey({ name: "shop", serializer: new Telling({ secret }) });
  const task = huey.task("task", () => 1);
  await task.with({ id: "7" })();
  await work(huey);
  await huey.result("7");
  await huey.put("key", 1);
  const message = { purpose: "message", queue: "shop", id: "7" };
  const result = { ...message, purpose: "result" };
  expect(told).toEqual([
    `w ${JSON.stringify(message)}`,
    `r ${JSON.stringify(message)}`,
    `w ${JSON.stringify(result)}`,
    `r ${JSON.stringify(result)}`,
    `w ${JSON.stringify({ purpose: "value", queue: "shop", id: "key" })}`,
  ]);
});

test("what cannot be read under the id of a task that has ended leaves its result alone", async () => {
  for (const isSigned of [true, false]) {
    const huey = isSigned ? signed() : testHuey();
    const task = huey.task("task", (value: unknown) => value);
    const [result, other] = [await task(1), await task(2)];
    const moved = (await huey.storage.pending()).find(({ id }) => id === other.id)!;
    await work(huey);
    await enqueueBytes(huey, result.id, new TextEncoder().encode("junk"));
    if (isSigned) await huey.storage.enqueue([{ ...moved, id: result.id }]);
    await work(huey);
    expect(await result.get()).toBe(1);
    expect(await huey.deadLetterCount()).toBeGreaterThan(0);
  }
});
