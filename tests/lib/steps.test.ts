import { describe, expect, test } from "bun:test";
import { spread } from "../../mod.ts";
import { coreOf } from "../../lib/core/core.ts";
import { WorkerLostError } from "../../lib/errors.ts";
import { interruptAttempts } from "../../lib/execution/end_claims.ts";
import { SignedSerializer } from "../../lib/serializer/signed.ts";
import type { TaskContext } from "../../lib/types/context.ts";
import { perform, TestHuey } from "../../testing/mod.ts";
import { begin, claim, failure, logbook, memory, OWNER, run, testHuey, work } from "../helpers.ts";
import { hueyOn, STORAGES } from "./_every_storage.ts";

for (const label of STORAGES) {
  describe(`on ${label}`, () => {
    const make = hueyOn(label);

    test("a step is done once over all attempts, and a later one gets its value", async () => {
      const huey = make();
      const calls: string[] = [];
      const values: unknown[] = [];
      const task = huey.task({ name: "task", context: true, retries: 2 }, async (context) => {
        values.push(await context.step("a", () => (calls.push("a"), { at: new Date(5), n: 1n })));
        values.push(await context.step("b", () => Promise.resolve(void calls.push("b"))));
        if (context.attempt < 3) throw new Error("no");
        return await context.step("c", () => "end");
      });
      const { id } = await task();
      await work(huey);
      expect(calls).toEqual(["a", "b"]);
      expect(values).toEqual([1, 2, 3].flatMap(() => [{ at: new Date(5), n: 1n }, undefined]));
      expect(await huey.result(id)).toBe("end");
      expect((await huey.storage.kept(id)).size).toBe(0);
    });

    test("also over deliveries: after a recovery and after an interruption", async () => {
      const huey = make();
      const calls: string[] = [];
      const gate = Promise.withResolvers<void>();
      const task = huey.task({ name: "task", context: true }, async (context) => {
        await context.step("a", () => calls.push("a"));
        if (context.deliveries === 1) await gate.promise;
        return await context.step("b", () => calls.push("b"));
      });
      const { id } = await task();
      const first = await begin(huey);
      while ((await huey.storage.kept(id)).size === 0) await Promise.resolve();
      await huey.storage.recover(OWNER);
      expect(await work(huey)).toBe(1);
      gate.resolve();
      await first.done;
      expect(calls.filter((name) => name === "a")).toHaveLength(1);
      expect((await huey.storage.kept(id)).size).toBe(0);
    });

    test("whoever has lost the claim keeps nothing, and learns of it", async () => {
      const huey = make();
      const failures: unknown[] = [];
      const gate = Promise.withResolvers<void>();
      const task = huey.task({ name: "task", context: true }, async (context) => {
        if (context.deliveries > 1) return await context.step("a", () => "second");
        return await context.step("a", async () => {
          await gate.promise;
          return "first";
        }).catch((error) => void failures.push(error));
      });
      const result = await task();
      const first = await begin(huey);
      await huey.storage.recover(OWNER);
      await work(huey);
      gate.resolve();
      await first.done;
      expect(await result.get()).toBe("second");
      expect(failures[0]).toBeInstanceOf(WorkerLostError);
      expect((await huey.storage.kept(result.id)).size).toBe(0);
    });

    test("two calls with one id both run, each with its own steps; so does what s() has made", async () => {
      const huey = make();
      let calls = 0;
      const task = huey.task(
        { name: "task", context: true },
        async (context, _more?: unknown) => await context.step("a", () => ++calls),
      );
      await task.with({ id: "same" })();
      await task.with({ id: "same" })();
      const made = task.s();
      await huey.enqueue(made);
      await huey.enqueue(made);
      const pipeline = made.andThen(task);
      await huey.enqueue(pipeline);
      await huey.enqueue(pipeline);
      expect(await work(huey)).toBe(8);
      expect(calls).toBe(8);
    });

    test("the steps of a failed task stay with it for its retry, and go with it", async () => {
      const huey = make();
      let charged = 0;
      let isDown = true;
      const task = huey.task({ name: "task", context: true }, async (context, _order: number) => {
        const payment = await context.step("charge", () => ++charged);
        if (isDown) throw new Error("the mail server is down");
        return payment;
      });
      const [one, two] = [await task(1), await task.with({ id: "given" })(2)];
      await work(huey);
      isDown = false;
      for (const { id } of [one, two]) expect(await huey.retry(id)).toBe(true);
      await work(huey);
      expect([charged, await one.get(), await two.get()].toSorted()).toEqual([1, 2, 2]);
      expect((await huey.storage.kept(one.id)).size).toBe(0);
      isDown = true;
      const three = await task(3);
      await work(huey);
      expect((await huey.storage.kept(three.id)).size).toBe(1);
      await huey.deleteDeadLetter(three.id);
      expect((await huey.storage.kept(three.id)).size).toBe(0);
    });
  });
}

describe("a step", () => {
  /** Runs a task of this function once. @returns what it failed of */
  async function failing(fn: (context: TaskContext) => unknown): Promise<Error> {
    const huey = testHuey();
    const result = await huey.task({ name: "task", context: true }, fn as (context: TaskContext) => Promise<void>)();
    await work(huey);
    return (await failure(result.get({ blocking: true }))).cause as Error;
  }

  test("that throws is not stored, and its error goes on", async () => {
    const huey = testHuey();
    let tries = 0;
    const task = huey.task({ name: "task", context: true, retries: 1 }, (context) =>
      context.step("a", () => {
        if (++tries === 1) throw new RangeError("no");
        return tries;
      }));
    const result = await task();
    await work(huey);
    expect(await result.get()).toBe(2);
  });

  test("may be used once in an attempt, also at the same time, and in callLocal", async () => {
    const twice = async (context: TaskContext): Promise<void> => {
      await Promise.all([context.step("a", () => 1), context.step("a", () => 2)]);
    };
    expect(await failing(twice)).toMatchObject({
      name: "TypeError",
      message: 'Step "a" of task task was used before in this attempt',
    });
    const task = testHuey().task({ name: "task", context: true }, async (context, calls: number) => {
      for (let call = 1; call < calls; call++) await context.step(`${call}`, () => 1);
      return await context.step("1", () => ({ local: true }));
    });
    expect(await task.callLocal(1)).toEqual({ local: true });
    expect((await failure(task.callLocal(2))).message).toContain("used before");
  });

  test("needs a name and something to do", async () => {
    for (const name of ["", 5, undefined, "\ud800"]) {
      expect(await failing((context) => context.step(name as never, () => 1))).toMatchObject({ name: "TypeError" });
    }
    expect(await failing((context) => context.step("x".repeat(1001), () => 1))).toMatchObject({ name: "RangeError" });
    expect(await failing((context) => context.step("a", 5 as never))).toMatchObject({ name: "TypeError" });
    const huey = testHuey();
    const names = ["x".repeat(1000), "é".repeat(1000), "__proto__", "a/b", "\0", " "];
    const result = await huey.task({ name: "task", context: true }, async (context) => {
      for (const name of names) await context.step(name, () => name);
      return names.length;
    })();
    await work(huey);
    expect(await result.get()).toBe(6);
  });

  test("whose value cannot be stored is named", async () => {
    for (const value of [() => 1, Symbol("a"), new (class A {})(), spread(1, 2)]) {
      const error = await failing((context) => context.step("charge", () => value as never));
      expect([error.name, error.message.includes('step "charge" of task task cannot be stored')]).toEqual(["TypeError", true]);
    }
  });

  test("works in immediate mode, in a TestHuey and in perform", async () => {
    for (const huey of [memory({ immediate: true }), new TestHuey({ immediate: true })]) {
      let calls = 0;
      const task = huey.task({ name: "task", context: true, retries: 1 }, async (context) => {
        await context.step("a", () => ++calls);
        if (context.attempt === 1) throw new Error("no");
        return calls;
      });
      expect(await (await task()).get()).toBe(1);
    }
    const huey = new TestHuey();
    let calls = 0;
    const task = huey.task({ name: "task", context: true, retries: 1, retryDelay: 60 }, async (context) => {
      const value = await context.step("a", () => ++calls);
      if (context.attempt === 1) throw new Error("no");
      return value;
    });
    expect((await perform(task)).outcome).toBe("retrying");
    await task();
    expect((await huey.advance({ minutes: 2 })).map(({ outcome, value }) => [outcome, value])).toEqual([
      ["retrying", undefined],
      ["complete", 2],
    ]);
  });

  test("after an interruption is not done again, and its steps go whatever becomes of the task", async () => {
    const huey = testHuey();
    const calls: string[] = [];
    const task = huey.task({ name: "task", context: true }, async (context) => {
      await context.step("a", () => calls.push("a"));
      if (calls.length < 2) await new Promise<never>((_, reject) => context.signal.addEventListener("abort", reject));
    });
    const result = await task();
    const { claim: taken } = await begin(huey);
    while ((await huey.storage.kept(taken.id)).size === 0) await Promise.resolve();
    await interruptAttempts(coreOf(huey)!, coreOf(huey)!.running.values());
    await result.revoke();
    await work(huey);
    expect([calls, (await result.state()).state]).toEqual([["a"], "revoked"]);
    expect((await huey.storage.kept(taken.id)).size).toBe(0);
  });

  test("is tried until the storage takes it, and is stored once", async () => {
    // In real time: it waits between its tries, while nobody moves a clock.
    const huey = memory();
    let calls = 0;
    const task = huey.task({ name: "task", context: true }, async (context) => await context.step("a", () => ++calls));
    const result = await task();
    const { storage } = huey;
    const { keep } = storage;
    let failures = 0;
    storage.keep = async (...args) => {
      const held = await keep.apply(storage, args);
      if (failures++ < 1) throw Object.assign(new Error("the reply is lost"), { name: "StorageError" });
      return held;
    };
    const { claims: [taken] } = await claim(huey);
    const { executeClaim: execute } = await import("../../lib/execution/execute.ts");
    await execute(coreOf(huey)!, taken!, { owner: OWNER, revocations: false, stop: new AbortController().signal });
    expect([calls, failures, await result.get()]).toEqual([1, 2, 1]);
  });

  test("whose stored value was forged or damaged fails the task, and is not done again", async () => {
    const huey = testHuey({ serializer: new SignedSerializer({ secret: "0123456789abcdef" }) });
    let calls = 0;
    const task = huey.task({ name: "task", context: true }, async (context) => await context.step("a", () => ++calls));
    const result = await task();
    const { claims: [taken] } = await claim(huey);
    await huey.storage.keep(taken!, "a", new TextEncoder().encode('{"value":1}'));
    await run(huey, taken!);
    expect([calls, (await result.state()).state]).toEqual([0, "failed"]);
  });

  test("a plain task asks its storage for nothing", async () => {
    const huey = testHuey();
    const task = huey.task({ name: "task", context: true }, (context) => context.attempt);
    const dropped: unknown[] = [];
    const { storage } = huey;
    const { settle } = storage;
    storage.settle = (settlement) => (dropped.push(settlement.dropSteps), settle.call(storage, settlement));
    await task();
    await huey.task("plain", () => 1)();
    await work(huey);
    expect(dropped).toEqual([undefined, undefined]);
  });

  test("is logged at debug", async () => {
    const { logger, lines } = logbook();
    const huey = testHuey({ logger });
    const { id } = await huey.task({ name: "task", context: true }, async (context) => await context.step("pay", () => 1))();
    await work(huey);
    expect(lines.filter(({ message }) => message.includes("Step")).map(({ level, message }) => `${level} ${message}`)).toEqual([
      `debug Step "pay" of task task: ${id} is done`,
    ]);
  });
});
