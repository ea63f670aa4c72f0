/**
 * Tests of applications, in milliseconds and on the real engine: a Huey whose time a test moves, and assertions on any Huey.
 *
 * Importing this module changes nothing by itself. It works under `bun test`, `deno test` and Node's test runner, with several
 * Hueys side by side.
 *
 * @example
 * ```ts
 * import { assertEnqueued, TestHuey } from "@hueyjs/huey/testing";
 *
 * const huey = new TestHuey();
 * const greet = huey.task("greet", (name: string) => `Hello, ${name}`);
 * await greet("Ada");
 * await assertEnqueued(huey, greet, { args: ["Ada"] });
 * const [ran] = await huey.drain();
 * console.log(ran?.value); // Hello, Ada
 * ```
 *
 * @module
 */
export { assertEnqueued, assertNotEnqueued } from "./assertions.ts";
export type { ArgumentsMatch, AssertEnqueuedOptions, AssertNotEnqueuedOptions } from "./assertions.ts";
export { testStorage } from "./contract/suite.ts";
export type { OpenStorage, StorageTraits, TestRunner } from "./contract/suite.ts";
export { perform } from "./perform.ts";
export type { RanTask } from "./ran_task.ts";
export { TestHuey } from "./test_huey.ts";
export type { DrainOptions, TestHueyOptions } from "./test_huey.ts";
export { waitForState } from "./wait_for_state.ts";
export type { WaitForStateOptions } from "./wait_for_state.ts";
