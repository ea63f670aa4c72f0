/** What is kept of the texts of an attempt: the lines that it logged, and what it threw. */
import { expect, test } from "bun:test";
import { keepTaskLines } from "../../lib/attempt/lines.ts";
import { coreOf } from "../../lib/core/core.ts";
import { decodeMessage } from "../../lib/core/codec.ts";
import { RetryTask } from "../../lib/errors.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import type { Message } from "../../lib/message/message.ts";
import { registerSecret } from "../../lib/primitives/secrets.ts";
import type { Item } from "../../lib/storage.ts";
import { claim, logbook, memory, run, work } from "../helpers.ts";

async function messageOf(huey: Huey, item: Item): Promise<Message> {
  return await decodeMessage(coreOf(huey)!, item);
}

async function waiting(huey: Huey): Promise<Item> {
  return (await coreOf(huey)!.storage.pending(1))[0]!;
}

test("lines go to the logger with what they are about, and the last are kept", async () => {
  const { logger, lines } = logbook();
  const huey = memory({ logger });
  const task = huey.task({ name: "pay", retries: 1, context: true }, (context) => {
    for (let n = 1; n <= 30; n++) context.logger.info(`line ${n} ${"x".repeat(1000)}`, { n });
    context.logger.debug("not kept");
    throw new RetryTask("later");
  });
  const { id } = await task();
  await run(huey, (await claim(huey)).claims[0]!);
  const [ended] = (await messageOf(huey, await waiting(huey))).history!;
  expect(ended).toMatchObject({ outcome: "retry", error: { name: "RetryTask" } });
  expect(ended!.log!.map(({ text }) => text.slice(0, 7))).toEqual(Array.from({ length: 20 }, (_, at) => `line ${at + 11}`));
  expect(ended!.log!.every(({ text }) => text.length === 300)).toBe(true);
  expect(lines.find(({ message }) => message === "not kept")!.properties).toMatchObject({
    taskId: id,
    taskName: "pay",
    attempt: 1,
  });
  expect(lines.find(({ message }) => message.startsWith("line 1 "))!.properties).toMatchObject({ n: 1, taskId: id });
});

test("lines of LogTape, as a sink gets them, are kept with the task that wrote them, whatever is in them", async () => {
  const huey = memory();
  const record = {
    category: ["shop"],
    level: "info",
    message: ["asks for ", 500, ""],
    properties: {},
    rawMessage: "",
    timestamp: 0,
  };
  const odd = new Proxy({}, {
    get: () => {
      throw new Error("no");
    },
  });
  const task = huey.task("pay", async () => {
    keepTaskLines({ ...record, level: "debug" });
    keepTaskLines({ ...record, category: ["huey", "x"], level: "error" });
    keepTaskLines({ ...record, level: "info" });
    await Promise.resolve();
    keepTaskLines({ ...record, level: "fatal", message: [odd as string], properties: { error: new Error("why") } });
    throw new Error("no luck");
  });
  keepTaskLines({ ...record, level: "error" }); // of no task
  await task();
  await work(huey);
  const { history: [ended] } = (await huey.deadLetters())[0]!;
  expect(ended!.log.map(({ level, text }) => [level, text])).toEqual([
    ["info", "asks for 500"],
    ["error", expect.stringMatching(/: Error: why$/)],
  ]);
});

test("secrets, circles, aggregates and things that are no errors", async () => {
  const huey = memory();
  registerSecret("hunter2-of-the-bank");
  const circle = new Error("round");
  circle.cause = circle;
  const thrown: unknown[] = [
    new Error(`login hunter2-of-the-bank ${"x".repeat(280)}hunter2-of-the-bank`),
    circle,
    new AggregateError([new Error("one"), circle], "both"),
    undefined,
    "text",
    { toString: () => "odd", secret: "hunter2-of-the-bank" },
    Object.create(null),
    new Proxy({}, {
      get: () => {
        throw new Error("no");
      },
    }),
    new Error("\ud800 half"),
  ];
  for (const value of thrown) {
    const task = huey.task({ name: "fails", retries: 1, context: true }, (context) => {
      context.logger.error("logs hunter2-of-the-bank", { error: new Error("hunter2-of-the-bank") });
      throw value;
    });
    const { id } = await task();
    await run(huey, (await claim(huey)).claims[0]!);
    const item = await waiting(huey);
    expect(new TextDecoder().decode(item.data)).not.toContain("hunter2");
    expect((await messageOf(huey, item)).history).toHaveLength(1);
    await work(huey);
    expect((await huey.deadLetters())[0]).toMatchObject({ taskId: id, attempts: 2, history: [{ attempt: 1 }, { attempt: 2 }] });
    task.unregister();
  }
  const { history: [, last] } = (await huey.deadLetters({ taskName: "fails" })).at(-1)!;
  expect(last!.log[0]!.text).toBe("logs ***: Error: ***");
});
