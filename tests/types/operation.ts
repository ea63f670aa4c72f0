// Type test of what operates a queue: remote tasks, handles, filters. Checked, never run.
import {
  type DeadLetter,
  type Handle,
  MemoryHuey,
  type Remote,
  type RemoteTask,
  type Result,
  type RunningTask,
  type TaskInfo,
} from "../../mod.ts";

const huey = new MemoryHuey();
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
const yes = (_same: true): void => {};

// ---- a remote task has the types of the task where it is defined
const add = huey.task("add", (a: number, b: number) => a + b);
const later = huey.task(
  { name: "later", context: true },
  async (context, text: string) => await Promise.resolve(text + context.id),
);
yes(true satisfies Same<Remote<typeof add>, RemoteTask<[a: number, b: number], number>>);
const remote = huey.remote<typeof add>("remote", { retries: 3 });
remote(1, 2) satisfies Promise<Result<number>>;
remote.with({ priority: 5 })(1, 2) satisfies Promise<Result<number>>;
remote.schedule({ args: [1, 2], delay: 60 }) satisfies Promise<Result<number>>;
remote.map([[1, 2]]);
huey.enqueue(remote.s(1, 2).andThen(add, 3));
remote.revoke() satisfies Promise<void>;
// @ts-expect-error the arguments of the task
remote("1", 2);
// @ts-expect-error it has no function here
remote.callLocal(1, 2);
// @ts-expect-error the name stands before
huey.remote<typeof add>("remote", { name: "other" });
// @ts-expect-error the context is a matter of the definition
huey.remote<typeof add>("remote", { context: true });

// ---- or those of a plain function; the context is none of its arguments
huey.remote<(path: string) => Promise<Date>>("resize")("a.png") satisfies Promise<Result<Date>>;
huey.remote<typeof later>("later")("text") satisfies Promise<Result<string>>;
// @ts-expect-error the context is given by the worker
huey.remote<typeof later>("later")({ id: "a" }, "text");
// ---- without types it takes anything, and gives nothing that is known
huey.remote("any")(1, "two") satisfies Promise<Result<unknown>>;

// ---- a handle by id
const handle = huey.handle<number>("id");
handle satisfies Handle<number>;
handle.get({ blocking: true }) satisfies Promise<number>;
handle.get() satisfies Promise<number | undefined>;
handle.progressUpdates() satisfies AsyncIterableIterator<unknown>;
huey.handle("id") satisfies Handle<unknown>;
// @ts-expect-error nothing is known of its invocation
handle.task;
// @ts-expect-error and so it cannot be enqueued again
handle.reschedule();

// ---- failed tasks and dead letters
huey.deadLetters({ kind: "failed", taskName: "add", limit: 5, before: new Date() }) satisfies Promise<DeadLetter[]>;
huey.deadLetters(5) satisfies Promise<DeadLetter[]>;
huey.deadLetterCount({ kind: "unknown" }) satisfies Promise<number>;
huey.retryAll({ limit: 5 }) satisfies Promise<number>;
declare const letter: DeadLetter;
letter.error?.stack satisfies string | undefined;
letter.task satisfies TaskInfo | undefined;
// @ts-expect-error another kind
huey.deadLetters({ kind: "dead" });
// @ts-expect-error a count has no limit
huey.deadLetterCount({ limit: 5 });
new MemoryHuey({ keepFailed: false });
new MemoryHuey({ keepFailed: { count: 5, age: { days: 1 } } });
// @ts-expect-error true says nothing
new MemoryHuey({ keepFailed: true });

// ---- pause and looks
huey.pause({ until: { minutes: 5 } }) satisfies Promise<void>;
huey.pause({ until: new Date() });
huey.pause({ until: 60 });
// @ts-expect-error a text is no time
huey.pause({ until: "tomorrow" });
huey.resume() satisfies Promise<boolean>;
huey.running(5) satisfies Promise<RunningTask[]>;
declare const running: RunningTask;
running satisfies TaskInfo;
running.attempt satisfies number;
huey.consumers().then(([consumer]) => consumer?.workerType satisfies "greenlet" | "thread" | "process" | undefined);
huey.periodic().then(([periodic]) => periodic?.next satisfies Date | undefined);
huey.runNow("id") satisfies Promise<boolean>;
huey.latency() satisfies Promise<number>;
