// Type test of the ways to define a task, and of what cannot be one. Checked, never run.
import { every, MemoryHuey, spread, type TaskWrapper } from "../../mod.ts";
import { onCommitTask, task } from "../../app/mod.ts";

const huey = new MemoryHuey();
const other = new MemoryHuey("other");
const resource = { open() {}, close() {} };

// ---- what can never be stored is refused, with the reason in the message
// @ts-expect-error an async generator
huey.task("a1", async function* () {
  yield 1;
});
// @ts-expect-error a generator
huey.task(function* a2() {
  yield 1;
});
// @ts-expect-error a generator, in a definition
huey.task({ name: "a3", fn: function* () {} });
// @ts-expect-error a generator, of a task with a context
huey.task("a4", { context: true }, function* (context) {
  yield context.attempt;
});
// @ts-expect-error a function
huey.task("a5", { retries: 1 }, () => () => 1);
// @ts-expect-error a promise of a function
huey.task({ name: "a6" }, async () => await Promise.resolve(() => 1));
// @ts-expect-error a class
huey.task("a7", () => class {});
// @ts-expect-error an iterator
huey.task("a8", () => new Map<string, number>().values());
// @ts-expect-error a stream
huey.task("a9", () => new ReadableStream());
// @ts-expect-error a symbol as an argument
huey.task("a10", (_n: number, _s: symbol) => 1);
// @ts-expect-error a function as an argument
huey.task("a11", (call: () => void) => call());
// @ts-expect-error symbols as further arguments
huey.task("a12", (..._s: symbol[]) => 1);
// @ts-expect-error of a task in a resource
huey.contextTask(resource, "a13", () => () => 1);
// @ts-expect-error of a task between open and close
huey.closingTask(resource, "a14", (_s: symbol) => 1);
// @ts-expect-error of a task that waits for a commit
onCommitTask("a15", () => () => 1);
// @ts-expect-error of a task of the application
task("a16", function* () {});

// ---- what may be stored is not
huey.task("b1", (n: number, _log?: () => void) => n)(1);
huey.task("b2", () => new Map<string, Set<number>>());
huey.task("b3", (): never => {
  throw new Error();
});
huey.task("b4", (x: unknown) => x);
huey.task("b5", <T>(x: T) => x);
huey.task("b6", (): number | (() => void) => 5);
huey.task("b7", async () => await Promise.resolve(5)) satisfies TaskWrapper<[], Promise<number>>;

// ---- a wrapper that is registered again keeps its types
const split = huey.task("split", () => spread(1, "a"));
const join = huey.task("join", (n: number, text: string) => `${n}${text}`);
other.task("c1", split).s().andThen(join);
other.task({ name: "c2", retries: 4 }, join) satisfies TaskWrapper<[number, string], string>;
other.task("c3", { retries: 4 }, join) satisfies TaskWrapper<[number, string], string>;
other.task(join) satisfies TaskWrapper<[number, string], string>;

// ---- values that may be undefined
const maybe = huey.task("maybe", (): number | undefined => 1);
const nothing = huey.task("nothing", () => {});
const takesNumber = huey.task("takesNumber", (n: number) => n);
const takesMaybe = huey.task("takesMaybe", (label: string, n: number | undefined) => `${label} ${n}`);
const takesOptional = huey.task("takesOptional", (n?: number) => n);
maybe.s().andThen(takesOptional).andThen(takesMaybe, "x");
nothing.s().andThen(takesNumber, 5).andThen(takesOptional);
// @ts-expect-error the step must take undefined
maybe.s().andThen(takesNumber);
// @ts-expect-error the step needs a value, and there is none
nothing.s().andThen(takesNumber);

// ---- map of a task without parameters takes empty lists only
const none = huey.task("none", () => 1);
none.map([[], []]);
// @ts-expect-error it takes none
none.map([1, 2]);

// ---- the forms of periodic tasks and of tasks in resources
huey.periodicTask(every(60), () => {});
huey.periodicTask(every(60), { retries: 1 }, function p1() {});
huey.periodicTask(every(60), { context: true }, function p2(context) {
  void context.attempt;
});
huey.periodicTask({ name: "p3" }, every(60), () => {});
huey.periodicTask({ name: "p4", context: true }, every(60), (context) => void context.attempt);
huey.periodicTask("p5", every(60), { missed: "once" }, () => {});
huey.periodicTask("p6", every(60), { context: true }, (context) => void context.attempt);
huey.contextTask(resource, "d1", { context: true }, (context, n: number) => context.attempt + n) satisfies TaskWrapper<
  [n: number],
  number
>;
huey.contextTask(() => ({ x: 1 }), "d2", { asArgument: true }, (opened, n: number) => opened.x + n)(1);
huey.contextTask(() => ({ x: 1 }), { name: "d3", asArgument: true }, (opened) => opened.x)();
huey.closingTask(resource, "d4", { retries: 1 }, (n: number) => n)(1);
huey.closingTask(resource, "d5", { context: true }, (context, n: number) => context.attempt + n)(1);
huey.closingTask(resource, { name: "d6" }, (n: number) => n)(1);

// ---- what a function awaits keeps its own types, whichever form comes first
huey.task("e1", () => new Promise((resolve) => setTimeout(resolve, 100)));
huey.task({ name: "e2", timeout: 1 }, () => new Promise((resolve) => setTimeout(resolve, 100)));
huey.task("e3", { retries: 1 }, async (n: number) => await new Promise<number>((resolve) => setTimeout(() => resolve(n), 1)));
huey.task({ name: "e4", context: true }, async (context) => await Promise.all([1, 2].map((n) => n * context.attempt)));
huey.task("e5", (names: string[]) => names.map((each) => each.length)) satisfies TaskWrapper<[names: string[]], number[]>;
