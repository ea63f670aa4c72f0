/**
 * What is wrong with a queue, and what to do about it: the same for everybody who looks, on pages and in a terminal.
 * @module
 */
import { type Condition, LATELY_MS } from "./condition.ts";
import { plural, roughLength } from "./words.ts";
import type { RunningTask } from "../types/operating.ts";

/** Something that is wrong. */
export interface Trouble {
  /** Where to look. */
  readonly where: "consumers" | "waiting" | "scheduled" | "blocked" | "running" | "failures" | "dead";
  readonly text: string;
  readonly advice: string;
  /** Whether work is lost or stands still; others may be meant to be so. */
  readonly bad: boolean;
}

const LONG_WAIT_SECONDS = 60;
const LONG_HOLD_SECONDS = 60;
const LONG_RUN_SECONDS = 3600;
const OVERDUE_SECONDS = 30;
const FAR_SECONDS = 366 * 86_400;
const CLOCK_SECONDS = 5;
const MOST_NAMES = 3;

/** What is wrong, the worst first. */
export function troublesOf(condition: Condition): Trouble[] {
  const rules = [nobody, silent, belated, clocks, failing, unknown, overdue, paused, late, blocked, hanging, distant];
  return rules.flatMap((rule) => rule(condition) ?? []).sort((a, b) => Number(b.bad) - Number(a.bad));
}

type Rule = (condition: Condition) => Trouble | undefined;

/** Work is lost, or stands still. */
function bad(where: Trouble["where"], text: string, advice: string): Trouble {
  return { where, text, advice, bad: true };
}

/** It may be meant to be so. */
function odd(where: Trouble["where"], text: string, advice: string): Trouble {
  return { where, text, advice, bad: false };
}

const nobody: Rule = (condition) => {
  if (condition.immediate || aliveOf(condition).length > 0) return undefined;
  const { waiting } = condition.counts;
  const waits = waiting > 0 ? `: ${tasksWait(waiting)}` : "";
  return bad("consumers", `No consumer serves this queue${waits}`, "Start one: huey-consumer APP");
};

const silent: Rule = ({ consumers }) => {
  const gone = consumers.filter((consumer) => consumer.silent);
  if (gone.length === 0) return undefined;
  return bad(
    "consumers",
    `${plural(gone.length, "consumer has", "consumers have")} not shown a sign of life, probably dead: ${processes(gone)}`,
    "Its log says why: it was killed, or cannot write to the storage (a full disk, no connection). Start it again; " +
      "others take over its tasks",
  );
};

const belated: Rule = ({ late }) => {
  if (late.length === 0) return undefined;
  return bad(
    "consumers",
    `${plural(late.length, "consumer is", "consumers are")} late with a sign of life: ${processes(late)}`,
    "It was killed, is held up, or cannot write to the storage (a full disk, no connection): its log says why",
  );
};

const clocks: Rule = ({ clockAhead }) => {
  if (clockAhead <= CLOCK_SECONDS) return undefined;
  return bad(
    "consumers",
    `The clock of a consumer is ${roughLength(clockAhead)} ahead of the clock here, or more`,
    "Set the clocks of all machines by NTP: leases, schedules and expiry go by them",
  );
};

const failing: Rule = ({ lately }) => {
  const byTask = Map.groupBy(lately, ({ taskName }) => taskName);
  const failed = [...byTask].map(([name, rows]) => ({ name, failed: rows.reduce((sum, row) => sum + row.failed, 0) }))
    .filter((task) => task.failed > 0).sort((a, b) => b.failed - a.failed);
  if (failed.length === 0) return undefined;
  const all = failed.reduce((sum, task) => sum + task.failed, 0);
  const names = listed(failed.map((task) => `${task.name} ${task.failed}`));
  return bad(
    "failures",
    `${plural(all, "task")} failed in the last ${roughLength(LATELY_MS / 1000)}: ${names}`,
    "See the error, mend its cause, then retry them: huey-consumer retry APP --all --task NAME",
  );
};

const unknown: Rule = ({ counts: { dead }, unknownNames }) => {
  if (dead === 0) return undefined;
  const text = `${plural(dead, "message")} that nobody can run`;
  if (unknownNames.length === 0) return bad("dead", text, "See the reason; what is of no use can be deleted");
  const advice = "Deploy consumers that have these tasks, then retry the messages";
  return bad("dead", `${text}, of tasks that no consumer knows: ${listed(unknownNames)}`, advice);
};

const overdue: Rule = (condition) => {
  const { dueMs, nowMs } = condition;
  const late = dueMs === undefined ? 0 : (nowMs - dueMs) / 1000;
  if (late <= OVERDUE_SECONDS || aliveOf(condition).length === 0) return undefined;
  return bad(
    "scheduled",
    `A scheduled task has been due for ${roughLength(late)}, and is not on the queue`,
    "The scheduler of a consumer cannot write to the storage, or clocks differ: see the logs of the consumers",
  );
};

const paused: Rule = ({ pause, nowMs, counts: { waiting }, latency }) => {
  if (pause === undefined) return undefined;
  const until = pause.untilMs === undefined
    ? "until somebody resumes it"
    : `for ${roughLength((pause.untilMs - nowMs) / 1000)}`;
  const waits = waiting === 0 ? "" : `; ${tasksWait(waiting)}, the oldest for ${roughLength(latency)}`;
  const tell = latency > LONG_RUN_SECONDS ? bad : odd;
  return tell("waiting", `The queue is paused ${until}${waits}`, "Resume it: huey-consumer resume APP");
};

const late: Rule = (condition) => {
  const { latency, pause, running, counts: { waiting } } = condition;
  const alive = aliveOf(condition);
  if (pause !== undefined || latency <= LONG_WAIT_SECONDS || alive.length === 0 || waiting === 0) return undefined;
  const slots = alive.reduce((sum, consumer) => sum + consumer.slots, 0);
  const longest = running[0];
  const text = `The oldest task has waited for ${roughLength(latency)}`;
  if (running.length < slots || longest === undefined) {
    return bad("waiting", text, "Slots are free, so consumers do not take it: see their logs");
  }
  const busy = `all ${plural(slots, "slot is", "slots are")} busy, ${named(longest, condition)}`;
  return odd("running", `${text}: ${busy}`, "Add workers or consumers; cancel what hangs, and give it a timeout");
};

const blocked: Rule = (condition) => {
  const { blockedName = "a task", running, counts, pause } = condition;
  if (counts.blocked === 0 || aliveOf(condition).length === 0 || pause !== undefined) return undefined;
  const text = `${tasksWait(counts.blocked)} for a place of the concurrency of ${blockedName}`;
  const holder = running.find(({ name }) => name === condition.blockedName);
  if (holder !== undefined) {
    if (secondsOf(holder, condition) <= LONG_HOLD_SECONDS) return undefined;
    return odd("blocked", `${text}: ${named(holder, condition)}`, "Cancel it if it hangs, or raise the limit");
  }
  if (running.length > 0 || counts.waiting > 0) return undefined;
  return bad("blocked", `${text}, though nothing runs`, "A place was lost: see the logs of the consumers");
};

const hanging: Rule = (condition) => {
  const longest = condition.running[0];
  if (longest === undefined || secondsOf(longest, condition) <= LONG_RUN_SECONDS) return undefined;
  const text = `A task hangs, or works for long: ${named(longest, condition)}`;
  return odd("running", text, "Cancel it if it hangs, and give it a timeout");
};

const distant: Rule = ({ dueMs, nowMs, counts: { scheduled } }) => {
  const ahead = dueMs === undefined ? 0 : (dueMs - nowMs) / 1000;
  if (ahead <= FAR_SECONDS) return undefined;
  return odd(
    "scheduled",
    `${plural(scheduled, "task is", "tasks are")} scheduled, and none is due for ${roughLength(ahead)}`,
    "A time was meant in other units, perhaps: cancel them, and schedule them anew",
  );
};

function tasksWait(count: number): string {
  return plural(count, "task waits", "tasks wait");
}

function processes(consumers: Condition["consumers"]): string {
  return listed(consumers.map(({ host, pid }) => `process ${pid} on ${host}`));
}

function aliveOf({ consumers }: Condition): Condition["consumers"] {
  return consumers.filter((consumer) => !consumer.silent);
}

function secondsOf({ startedAt }: RunningTask, { nowMs }: Condition): number {
  return (nowMs - startedAt.getTime()) / 1000;
}

function named(task: RunningTask, condition: Condition): string {
  return `${task.name} ${task.id} has been running for ${roughLength(secondsOf(task, condition))}`;
}

function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return more > 0 ? `${names.slice(0, MOST_NAMES).join(", ")} and ${more} more` : names.join(", ");
}
