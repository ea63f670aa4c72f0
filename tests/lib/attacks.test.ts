/** What a hostile producer could try: stored letters, names, keys, meta and steps of every kind, while real tasks run. @module */
import { describe, expect, test } from "bun:test";
import * as api from "@opentelemetry/api";
import { coreOf } from "../../lib/core/core.ts";
import { aboutTask } from "../../lib/observe/tracing.ts";
import type { Message } from "../../lib/message/message.ts";
import { metricsText } from "../../consumer/health/metrics.ts";
import { fromMeta } from "../../otel/carrier.ts";
import { traceTasks } from "../../otel/mod.ts";
import { Consumer, type Huey, MemoryHuey, SignedSerializer, SqliteHuey } from "../../mod.ts";
import { bytes } from "../../testing/contract/helpers.ts";
import { builtIns } from "../faults/hostile.ts";
import { silent, work } from "../helpers.ts";

/** Names, ids and keys that mean something somewhere. */
const ODD = [
  ...[
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "then",
    "hasOwnProperty",
    "valueOf",
    "",
    " ",
    "\0",
    "\u0001",
    "a\0b",
  ],
  ...[
    "../x",
    "..",
    "/etc/passwd",
    "a/b",
    "a:b",
    "{a}",
    "a}",
    "*",
    "?",
    "%",
    "%00",
    "%2e",
    "'; drop table huey_task;--",
    '"',
    "`",
  ],
  ...[
    "r:x",
    "rt:x",
    "shop.lock.x",
    "progress:x",
    "é",
    "e\u0301",
    "ａ",
    "\u202e",
    "\u001b[2J",
    "\n",
    "\r\n",
    "[",
    "null",
    "1e9",
  ],
  ...["arguments:x", '["shop"]', "1", "0", "-1", "NaN", "true", "x".repeat(1000), "ü".repeat(500)],
];

const STORAGES: Readonly<Record<string, (options?: object) => Huey>> = {
  memory: (options = {}) => new MemoryHuey("shop", { logger: silent, ...options }),
  SQLite: (options = {}) => new SqliteHuey("shop", { filename: ":memory:", logger: silent, ...options }),
};

/** Puts messages on the queue that no program of ours has made. */
async function forge(huey: Huey, messages: readonly (readonly [id: string, fields: object | string])[]): Promise<void> {
  const items = messages.map(([id, fields]) => {
    const text = typeof fields === "string" ? fields : JSON.stringify({ v: 1, id, name: "buy", args: [], ...fields });
    return { id, data: bytes(text), priority: 0, track: true };
  });
  await coreOf(huey)!.storage.enqueue(items);
}

for (const [name, open] of Object.entries(STORAGES)) {
  describe(name, () => {
    test("locks, unique keys and gates with odd names are each their own", async () => {
      const huey = open();
      const ran: string[] = [];
      const single = huey.task({ name: "single", unique: { key: (key: string) => key } }, (key: string) => void ran.push(key));
      const gated = huey.task(
        { name: "gated", concurrency: { limit: 1, key: (key: string) => key } },
        (key: string) => void ran.push(key),
      );
      const good = ODD.filter((key) => key !== "");
      const refused: string[] = [];
      for (const key of good) {
        for (const call of [() => single(key), () => single(key), () => gated(key)]) {
          await call().catch(() => refused.push(key));
        }
        await huey.lockTask(key).acquire().catch(() => refused.push(key));
        expect([key, await huey.put(key, key).then(() => huey.get(key))]).toEqual([key, key]);
      }
      expect(refused).toEqual([]);
      await work(huey);
      expect(ran.toSorted()).toEqual([...good, ...good].toSorted());
      await huey.close();
    });

    test("steps with odd names keep odd values, over two attempts, and pollute nothing", async () => {
      const huey = open();
      const before = builtIns();
      const values: unknown[] = [
        undefined,
        null,
        NaN,
        -0,
        2n ** 70n,
        "",
        "\u202e",
        [],
        {},
        new Date(5),
        new Map([["__proto__", 1]]),
      ];
      values.push(
        new Set([{}]),
        new Uint8Array(3),
        new Error("e"),
        JSON.parse('{"__proto__":{"polluted":1},"constructor":5}'),
        /a+/g,
      );
      const names = ODD.filter((each) => each !== "");
      let done = 0;
      const read: unknown[] = [];
      const task = huey.task({ name: "steps", retries: 1, context: true }, async (context) => {
        for (const [at, step] of names.entries()) {
          const value = await context.step(step, () => {
            done++;
            return values[at % values.length];
          });
          if (context.attempt === 2) read.push(value);
        }
        if (context.attempt === 1) throw new Error("again");
        return "done";
      });
      const result = await task();
      await work(huey);
      expect([await result.get(), done, read.length]).toEqual(["done", names.length, names.length]);
      for (const [at, value] of read.entries()) expect([at, value]).toEqual([at, values[at % values.length]]);
      expect([builtIns() === before, ({} as { polluted?: unknown }).polluted]).toEqual([true, undefined]);
      await huey.close();
    });

    test("letters that a stranger has stored are listed, tried again, run and deleted without harm", async () => {
      const huey = open();
      let bought = 0;
      const buy = huey.task("buy", (..._args: unknown[]) => ++bought);
      const next = { v: 1, id: "next", name: "nobody", args: [] };
      await forge(huey, [
        ["not json", "}"],
        ["empty", ""],
        ["no task", { name: "nobody" }],
        ["proto", { name: "__proto__", meta: { "__proto__": "x" } }],
        ["bad meta", { meta: { a: 5 } }],
        ["huge meta", { meta: { a: "x".repeat(9000) } }],
        ["meta keys", { meta: Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`k${n}`, ""])) }],
        ["retries", { retries: 1e9 }],
        ["priority", { priority: 1e308 }],
        ["unique", { name: "nobody", unique: { key: "__proto__", until: "end" } }],
        ["gate", { name: "nobody", concurrency: { key: "x", limit: -1 } }],
        ["first", { name: "nobody", first: { retries: 1e9, retryDelay: "x" } }],
        ["chain", { name: "nobody", next: { ...next, next: { ...next, onError: next } } }],
        ["run", { name: "nobody", run: "another", periodic: true, attempt: 1e9 }],
        ...ODD.filter((id) => id !== "" && !id.includes("\0")).map((id) => [id, { name: id }] as const),
      ]);
      await work(huey);
      for (let round = 0; round < 3; round++) {
        const letters = await huey.deadLetters(1000);
        expect(letters.length).toBeGreaterThan(5);
        for (const { id } of letters.slice(0, 5)) expect(await huey.retry(id)).toBe(true);
        expect(await huey.retryAll()).toBeGreaterThan(0);
        for (const id of ["no task", "__proto__", "nothing"]) await huey.runNow(id);
        const good = await buy();
        await work(huey);
        expect(await good.get()).toBe(round + 1);
      }
      for (const { id } of await huey.deadLetters(1000)) await huey.deleteDeadLetter(id);
      expect([await huey.deadLetterCount(), await huey.pendingCount(), bought]).toEqual([0, 0, 3]);
      await huey.close();
    });

    test("a signed queue takes none of them, also when it is told to try them again", async () => {
      const huey = open({ serializer: new SignedSerializer({ secret: "0123456789abcdef" }) });
      let bought = 0;
      huey.task("buy", () => ++bought);
      await forge(huey, [["one", {}], ["two", { meta: { traceparent: "x" } }], ["three", { attempt: 5, retries: 3 }]]);
      for (let round = 0; round < 3; round++) {
        await work(huey);
        expect(await huey.retryAll()).toBe(3);
      }
      await work(huey);
      expect([bought, await huey.deadLetterCount()]).toEqual([0, 3]);
      await huey.close();
    });
  });
}

test("a task that is defined elsewhere has any name that is one, and no name reaches a member of an object", async () => {
  const huey = open();
  for (const name of ODD) {
    let remote;
    try {
      remote = huey.remote(name);
    } catch (error) {
      expect([name, error instanceof TypeError || error instanceof RangeError]).toEqual([name, true]);
      continue;
    }
    const { task } = await remote(1) as unknown as { task: { name: string } };
    expect(task.name).toBe(name);
  }
  expect((await huey.pending()).every(({ name }) => ODD.includes(name))).toBe(true);
  await huey.close();

  function open(): Huey {
    return STORAGES.memory!();
  }
});

test("metrics have a bounded number of series, whatever names are sent, and no name begins a line", async () => {
  const huey = new MemoryHuey('shop\n"}\\', { logger: silent });
  const core = coreOf(huey)!;
  core.statistics?.totals.know([]);
  const evil = 'x"} 1\nhuey_tasks_dead_total{queue="shop",task="forged"} 999\n# HELP \\ \r\u2028';
  await huey.task(evil, () => 1)();
  await huey.remote(`${evil}2`)();
  await forge(huey, Array.from({ length: 5000 }, (_, n) => [`m${n}`, { name: `name ${n}\n${evil}` }] as const));
  const consumer = new Consumer(huey, { workers: 20, periodic: false });
  await consumer.start();
  await consumer.waitFor("idle");
  await consumer.stop();
  const text = metricsText([{ core, gauges: undefined }]);
  const lines = text.trimEnd().split("\n");
  expect(lines.filter((line) => !/^(# (HELP|TYPE) huey_\w+ .+|huey_\w+(\{.*\})? [-+\w.]+)$/.test(line))).toEqual([]);
  expect(lines.some((line) => line.includes('forged"} 999') && !line.includes("\\n"))).toBe(false);
  expect(lines.length).toBeLessThan(3000);
}, 60_000);

describe("the context of a trace that a stranger has sent", () => {
  const id = "0af7651916cd43dd8448eb211c80319c";
  const span = "b7ad6b7169203331";
  const PARENTS = [
    ...[
      "",
      "x",
      "00",
      `00-${id}`,
      `00-${id}-${span}`,
      `00-${id}-${span}-zz`,
      `ff-${id}-${span}-01`,
      `00-${"0".repeat(32)}-${span}-01`,
    ],
    ...[`00-${id}-${"0".repeat(16)}-01`, `00-${id.toUpperCase()}-${span}-01`, ` 00-${id}-${span}-01`, `00-${id}-${span}-01x`],
    ...[
      `00-${id}-${span}-01\n`,
      "-".repeat(8000),
      "0".repeat(8000),
      `00-${id}-${span}-01-${"x".repeat(7000)}`,
      "\0",
      "__proto__",
    ],
  ];
  const STATES = [
    "",
    "x",
    "=",
    "a=b",
    "a=b,".repeat(200),
    "a".repeat(8000),
    "a=\n",
    "__proto__=1",
    ",,,,",
    "a=b,a=c",
    "é=1",
    "k=".repeat(256),
  ];

  test("gives a valid context or none, of any shape and size", () => {
    for (const traceparent of PARENTS) {
      for (const tracestate of STATES) {
        const context = fromMeta(api, { traceparent, tracestate });
        if (context === undefined) continue;
        expect([traceparent, api.isSpanContextValid(context)]).toEqual([traceparent, true]);
        expect((context.traceState?.serialize() ?? "").length).toBeLessThanOrEqual(512);
      }
      const { traceId = id } = aboutTask(
        { settings: { name: "q" } },
        { id: "x", name: "y", meta: { traceparent } } as never as Message,
      );
      expect(traceId).toMatch(/^[\da-f]{32}$/);
    }
  });

  test("stops no task", async () => {
    const huey = STORAGES.memory!();
    traceTasks(huey, api);
    let ran = 0;
    huey.task("buy", () => void ran++);
    const metas = PARENTS.flatMap((traceparent) => STATES.map((tracestate) => ({ traceparent, tracestate })));
    const fitting = metas.filter((meta) => meta.traceparent.length + meta.tracestate.length < 8000);
    await forge(huey, fitting.map((meta, n) => [`m${n}`, { meta }] as const));
    await work(huey);
    expect([ran, await huey.deadLetterCount()]).toEqual([fitting.length, 0]);
    await huey.close();
  });
});
