/**
 * The part of `bun:test` that the tests use, for `deno test` and for Node; deno.json maps `bun:test` to this file, on Node `_node.ts` does.
 *
 * Differences that remain: `expect` is Jest's own, so Bun's extra matchers (`toBeTrue`, `toBeEmpty`, ...) are missing; a `done`
 * callback and `test.concurrent` are not supported; the runners name this file as the place of every test.
 *
 * @module
 */
import process from "node:process";
import { type Expect, expect as jestExpect } from "expect";
import { type Mock, ModuleMocker } from "jest-mock";
import { runner } from "./_runner.ts";

/** What a test, a hook or a `describe` runs. */
type Body = () => unknown;

/** Third argument of a test: its time limit in milliseconds; 0 and `Infinity` mean none. */
type TestOptions = number | { readonly timeout?: number };

/** How a test is registered. */
type Mode = "run" | "ignore" | "only" | "fail";

/** A `describe` block; the root stands for the file. */
interface Suite {
  readonly name: string;
  readonly parent: Suite | undefined;
  readonly beforeAll: Body[];
  readonly afterAll: Body[];
  readonly beforeEach: Body[];
  readonly afterEach: Body[];
  /** Tests that have not ended yet. */
  pending: number;
  /** The one run of `beforeAll`; rejected for every test of the suite if a hook fails. */
  started: Promise<void> | undefined;
  ended: boolean;
}

function newSuite(name: string, parent?: Suite): Suite {
  const hooks = { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] };
  return { name, parent, ...hooks, pending: 0, started: undefined, ended: false };
}

let suites: Suite[] = [newSuite("")];
let current = suites[0]!;
/** Set while a `describe.skip` or `describe.only` is being read. */
let inherited: Mode = "run";
/** As the test command sets it, which gives Bun the same limit by an argument. */
const givenTimeoutMs = Number(process.env.TEST_TIMEOUT_MS ?? 5000);
let defaultTimeoutMs = givenTimeoutMs;

/** The suites around a test, outermost first. */
function pathOf(suite: Suite | undefined): Suite[] {
  return suite === undefined ? [] : [...pathOf(suite.parent), suite];
}

// ---- running --------------------------------------------------------------------------------------------------------

async function runHooks(hooks: readonly Body[]): Promise<void> {
  for (const hook of hooks) await hook();
}

/** Runs all of them even if some fail. */
async function runAndCollect(hooks: readonly Body[], errors: unknown[]): Promise<void> {
  for (const hook of hooks) {
    try {
      await hook();
    } catch (error) {
      errors.push(error);
    }
  }
}

function timeoutOf(options: TestOptions | undefined): number {
  return (typeof options === "number" ? options : options?.timeout) ?? defaultTimeoutMs;
}

async function runLimited(body: Body, timeoutMs: number): Promise<void> {
  if (timeoutMs === 0 || timeoutMs === Infinity) {
    await body();
    return;
  }
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(() => limit.reject(new Error(`Test timed out after ${timeoutMs} ms`)), timeoutMs);
  try {
    await Promise.race([Promise.try(body), limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Fails for an `expect.assertions(n)` or `expect.hasAssertions()` that was not met. */
function checkAssertionCounts(): void {
  for (const { error } of jestExpect.extractExpectedAssertionsErrors()) throw error;
}

async function runBody(path: readonly Suite[], body: Body, timeoutMs: number): Promise<void> {
  for (const suite of path) await (suite.started ??= runHooks(suite.beforeAll));
  for (const suite of path) await runHooks(suite.beforeEach);
  checkAssertionCounts();
  await runLimited(body, timeoutMs);
  checkAssertionCounts();
}

async function endSuite(suite: Suite, errors: unknown[]): Promise<void> {
  if (suite.ended) return;
  suite.ended = true;
  await runAndCollect(suite.afterAll, errors);
}

async function runTest(path: readonly Suite[], body: Body, timeoutMs: number): Promise<void> {
  const errors: unknown[] = [];
  const inwardsOut = path.toReversed();
  await runAndCollect([() => runBody(path, body, timeoutMs)], errors);
  for (const suite of inwardsOut) await runAndCollect(suite.afterEach, errors);
  for (const suite of inwardsOut) if (--suite.pending === 0) await endSuite(suite, errors);
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, errors.map(String).join("; "));
}

/** A filter leaves tests out, so that a suite may have started and not ended when the file is through. Another file may follow. */
runner.afterFile(async () => {
  const errors: unknown[] = [];
  for (const suite of suites.toReversed()) if (suite.started) await endSuite(suite, errors);
  suites = [newSuite("")];
  current = suites[0]!;
  defaultTimeoutMs = givenTimeoutMs;
  mock.restore();
  setSystemTime();
  if (errors.length > 0) throw errors[0];
});

// ---- registering ----------------------------------------------------------------------------------------------------

function mustFail(body: Body): Body {
  return async () => {
    try {
      await body();
    } catch {
      return; // that it fails is what the test is about
    }
    throw new Error("Test was expected to fail, but passed");
  };
}

function register(mode: Mode, name: string, body: Body | undefined, options: TestOptions | undefined): void {
  const path = pathOf(current);
  const effective = body === undefined || inherited === "ignore" ? "ignore" : mode === "run" ? inherited : mode;
  const run = body === undefined ? () => {} : mode === "fail" ? mustFail(body) : body;
  if (effective !== "ignore") { for (const suite of path) suite.pending++; }
  runner.test({
    name: [...path.map((suite) => suite.name), name].filter((part) => part !== "").join(" > "),
    ignore: effective === "ignore",
    only: effective === "only",
    fn: () => runTest(path, run, timeoutOf(options)),
  });
}

/** Fills `%s`, `%d`, `%j`, ... with the row's values, `%#` with its number, and `%%` with `%`. */
function titleOf(template: string, row: readonly unknown[], index: number): string {
  let next = 0;
  return template.replace(/%([sdifjop#%])/g, (_whole, kind: string) => {
    if (kind === "%") return "%";
    if (kind === "#") return String(index);
    const value = row[next++];
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  });
}

/** Registers one case for each row; an array is spread over the arguments. */
function eachRow(rows: readonly unknown[], add: (name: string, row: readonly unknown[]) => void, template: string): void {
  rows.forEach((row, index) => {
    const values = Array.isArray(row) ? row : [row];
    add(titleOf(template, values, index), values);
  });
}

/** `each` of a table: rows that are arrays are spread, anything else is the only argument. */
interface Each {
  <Row extends readonly [unknown, ...unknown[]]>(
    rows: readonly Row[],
  ): (name: string, body: (...row: [...Row]) => unknown, options?: TestOptions) => void;
  <Value>(rows: readonly Value[][]): (name: string, body: (...row: Value[]) => unknown, options?: TestOptions) => void;
  <Value>(rows: readonly Value[]): (name: string, body: (value: Value) => unknown, options?: TestOptions) => void;
}

type LooseEach = (
  rows: readonly unknown[],
) => (name: string, body: (...row: never[]) => unknown, options?: TestOptions) => void;

/** Registers a test. */
interface Registrar {
  (name: string, body?: Body, options?: TestOptions): void;
  readonly each: Each;
}

/** `test`, with its variants. */
export interface Test extends Registrar {
  readonly skip: Registrar;
  readonly todo: Registrar;
  readonly only: Registrar;
  readonly failing: Registrar;
  if(condition: boolean): Registrar;
  skipIf(condition: boolean): Registrar;
  todoIf(condition: boolean): Registrar;
}

function registrar(mode: Mode): Registrar {
  const add = (name: string, body?: Body, options?: TestOptions): void => register(mode, name, body, options);
  const each: LooseEach = (rows) => (name, body, options) =>
    eachRow(rows, (title, row) => add(title, () => body(...row as never[]), options), name);
  return Object.assign(add, { each: each as Each });
}

/** Registers a test; see Bun's documentation. */
export const test: Test = Object.assign(registrar("run"), {
  skip: registrar("ignore"),
  todo: registrar("ignore"),
  only: registrar("only"),
  failing: registrar("fail"),
  if: (condition: boolean): Registrar => registrar(condition ? "run" : "ignore"),
  skipIf: (condition: boolean): Registrar => registrar(condition ? "ignore" : "run"),
  todoIf: (condition: boolean): Registrar => registrar(condition ? "ignore" : "run"),
});

/** The same as `test`. */
export const it: Test = test;

/** Registers a group of tests. */
interface Group {
  (name: string, body: () => void): void;
  readonly each: Each;
}

/** `describe`, with its variants. */
export interface Describe extends Group {
  readonly skip: Group;
  readonly todo: Group;
  readonly only: Group;
  if(condition: boolean): Group;
  skipIf(condition: boolean): Group;
}

function group(mode: Mode): Group {
  const add = (name: string, body: () => void): void => {
    const outer = { current, inherited };
    current = newSuite(name, outer.current);
    suites.push(current);
    if (inherited !== "ignore" && mode !== "run") inherited = mode;
    try {
      body();
    } finally {
      ({ current, inherited } = outer);
    }
  };
  const each: LooseEach = (rows) => (name, body) =>
    eachRow(rows, (title, row) => add(title, () => body(...row as never[])), name);
  return Object.assign(add, { each: each as Each });
}

/** Groups tests and hooks; see Bun's documentation. */
export const describe: Describe = Object.assign(group("run"), {
  skip: group("ignore"),
  todo: group("ignore"),
  only: group("only"),
  if: (condition: boolean): Group => group(condition ? "run" : "ignore"),
  skipIf: (condition: boolean): Group => group(condition ? "ignore" : "run"),
});

/** Runs once before the first test of the group. */
/** @param _limitMs How long it may take in `bun:test`; here the limit of the run is the only one. */
export function beforeAll(hook: Body, _limitMs?: number): void {
  current.beforeAll.push(hook);
}

/** Runs once after the last test of the group. */
export function afterAll(hook: Body): void {
  current.afterAll.push(hook);
}

/** Runs before each test of the group, outer groups first. */
export function beforeEach(hook: Body): void {
  current.beforeEach.push(hook);
}

/** Runs after each test of the group, inner groups first. */
export function afterEach(hook: Body): void {
  current.afterEach.push(hook);
}

/** Time limit of tests that name none; 5000 ms at first. */
export function setDefaultTimeout(ms: number): void {
  defaultTimeoutMs = ms;
}

// ---- expect and mocks -----------------------------------------------------------------------------------------------

/** Jest's `expect`. */
export const expect: Expect = jestExpect;

// Deno and the types of Node describe the same global object differently.
const mocker = new ModuleMocker(globalThis as never);

/** A function of the tests: any arguments, any value. */
// deno-lint-ignore no-explicit-any
type AnyFunction = (...values: any[]) => any;

/** Makes mock functions. */
export interface MockMaker {
  <T extends AnyFunction>(implementation?: T): Mock<T>;
  /** Undoes every `spyOn`. */
  restore(): void;
  /** Forgets the calls of every mock. */
  clearAllMocks(): void;
}

/** Makes a function that remembers its calls. */
export const mock: MockMaker = Object.assign(
  <T extends AnyFunction>(implementation?: T): Mock<T> => mocker.fn(implementation),
  { restore: (): void => mocker.restoreAllMocks(), clearAllMocks: (): void => mocker.clearAllMocks() },
);

/** Replaces a method by a mock that calls it. */
export const spyOn: ModuleMocker["spyOn"] = mocker.spyOn.bind(mocker);

/** Jest's names for `mock` and `spyOn`. */
export const jest: { readonly fn: MockMaker; readonly spyOn: ModuleMocker["spyOn"] } = { fn: mock, spyOn };

// ---- clock ----------------------------------------------------------------------------------------------------------

const RealDate = Date;

/**
 * Stops the wall clock at a time; without an argument the real clock is back. Timers and `performance` are not touched.
 *
 * @param now A date, or milliseconds since the epoch.
 */
export function setSystemTime(now?: Date | number): void {
  globalThis.Date = now === undefined ? RealDate : stoppedDate(Number(now));
  // Or `date.constructor === Date` would be false while the clock is stopped.
  RealDate.prototype.constructor = globalThis.Date;
}

function stoppedDate(nowMs: number): DateConstructor {
  return new Proxy(RealDate, {
    construct: (target, values) => Reflect.construct(target, values.length === 0 ? [nowMs] : values, target),
    apply: () => new RealDate(nowMs).toString(),
    get: (target, key) => key === "now" ? () => nowMs : Reflect.get(target, key),
  });
}
