/**
 * Looking at what runs and what waits. Each look costs the same however deep the queue is.
 * @module
 */
import { InvocationInfo, makeTask } from "../composition/call.ts";
import type { Core } from "../core/core.ts";
import { readInvocation } from "../execution/open_claim.ts";
import { checkNumber } from "../primitives/arguments.ts";
import { dateOf } from "../primitives/time.ts";
import type { Message } from "../message/message.ts";
import type { Item, StoredRunning } from "../storage.ts";
import type { Task } from "../types/composition.ts";
import type { RunningTask } from "../types/operating.ts";

/** The tasks of items; what cannot be decoded becomes a dead letter when it is claimed, and is left out here. */
export async function tasksOf(core: Core, items: readonly Item[]): Promise<Task[]> {
  const tasks: Task[] = [];
  for (const item of items) {
    const message = await readInvocation(core, item);
    if (message !== undefined) tasks.push(makeTask(message));
  }
  return tasks;
}

/** The tasks of one list, in its order. @throws {TypeError | RangeError} For a limit that is no whole number. */
export async function listTasks(
  core: Core,
  list: "pending" | "scheduled" | "blocked",
  limit: number | undefined,
): Promise<Task[]> {
  checkLimit(limit);
  return await tasksOf(core, await core.storage[list](limit));
}

/** What workers hold, longest first. @throws {TypeError | RangeError} For a limit that is no whole number. */
export async function runningTasks(core: Core, limit: number | undefined): Promise<RunningTask[]> {
  checkLimit(limit);
  const tasks: RunningTask[] = [];
  for (const running of await core.storage.running(limit)) {
    const message = await readInvocation(core, running.claim);
    if (message !== undefined) tasks.push(new RunningInvocation(message, running));
  }
  return tasks;
}

/** How many tasks are in each list; `dead`: messages that nobody can run. */
export type Lengths = Readonly<Record<"waiting" | "scheduled" | "blocked" | "failed" | "dead", number>>;

/** Reads how many tasks are in each list. */
export async function readLengths({ storage }: Core): Promise<Lengths> {
  const [waiting, scheduled, blocked, failed, unknown, unreadable] = await Promise.all([
    storage.pendingCount(),
    storage.scheduledCount(),
    storage.blockedCount(),
    storage.deadLetterCount({ kind: "failed" }),
    storage.deadLetterCount({ kind: "unknown" }),
    storage.deadLetterCount({ kind: "unreadable" }),
  ]);
  return { waiting, scheduled, blocked, failed, dead: unknown + unreadable };
}

/** Age in seconds of the task that has been on the queue for longest; 0 if none is. */
export async function queueLatency(core: Core): Promise<number> {
  const oldestMs = await core.storage.oldestMs();
  // The clock of the storage may be ahead of that of this process.
  return oldestMs === undefined ? 0 : Math.max(0, core.clock.now() - oldestMs) / 1000;
}

function checkLimit(limit: number | undefined): void {
  if (limit !== undefined) checkNumber(limit, "limit", { min: 0, whole: true });
}

class RunningInvocation extends InvocationInfo implements RunningTask {
  readonly worker: string;
  readonly consumer: string;
  readonly startedAt: Date;
  readonly deliveries: number;

  constructor(message: Message, { claim, owner, sinceMs }: StoredRunning) {
    super(message);
    this.worker = owner.worker;
    this.consumer = owner.consumer;
    this.startedAt = dateOf(sinceMs) ?? new Date(0);
    this.deliveries = claim.deliveries;
  }

  get attempt(): number {
    return (this.message.attempt ?? 0) + 1;
  }
}
