/** The test runners below `_bun_test_module.ts`: that of Deno, and one of our own for Node and for several files in one process. @module */

/** A test, in the words of Deno. */
export interface RunnerTest {
  readonly name: string;
  readonly ignore: boolean;
  readonly only: boolean;
  readonly fn: () => Promise<void>;
}

/** Takes the tests of a file. */
export interface Runner {
  test(test: RunnerTest): void;
  /** Runs when all tests of the file are through. */
  afterFile(hook: () => Promise<void>): void;
}

/** What is used of `Deno.test`. */
interface DenoTest {
  (test: RunnerTest & { readonly sanitizeOps: boolean; readonly sanitizeResources: boolean }): void;
  afterAll(hook: () => Promise<void>): void;
}

/** The runner of Deno; undefined on Node, and where `_run.ts` runs the tests. */
let deno = (globalThis as unknown as { Deno?: { readonly test: DenoTest } }).Deno?.test;

/** What the file has registered, for `runRegistered`. */
let tests: RunnerTest[] = [];
const hooks: (() => Promise<void>)[] = [];

/** The runner of this process. */
export const runner: Runner = {
  test: (test) => deno === undefined ? void tests.push(test) : deno({ ...test, sanitizeOps: false, sanitizeResources: false }),
  afterFile: (hook) => deno === undefined ? void hooks.push(hook) : deno.afterAll(hook),
};

/** From here on tests are kept for `runRegistered`, on Deno too. */
export function collectTests(): void {
  deno = undefined;
}

/**
 * Runs what a file has registered, one test after another, and prints what Deno would print. That of Node takes a test that ends its process with 0
 * for one that passed, and waits for ever for what a file without a test leaves open.
 *
 * @returns Whether nothing failed.
 */
export async function runRegistered(): Promise<boolean> {
  const registered = tests;
  tests = [];
  const startMs = performance.now();
  const counts = { passed: 0, failed: 0, ignored: 0 };
  const alone = registered.some(({ only }) => only);
  for (const { name, ignore, only, fn } of registered) {
    const startedMs = performance.now();
    const outcome = ignore || (alone && !only) ? "ignored" : await fn().then(() => "passed" as const, failed);
    counts[outcome]++;
    const word = { passed: "ok", failed: "FAILED", ignored: "ignored" }[outcome];
    console.log(`${name} ... ${word} (${Math.round(performance.now() - startedMs)}ms)`);
  }
  for (const hook of hooks) await hook().catch((error) => counts[failed(error)]++);
  const isGood = counts.failed === 0 && !alone;
  const { passed, failed: bad, ignored } = counts;
  console.log(
    `\n${isGood ? "ok" : "FAILED"} | ${passed} passed | ${bad} failed | ${ignored} ignored (${
      Math.round(performance.now() - startMs)
    }ms)`,
  );
  return isGood;
}

function failed(error: unknown): "failed" {
  console.log(error instanceof Error ? error.stack : error);
  return "failed";
}
