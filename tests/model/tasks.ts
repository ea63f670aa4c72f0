/**
 * The tasks of the model tests: what each does is one pure function, which the queue runs and the model asks.
 * @module
 */
import { CancelExecution, type Huey, RetryTask, spread, type TaskContext } from "../../mod.ts";

/** Names of the tasks. */
export const TASK_NAMES = [
  "collect",
  "nothing",
  "nil",
  "pair",
  "fail",
  "flaky",
  "quit",
  "insist",
  "again",
  "locked",
  "limited",
] as const;

/** Name of a task. */
export type TaskName = (typeof TASK_NAMES)[number];

/** Lock that the task `locked` holds while it runs. */
export const TASK_LOCK = "task";
/** Rate limit of the task `limited`. */
export const TASK_LIMIT = { name: "task", limit: 2, per: 60 } as const;
/** Delay that the task `again` asks for at its first attempt, in seconds. */
export const AGAIN_DELAY = 20;

/** What a task does. Throws what the task throws. */
export function behave(name: TaskName, args: readonly unknown[], attempt: number): unknown {
  const first = attempt === 1;
  if (name === "collect") return [...args];
  if (name === "nothing") return undefined;
  if (name === "nil") return null;
  if (name === "pair") return spread("pair", args.length);
  if (name === "fail") throw new Error(`fail ${args.length} at attempt ${attempt}`);
  if (name === "flaky" && first) throw new Error("flaky fails at first");
  if (name === "quit") throw new CancelExecution("quit");
  if (name === "insist" && first) throw new CancelExecution("insist", { retry: true });
  if (name === "again" && first) throw new RetryTask({ delay: AGAIN_DELAY });
  return name === "flaky" ? undefined : `${name} done`;
}

/** A wrapper whose types do not matter. */
export interface AnyWrapper {
  (...args: unknown[]): Promise<unknown>;
  readonly name: string;
  s(...args: unknown[]): AnyTask;
  with(options: object): AnyWrapper;
  map(items: readonly unknown[]): Promise<unknown>;
  schedule(options: object): Promise<unknown>;
  revoke(options?: object): Promise<void>;
  restore(): Promise<boolean>;
  isRevoked(): Promise<boolean>;
}

/** An invocation whose types do not matter. */
export interface AnyTask {
  readonly id: string;
  readonly name: string;
  readonly args: readonly unknown[];
  andThen(next: unknown): AnyTask;
  onError(handler: unknown, ...given: unknown[]): AnyTask;
}

/** Registers the tasks. @param started Called as each function begins; it ends when the promise that this returns does. */
export function registerTasks(huey: Huey, started: () => Promise<void> | undefined): Record<TaskName, AnyWrapper> {
  const wrappers = {} as Record<TaskName, AnyWrapper>;
  for (const name of TASK_NAMES) {
    const extra = name === "locked" ? { lock: TASK_LOCK } : name === "limited" ? { rateLimit: TASK_LIMIT } : {};
    const run = async (context: TaskContext, ...args: unknown[]): Promise<unknown> => {
      await started();
      return behave(name, args, context.attempt);
    };
    wrappers[name] = huey.task({ name, context: true, ...extra }, run) as unknown as AnyWrapper;
  }
  return wrappers;
}
