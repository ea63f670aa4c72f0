import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import * as api from "@opentelemetry/api";
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-node";
import { CancelExecution, Consumer, group, MemoryHuey } from "../../mod.ts";
import { type TraceOptions, traceTasks } from "../../otel/mod.ts";
import { silent } from "../helpers.ts";

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
provider.register();
const SECRET = "4111-1111-1111-1111";

beforeEach(() => exporter.reset());
afterAll(async () => {
  await provider.shutdown();
  api.trace.disable();
  api.context.disable();
});

function traced(options: TraceOptions = {}): MemoryHuey {
  const huey = new MemoryHuey("shop", { logger: silent });
  traceTasks(huey, api, options);
  return huey;
}

/** Runs everything that waits. */
async function work(huey: MemoryHuey): Promise<void> {
  await using consumer = new Consumer(huey);
  await consumer.start();
  await consumer.waitFor("idle");
}

function spans(name: string): ReadableSpan[] {
  return exporter.getFinishedSpans().filter((span) => span.name === name);
}

describe("a call", () => {
  test("has a span, and its attempt another with a link to it", async () => {
    await using huey = traced();
    const add = huey.task("add", (card: string) => card.length);
    const { id } = await add(SECRET);
    await work(huey);
    const [[call], [attempt]] = [spans("enqueue shop"), spans("execute shop")];
    expect(call!.kind).toBe(api.SpanKind.PRODUCER);
    expect(call!.attributes).toEqual({
      "messaging.system": "huey",
      "messaging.operation.name": "enqueue",
      "messaging.operation.type": "send",
      "messaging.destination.name": "shop",
      "messaging.message.id": id,
      "messaging.huey.task.name": "add",
    });
    expect(attempt!.kind).toBe(api.SpanKind.CONSUMER);
    expect(attempt!.attributes).toMatchObject({
      "messaging.operation.name": "execute",
      "messaging.operation.type": "process",
      "messaging.message.id": id,
      "messaging.huey.attempt": 1,
      "messaging.huey.deliveries": 1,
      "messaging.huey.outcome": "complete",
    });
    expect(attempt!.attributes["error.type"]).toBeUndefined();
    expect(attempt!.instrumentationScope.schemaUrl).toBe("https://opentelemetry.io/schemas/1.44.0");
    expect(attempt!.parentSpanContext).toBeUndefined();
    expect(attempt!.links.map(({ context }) => context.spanId)).toEqual([call!.spanContext().spanId]);
    expect(attempt!.spanContext().traceId).not.toBe(call!.spanContext().traceId);
  });

  test("and its attempt are one trace with relation parent", async () => {
    await using huey = traced({ relation: "parent" });
    const add = huey.task("add", (a: number) => a + 1);
    await api.trace.getTracer("web").startActiveSpan("POST /order", async (request) => {
      await add(1);
      request.end();
    });
    await work(huey);
    const [[request], [call], [attempt]] = [spans("POST /order"), spans("enqueue shop"), spans("execute shop")];
    expect(call!.parentSpanContext!.spanId).toBe(request!.spanContext().spanId);
    expect(attempt!.parentSpanContext!.spanId).toBe(call!.spanContext().spanId);
    expect(attempt!.parentSpanContext!.isRemote).toBe(true);
    expect(attempt!.spanContext().traceId).toBe(request!.spanContext().traceId);
    expect(attempt!.links).toEqual([]);
  });

  test("of a task that calls another belongs to the attempt around it", async () => {
    await using huey = traced();
    const inner = huey.task("inner", () => api.trace.getActiveSpan()?.spanContext().spanId);
    huey.preExecute(() => {
      api.trace.getActiveSpan()?.addEvent("hook");
    });
    const outer = huey.task("outer", async () => await (await inner()).id);
    await outer();
    await work(huey);
    const [first, second] = spans("execute shop");
    const calls = spans("enqueue shop");
    expect(calls[1]!.parentSpanContext!.spanId).toBe(first!.spanContext().spanId);
    expect(second!.links[0]!.context.spanId).toBe(calls[1]!.spanContext().spanId);
    expect(first!.events.map(({ name }) => name)).toEqual(["hook"]);
  });
});

test("follow-ups, chords and retries carry the context of their call", async () => {
  await using huey = traced();
  const add = huey.task("add", (a: number, b: number) => a + b);
  const sum = huey.task("sum", (values: number[]) => values.length);
  let tries = 0;
  const flaky = huey.task("flaky", { retries: 1 }, () => {
    if (tries++ === 0) throw new Error("first");
  });
  await huey.enqueue(add.s(1, 2).andThen(add, 3));
  await huey.enqueue(group([add.s(1, 1), add.s(2, 2)]).andThen(sum) as never);
  await flaky();
  await add.map([[1, 2], [3, 4]]);
  await work(huey);
  const calls = spans("enqueue shop");
  const linksTo = (index: number): ReadableSpan[] =>
    spans("execute shop").filter(({ links }) => links[0]?.context.spanId === calls[index]!.spanContext().spanId);
  expect(calls.length).toBe(4);
  expect([linksTo(0).length, linksTo(1).length, linksTo(2).length, linksTo(3).length]).toEqual([2, 3, 2, 2]);
  const [first, second] = linksTo(2);
  expect([first!.attributes["messaging.huey.attempt"], second!.attributes["messaging.huey.attempt"]]).toEqual([1, 2]);
  expect(first!.attributes["error.type"]).toBe("Error");
  expect(calls[3]!.attributes["messaging.batch.message_count"]).toBe(2);
});

describe("ends", () => {
  test("are told with their kind, and failures with a type and nothing of their text", async () => {
    await using huey = traced();
    const bad = huey.task("bad", (card: string) => {
      throw new TypeError(`wrong: ${card}`);
    });
    const late = huey.task(
      "late",
      { timeout: 0.01, context: true },
      ({ signal }) => new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    const off = huey.task("off", () => {
      throw new CancelExecution(SECRET);
    });
    for (const call of [() => bad(SECRET), late, off]) await call();
    await work(huey);
    const told = spans("execute shop").map(({ attributes, status }) => [
      attributes["messaging.huey.outcome"],
      attributes["error.type"],
      status.code,
    ]);
    expect(told).toEqual([
      ["error", "TypeError", api.SpanStatusCode.ERROR],
      ["timeout", "timeout", api.SpanStatusCode.ERROR],
      ["canceled", undefined, api.SpanStatusCode.UNSET],
    ]);
    const text = JSON.stringify(
      exporter.getFinishedSpans().map(({ name, attributes, events, status, links }) => ({
        name,
        attributes,
        events,
        status,
        links,
      })),
    );
    expect(text).not.toContain(SECRET);
  });

  test("have the error where that is asked for", async () => {
    await using huey = traced({ errors: true });
    await huey.task("bad", () => Promise.reject(new Error("no")))();
    await work(huey);
    const [{ events: [event] } = undefined!] = spans("execute shop");
    expect(event!.attributes!["exception.message"]).toBe("no");
  });

  test("a call that is refused", async () => {
    await using huey = traced();
    const add = huey.task("add", (f: unknown) => f);
    await expect(add(() => {})).rejects.toThrow();
    expect(spans("enqueue shop")[0]!.status.code).toBe(api.SpanStatusCode.ERROR);
  });
});

describe("what is stored", () => {
  test("may be from anybody", async () => {
    await using huey = traced();
    const add = huey.task("add", (a: number) => a);
    const wrong = [
      "",
      "x",
      `00-${"0".repeat(32)}-${"1".repeat(16)}-01`,
      `ff-${"1".repeat(32)}-${"1".repeat(16)}-01`,
      "00-1-1-1",
    ];
    for (const traceparent of wrong) await add.with({ meta: { traceparent, tracestate: "\n=,;".repeat(100) } })(1);
    await work(huey);
    expect(spans("execute shop").map(({ links }) => links.length)).toEqual(wrong.map(() => 0));
  });

  test("of the caller wins, and a call does not fail for want of room", async () => {
    await using huey = traced();
    const add = huey.task("add", (a: number) => a);
    const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    await add.with({ meta: { traceparent } })(1);
    await add.with({ meta: { full: "x".repeat(8188) } })(2);
    await work(huey);
    const [own, full] = spans("execute shop");
    expect(own!.links[0]!.context.traceId).toBe("a".repeat(32));
    expect(full!.links).toEqual([]);
  });
});

test("immediate mode is traced, and so it ends when that is asked for", async () => {
  await using huey = new MemoryHuey("shop", { immediate: true });
  const end = traceTasks(huey, api);
  const add = huey.task("add", (a: number) => a);
  await add(1);
  expect([spans("enqueue shop").length, spans("execute shop").length]).toEqual([1, 1]);
  expect(() => traceTasks(huey, api)).toThrow("is traced already");
  end();
  await add(1);
  expect(exporter.getFinishedSpans().length).toBe(2);
});

test("wrong arguments are refused", async () => {
  await using huey = new MemoryHuey("shop");
  expect(() => traceTasks({} as never, api)).toThrow("takes a Huey");
  expect(() => traceTasks(huey, {} as never)).toThrow("@opentelemetry/api");
  expect(() => traceTasks(huey, api, { relation: "child" as never })).toThrow("relation");
  expect(() => traceTasks(huey, api, { parent: true } as never)).toThrow("parent");
});
