// deno-lint-ignore-file require-await -- what is async is part of what is tested
// Type test of meta, unique, concurrency and steps. `deno check` and `tsc --noEmit` must accept it; it is never run.
import {
  type CallOptions,
  type ConcurrencyOptions,
  MemoryHuey,
  type Result,
  type TaskContext,
  type TaskOptions,
  type TaskWrapper,
  type UniqueOptions,
} from "../../mod.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
function same<A, B>(..._equal: Equal<A, B> extends true ? [] : ["not equal", A, B]): void {}

const huey = new MemoryHuey();

// ---- the arguments of a key are those of the function
const one = huey.task({ name: "one", unique: { key: (id) => id.toUpperCase() } }, (id: string, n: number) => id.length + n);
same<typeof one, TaskWrapper<[id: string, n: number], number>>();
const two = huey.task(
  "two",
  { concurrency: { limit: 2, key: (id, n) => `${id.trim()}${n.toFixed()}` } },
  (id: string, n: number) => id + n,
);
same<typeof two, TaskWrapper<[id: string, n: number], string>>();
const fewer = huey.task(
  { name: "fewer", unique: { key: (id: string) => id, until: "start" } },
  async (id: string, n: number) => id + n,
);
same<typeof fewer, TaskWrapper<[id: string, n: number], Promise<string>>>();
const none = huey.task({ name: "none", unique: { key: () => "one", until: { minutes: 5 } }, concurrency: 5 }, (n: number) => n);
same<typeof none, TaskWrapper<[n: number], number>>();
const context = huey.task(
  { name: "context", context: true, unique: { key: (id: string) => id } },
  async (context, id: string) => {
    same<typeof context, TaskContext>();
    same<typeof context.meta, Readonly<Record<string, string>>>();
    context.enqueuedAt satisfies Date | undefined;
    const paid = await context.step("pay", async () => ({ at: new Date(), id }));
    same<typeof paid, { at: Date; id: string }>();
    same<undefined, Awaited<ReturnType<typeof nothing>>>();
    const nothing = () => context.step("nothing", () => {});
    return paid.id;
  },
);
same<typeof context, TaskWrapper<[id: string], Promise<string>>>();
huey.task({ name: "in", fn: (a: number) => a, unique: { key: (a: number) => `${a}` } });
huey.periodicTask({ name: "p", unique: true, concurrency: 1 }, () => true, () => {});
huey.contextTask(() => ({ [Symbol.dispose]() {} }), "c", { unique: { key: (n: number) => `${n}` } }, (n: number) => n);
huey.task({ name: "again", unique: true }, one) satisfies TaskWrapper<[string, number], number>;

// ---- of a call too
one.with({ unique: { key: (id, n) => `${id.trim()}${n.toFixed()}` }, concurrency: { limit: 1, key: (id) => id.trim() } })(
  "a",
  1,
);
one.with({ meta: { tenant: "a" }, unique: false, results: false });
one.schedule({ args: ["a", 1], delay: 1, meta: { trace: "1" }, unique: { key: (id) => id.trim() } });
(await one("a", 1)).duplicate satisfies boolean;
(await one("a", 1)) satisfies Result<number>;
(await one("a", 1)).task.meta satisfies Readonly<Record<string, string>>;
(await one("a", 1)).task.enqueuedAt satisfies Date | undefined;
const { state, error, attempts, enqueuedAt, startedAt, endedAt } = await (await one("a", 1)).state();
same<typeof error, string | undefined>();
same<typeof attempts, number | undefined>();
[enqueuedAt, startedAt, endedAt] satisfies (Date | undefined)[];
state satisfies string;
(state === "blocked") satisfies boolean;

// ---- options apart from a function take any arguments
const options: TaskOptions & { context?: false } = {
  name: "apart",
  concurrency: { limit: 1, key: (tenant: string) => tenant },
  unique: { key: (a, b) => a.x + b },
};
huey.task(options, (tenant: string) => tenant) satisfies TaskWrapper<[string], string>;
const call: CallOptions = { unique: { key: (a: number) => `${a}` }, meta: { a: "b" } };
none.with(call);
const limit: ConcurrencyOptions = { limit: 1, key: (a: number) => `${a}` };
const uniqueness: UniqueOptions<[number]> = { key: (a) => a.toFixed() };
huey.task({ name: "named", concurrency: limit, unique: uniqueness }, (n: number) => n);
huey.signal("blocked", (signal, task, nothing) => {
  same<typeof signal, "blocked">();
  same<typeof nothing, undefined>();
  task.meta satisfies Readonly<Record<string, string>>;
});

// ---- and what is wrong does not compile
// @ts-expect-error a key is a text
huey.task({ name: "w1", unique: { key: (n: number) => n } }, (n: number) => n);
// @ts-expect-error a key is there at once
huey.task({ name: "w2", unique: { key: async (n: number) => `${n}` } }, (n: number) => n);
// @ts-expect-error the function takes a number
huey.task({ name: "w3", unique: { key: (text: string) => text } }, (n: number) => n);
// @ts-expect-error the function takes one argument
huey.task({ name: "w4", concurrency: { limit: 1, key: (_a: number, b: number) => `${b}` } }, (n: number) => n);
// @ts-expect-error how many?
huey.task({ name: "w5", concurrency: { key: (n: number) => `${n}` } }, (n: number) => n);
// @ts-expect-error a time is a number or words
huey.task({ name: "w6", unique: { until: "10s" } }, (n: number) => n);
// @ts-expect-error meta is of calls
huey.task({ name: "w7", meta: { a: "b" } }, (n: number) => n);
// @ts-expect-error meta is texts
none.with({ meta: { a: 1 } });
// @ts-expect-error the task takes a number
none.with({ unique: { key: (text: string) => text } });
// @ts-expect-error a step gives what its function gives
((c: TaskContext) => c.step("x", () => 1).then((value) => value satisfies string));
// @ts-expect-error a step has a name
((c: TaskContext) => c.step(() => 1));
