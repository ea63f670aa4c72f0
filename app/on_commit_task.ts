/**
 * Tasks that are enqueued after the commit of the transaction that they are called in.
 * @module
 */
import { checkEnqueueing, enqueueSteps } from "../lib/enqueue/enqueue.ts";
import type { Core } from "../lib/core/core.ts";
import type { Message } from "../lib/message/message.ts";
import { cancelUnqueued } from "../lib/settlement/canceled_steps.ts";
import { ResultHandle } from "../lib/result/result.ts";
import { messageOf } from "../lib/composition/call.ts";
import type { TaskWrapper } from "../lib/types/calling.ts";
import type { ContextFn, Fn, OptionsFor, Plain, TaskOptions, WithContext } from "../lib/types/definition.ts";
import type { Result } from "../lib/types/results.ts";
import type { Stored } from "../lib/types/values.ts";
import { definitionOf } from "../lib/task/registry.ts";
import { ownerOf } from "../lib/huey/task_function.ts";
import { currentApplication } from "./application.ts";
import { openFrame } from "./transactions.ts";

/** A task that waits for the commit. It can be called; for everything else there is `task`. */
export interface OnCommitTask<A extends unknown[], R> {
  /**
   * Enqueues a call after the commit, at once if there is no transaction. The handle is there immediately: before the commit its
   * `get` has nothing to read, and if the transaction rolls back it never will; `id`, `revoke` and the like work.
   */
  (...args: A): Promise<Result<Stored<R>>>;
  /** Name of the task. */
  readonly name: string;
  /** The task itself, with all of its methods; they do not wait for a commit. */
  readonly task: TaskWrapper<A, R>;
}

/** The ways of `task`; or a task that is there, which is then not defined again. */
export interface DefineOnCommitTask {
  <A extends unknown[], R>(task: TaskWrapper<A, R>): OnCommitTask<A, R>;
  <A extends unknown[], R>(fn: Fn<A, R>): OnCommitTask<A, R>;
  <A extends unknown[], R>(name: string, fn: Fn<A, R>): OnCommitTask<A, R>;
  <A extends unknown[], R>(options: WithContext<TaskOptions>, fn: ContextFn<A, R>): OnCommitTask<A, R>;
  <A extends unknown[], R>(name: string, options: WithContext<TaskOptions>, fn: ContextFn<A, R>): OnCommitTask<A, R>;
  <A extends unknown[], R>(definition: WithContext<TaskOptions> & { fn: ContextFn<A, R> }): OnCommitTask<A, R>;
  <A extends unknown[], R>(options: Plain<OptionsFor<A>>, fn: Fn<A, R>): OnCommitTask<A, R>;
  <A extends unknown[], R>(name: string, options: Plain<OptionsFor<A>>, fn: Fn<A, R>): OnCommitTask<A, R>;
  <A extends unknown[], R>(definition: Plain<OptionsFor<A>> & { fn: Fn<A, R> }): OnCommitTask<A, R>;
}

type AnyTask = TaskWrapper<unknown[], unknown>;

/**
 * Defines a task whose calls are enqueued after the commit of the surrounding `atomic`: at once if there is none, never if it rolls
 * back. `onCommitTask(sendMail)` makes such a task of one that is there, for example of a `dbTask`.
 */
export const onCommitTask: DefineOnCommitTask = ((...args: unknown[]): OnCommitTask<unknown[], unknown> => {
  const [first] = args;
  const isTask = args.length === 1 && definitionOf(first) !== undefined;
  const task = isTask ? first as AnyTask : defineHere(args);
  // A task that is there may be of another Huey than the application's.
  const core = ownerOf(task)!;
  const call = async (...given: unknown[]): Promise<Result> => {
    const frame = openFrame();
    if (frame === undefined) return await task(...given);
    const invocation = task.s(...given);
    const message = messageOf(invocation);
    // What cannot be enqueued must fail here, where the transaction can still be rolled back.
    await checkEnqueueing(core, message);
    frame.add(() => enqueueOrCancel(core, message));
    return new ResultHandle(core, message, { later: true }) as Result;
  };
  Object.defineProperty(call, "name", { value: task.name });
  return Object.assign(call, { task });
}) as DefineOnCommitTask;

/** The handle is there already: of a duplicate it reads as canceled, and the one that holds the key has a handle of its own. */
async function enqueueOrCancel(core: Core, message: Message): Promise<void> {
  const { duplicates } = await enqueueSteps(core, [message]);
  const holder = duplicates?.get(0);
  if (holder !== undefined) await cancelUnqueued(core, message, `task ${holder} is there already, with the same unique key`);
}

function defineHere(args: readonly unknown[]): AnyTask {
  return (currentApplication().huey.task as (...args: readonly unknown[]) => AnyTask)(...args);
}
