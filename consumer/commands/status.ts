/**
 * `status` and `stats`: how a queue is, and how it was.
 * @module
 */
import { DAY_MS, HOUR_MS } from "../../lib/primitives/time.ts";
import { readStatsByTask } from "../../lib/statistics/by_task.ts";
import type { Stats, StatsRow } from "../../lib/types/statistics.ts";
import { LATELY_MS, readCondition } from "../../lib/operation/condition.ts";
import { type Trouble, troublesOf } from "../../lib/operation/troubles.ts";
import { type Command, FAILED, isKnownTask, type Request } from "./command.ts";
import type { Printer } from "./printer.ts";
import { showSeconds, showTime } from "./records.ts";

/** More than these are not counted. */
const MOST_RUNNING = 10_000;

/** `status APP`. */
export const status: Command = {
  name: "status",
  help: "what is wrong; counts, latency, consumers, and the rates of the last 5 minutes",
  watch: true,
  run: async ({ huey, core, printer }) => {
    const running = await huey.running(MOST_RUNNING);
    const condition = await readCondition(core, { running });
    const { latency, consumers, pause } = condition;
    const { totals } = await huey.stats({ from: new Date(condition.nowMs - LATELY_MS) });
    const troubles = troublesOf(condition);
    const { waiting, scheduled, blocked, failed, dead } = condition.counts;
    const counts = { waiting, scheduled, blocked, running: running.length, failed, dead };
    const paused = pause !== undefined;
    if (printer.json) {
      return printer.value({ queue: huey.name, paused, latency, ...counts, consumers, last5Minutes: totals, troubles });
    }
    const live = consumers.filter(({ silent }) => !silent);
    printer.say(`Queue "${huey.name}"${paused ? ", paused" : ""}`, "bold");
    printTroubles(printer, troubles);
    printer.facts([
      ...Object.entries(counts).map(([name, count]) => [name, String(count)] as const),
      ["latency", showSeconds(latency)],
      ["consumers", consumersText(live.length, consumers.length, live.reduce((sum, { slots }) => sum + slots, 0))],
      ["per minute", ratesText(totals)],
      ["run time", `mean ${showSeconds(totals.runMean)}, 95 of 100 below ${showSeconds(totals.runP95)}`],
    ]);
  },
};

/** What is wrong stands above all numbers. */
function printTroubles(printer: Printer, troubles: readonly Trouble[]): void {
  for (const { text, advice, bad } of troubles) {
    printer.say(`! ${text}`, bad ? "red" : "yellow");
    printer.say(`  ${advice}`, "dim");
  }
}

function consumersText(live: number, all: number, slots: number): string {
  const silent = all === live ? "" : `, and ${all - live} that fell silent`;
  return `${live} with ${slots} slot${slots === 1 ? "" : "s"}${silent}`;
}

function ratesText({ enqueued, completed, failed, retried }: Stats["totals"]): string {
  const rate = (count: number): string => String(Number((count / (LATELY_MS / 60_000)).toFixed(1)));
  return `${rate(enqueued)} enqueued, ${rate(completed)} completed, ${rate(failed)} failed, ${rate(retried)} retried`;
}

/** `stats APP`. */
export const stats: Command = {
  name: "stats",
  help: "counts and times by task, of the last hour or --since",
  options: ["task", "sinceMs"],
  watch: true,
  run: async (request) => {
    const { huey, core, printer, options: { task, sinceMs = HOUR_MS } } = request;
    if (task !== undefined && !isKnownTask(request, task)) return FAILED;
    const nowMs = core.clock.now();
    // Minutes are kept for a day.
    const step = sinceMs > DAY_MS ? "hour" : "minute";
    const from = new Date(nowMs - sinceMs);
    const found = await huey.stats({ from, step, ...task === undefined ? {} : { taskName: task } });
    if (printer.json) return printer.value(found);
    printer.say(`Queue "${huey.name}" since ${showTime(from)}`, "bold");
    const rows = task === undefined ? await byTask(request, from, step) : found.rows;
    const first = task === undefined ? TASK : { title: "AT", text: ({ at }: StatsRow) => showTime(at) };
    printer.table<StatsRow>(rows, [first, ...NUMBERS], "Nothing has happened");
  },
};

/** A row for each task in the place of one for each task and minute. */
async function byTask({ core }: Request, from: Date, step: "minute" | "hour"): Promise<StatsRow[]> {
  const { tasks } = await readStatsByTask(core.storage, core.clock, { from, step });
  return [...tasks].sort(([one], [other]) => one < other ? -1 : 1).map(([taskName, { totals }]) => ({
    at: from,
    taskName,
    ...totals,
  }));
}

const TASK = { title: "TASK", text: ({ taskName }: StatsRow) => taskName === "" ? "(unreadable)" : taskName };

const NUMBERS = [
  ...(["enqueued", "completed", "failed", "retried", "revoked", "expired", "canceled", "dead", "recovered"] as const).map((
    name,
  ) => ({
    title: name.toUpperCase(),
    text: (row: StatsRow) => row[name] === 0 ? "-" : String(row[name]),
    alignRight: true,
  })),
  { title: "MEAN", text: ({ runMean }: StatsRow) => showSeconds(runMean), alignRight: true },
  { title: "P95", text: ({ runP95 }: StatsRow) => showSeconds(runP95), alignRight: true },
  { title: "WAIT P95", text: ({ waitP95 }: StatsRow) => showSeconds(waitP95), alignRight: true },
];
