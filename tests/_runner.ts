/** The test runners below `_bun_test_module.ts`: that of Deno, and one of our own for Node. @module */

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

const deno = (globalThis as unknown as { Deno?: { readonly test: DenoTest } }).Deno;

/** What the file has registered on Node. */
const tests: RunnerTest[] = [];
const hooks: (() => Promise<void>)[] = [];

/** The runner of this runtime. */
export const runner: Runner = deno === undefined
  ? { test: (test) => void tests.push(test), afterFile: (hook) => void hooks.push(hook) }
  : {
    test: (test) => deno.test({ ...test, sanitizeOps: false, sanitizeResources: false }),
    afterFile: (hook) => deno.test.afterAll(hook),
  };

/**
 * Runs what was registered, one after another, and prints what Deno would print. That of Node takes a test that ends its process with 0
 * for one that passed, and waits for ever for what a file without a test leaves open.
 *
 * @returns Whether nothing failed.
 */
export async function runRegistered(): Promise<boolean> {
  const counts = { passed: 0, failed: 0, ignored: 0 };
  const alone = tests.some(({ only }) => only);
  for (const { name, ignore, only, fn } of tests) {
    const startedMs = performance.now();
    const outcome = ignore || (alone && !only) ? "ignored" : await fn().then(() => "passed" as const, failed);
    counts[outcome]++;
    const word = { passed: "ok", failed: "FAILED", ignored: "ignored" }[outcome];
    console.log(`${name} ... ${word} (${Math.round(performance.now() - startedMs)}ms)`);
  }
  for (const hook of hooks) await hook().catch((error) => counts[failed(error)]++);
  const isGood = counts.failed === 0 && !alone;
  const { passed, failed: bad, ignored } = counts;
  console.log(`\n${isGood ? "ok" : "FAILED"} | ${passed} passed | ${bad} failed | ${ignored} ignored`);
  return isGood;
}

function failed(error: unknown): "failed" {
  console.log(error instanceof Error ? error.stack : error);
  return "failed";
}
