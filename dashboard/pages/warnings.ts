/**
 * What an operator should look at first.
 * @module
 */
import { count, duration, plural } from "../parts/format.ts";
import type { QueueVisit } from "../parts/visit.ts";
import type { ConsumerInfo, RunningTask } from "../../lib/types/operating.ts";

/** How a queue is. */
export interface Facts {
  readonly waiting: number;
  readonly scheduled: number;
  readonly blocked: number;
  readonly failed: number;
  readonly dead: number;
  readonly latency: number;
  readonly consumers: readonly ConsumerInfo[];
  readonly paused: boolean;
}

/** Something to look at. */
export interface Warning {
  readonly text: string;
  readonly tone: "bad" | "";
  /** The page that shows it. */
  readonly path?: string;
}

const LONG_WAIT_SECONDS = 60;
const LONG_RUN_SECONDS = 3600;

/**
 * What is wrong, the worst first.
 *
 * @param visit Of the overview.
 * @param facts How the queue is; `recentFailures`: those of the last five minutes.
 */
export function warningsOf(
  { queue, nowMs }: QueueVisit,
  facts: Facts & { readonly running: readonly RunningTask[]; readonly recentFailures: number },
): Warning[] {
  const { consumers, paused, latency, waiting, dead, recentFailures, running } = facts;
  const alive = consumers.filter(({ silent }) => !silent);
  const silent = consumers.length - alive.length;
  const longest = running[0] && (nowMs - running[0].startedAt.getTime()) / 1000;
  const found: (Warning | false | undefined)[] = [
    alive.length === 0 && !queue.core.immediate &&
    {
      text: `No consumer serves this queue${waiting > 0 ? `: ${plural(waiting, "task waits", "tasks wait")}` : ""}`,
      tone: "bad",
      path: "consumers",
    },
    silent > 0 && {
      text: `${plural(silent, "consumer has", "consumers have")} not shown a sign of life: probably dead`,
      tone: "bad",
      path: "consumers",
    },
    paused && { text: "The queue is paused: consumers take nothing", tone: "" },
    !paused && latency > LONG_WAIT_SECONDS && alive.length > 0 &&
    {
      text: `The oldest task has waited for ${duration(latency)}: more workers are needed, or something hangs`,
      tone: "",
      path: "list/waiting",
    },
    recentFailures > 0 &&
    { text: `${plural(recentFailures, "task")} failed in the last 5 minutes`, tone: "bad", path: "failures" },
    dead > 0 && { text: `${plural(dead, "message")} that nobody can run`, tone: "", path: "list/dead" },
    longest !== undefined && longest > LONG_RUN_SECONDS &&
    { text: `A task has been running for ${duration(longest)}`, tone: "", path: "list/running" },
    facts.blocked > 0 && alive.length > 0 && running.length === 0 && !paused &&
    { text: `${count(facts.blocked)} blocked, though nothing runs`, tone: "", path: "list/blocked" },
  ];
  return found.filter((warning): warning is Warning => typeof warning === "object");
}
