/**
 * One attempt of one invocation, run in the test.
 * @module
 */
import { show } from "../lib/primitives/arguments.ts";
import { encodeItem } from "../lib/core/codec.ts";
import { type Core, replaceMembers } from "../lib/core/core.ts";
import { executeClaim } from "../lib/execution/execute.ts";
import type { Storage } from "../lib/storage.ts";
import { makeTask, messageOf } from "../lib/composition/call.ts";
import { withEnqueueTime } from "../lib/composition/link.ts";
import { UnknownTaskError } from "../lib/errors.ts";
import type { Message } from "../lib/message/message.ts";
import type { TaskCall } from "../lib/types/calling.ts";
import { ownerOf } from "../lib/huey/task_function.ts";
import { MemoryStorage } from "../storage/memory/storage.ts";
import { deadTask, type RanTask, ranTask } from "./ran_task.ts";

const OWNER = { consumer: "test", worker: "test" } as const;

/**
 * Runs one invocation here, as a worker would: arguments through the serializer, hooks, signals, context, lock, rate limit. What
 * it leaves (its value, a retry, what follows) goes nowhere; locks, limits and revocations are those of its Huey.
 *
 * @param task What `huey.task` or its `with` returned.
 * @param args The arguments of the function.
 * @returns How it ended. A task that is revoked or has expired does not run. `"retrying"` if it would be tried again; `"dead"` if
 * nobody could run it, as after `unregister`.
 * @throws {TypeError} For what is no task, and for arguments that cannot be stored.
 * @throws {StorageError} If the storage of its Huey fails.
 *
 * @example
 * ```ts
 * import { perform, TestHuey } from "@hueyjs/huey/testing";
 *
 * const huey = new TestHuey();
 * const divide = huey.task({ name: "divide", retries: 2 }, (a: number, b: number) => {
 *   if (b === 0) throw new RangeError("division by zero");
 *   return a / b;
 * });
 * console.log((await perform(divide, 6, 3)).value); // 2
 * console.log((await perform(divide, 1, 0)).outcome); // retrying
 * ```
 */
export async function perform<A extends unknown[], R>(task: TaskCall<A, R>, ...args: A): Promise<RanTask> {
  const core = ownerOf(task);
  if (core === undefined) throw new TypeError(`perform takes a task, then its arguments: ${show(task)}`);
  const alone = withoutQueue(core);
  // It runs by itself: whatever runs or waits elsewhere, it is neither a duplicate nor blocked.
  const message = {
    ...withEnqueueTime(messageOf(task.s(...args)), core.clock.now()),
    concurrency: undefined,
    unique: undefined,
  };
  if (core.registry.find(message.name) === undefined) return unknown(core, message);
  const { dueMs: _dueMs, ...item } = await encodeItem(core, message);
  await alone.storage.enqueue([item]);
  const { claims: [claim] } = await alone.storage.claim(1, OWNER);
  let ran: RanTask | undefined;
  await executeClaim(alone, claim!, { owner: OWNER, revocations: true, onEnd: (end) => ran = ranTask(core, end) });
  return ran ?? await deadTask(alone, message.id);
}

function unknown(core: Core, message: Message): RanTask {
  const error = new UnknownTaskError(message.name);
  return { task: makeTask(message), outcome: "dead", value: undefined, error, at: new Date(core.clock.now()) };
}

/** The same Huey with a queue and results of its own. */
function withoutQueue(core: Core): Core {
  const memory = new MemoryStorage({ name: core.settings.name, clock: core.clock });
  const { locks, meta, revocations, data } = core.storage;
  // Rate limits with a fixed window count with it.
  const increment: Storage["increment"] = (...given) => core.storage.increment(...given);
  const storage = replaceMembers<Storage>(memory, { locks, meta, revocations, data, increment });
  return replaceMembers(core, { storage, immediate: false });
}
