/**
 * `status` and `stats`: how a queue is, and how it was.
 * @module
 */
import type { Stats, StatsRow } from "../../lib/types/statistics.ts";
import { type Command, DONE, FAILED, isKnownTask, type Request } from "./command.ts";
import { showSeconds } from "./durations.ts";
import { showTime } from "./records.ts";

/** The rates are those of so long. */
const RATE_MS = 5 * 60_000;
const HOUR_MS = 3_600_000;
/** Older than this, minutes are not kept. */
const DAY_MS = 24 * HOUR_MS;

/** `status APP`. */
export const status: Command = {
  name: "status",
  form: "",
  help: "counts, latency, consumers, and the rates of the last 5 minutes",
  least: 0,
  most: 0,
  options: [],
  watch: true,
  run: async ({ huey, core, printer }) => {
    const [waiting, scheduled, blocked, running, failed, unknown, unreadable, paused, latency, consumers] = await Promise.all([
      huey.pendingCount(),
      huey.scheduledCount(),
      huey.blockedCount(),
      huey.running(10_000),
      huey.deadLetterCount({ kind: "failed" }),
      huey.deadLetterCount({ kind: "unknown" }),
      huey.deadLetterCount({ kind: "unreadable" }),
      huey.isPaused(),
      huey.latency(),
      huey.consumers(),
    ]);
    const { totals } = await huey.stats({ from: new Date(core.clock.now() - RATE_MS) });
    const live = consumers.filter(({ silent }) => !silent);
    const counts = { waiting, scheduled, blocked, running: running.length, failed, dead: unknown + unreadable };
    if (printer.json) {
      printer.value({ queue: huey.name, paused, latency, ...counts, consumers, last5Minutes: totals });
      return DONE;
    }
    printer.title(`Queue "${huey.name}"${paused ? ", paused" : ""}`);
    printer.facts([
      ...Object.entries(counts).map(([name, count]) => [name, String(count)] as const),
      ["latency", showSeconds(latency)],
      ["consumers", consumersText(live.length, consumers.length, live.reduce((sum, { slots }) => sum + slots, 0))],
      ["per minute", ratesText(totals)],
      ["run time", `mean ${showSeconds(totals.runMean)}, 95 of 100 below ${showSeconds(totals.runP95)}`],
    ]);
    return DONE;
  },
};

function consumersText(live: number, all: number, slots: number): string {
  const silent = all === live ? "" : `, and ${all - live} that fell silent`;
  return `${live} with ${slots} slot${slots === 1 ? "" : "s"}${silent}`;
}

function ratesText({ enqueued, completed, failed, retried }: Stats["totals"]): string {
  const rate = (count: number): string => String(Number((count / (RATE_MS / 60_000)).toFixed(1)));
  return `${rate(enqueued)} enqueued, ${rate(completed)} completed, ${rate(failed)} failed, ${rate(retried)} retried`;
}

/** `stats APP`. */
export const stats: Command = {
  name: "stats",
  form: "",
  help: "counts and times by task, of the last hour or --since",
  least: 0,
  most: 0,
  options: ["task", "sinceMs"],
  watch: true,
  run: async (request) => {
    const { huey, core, printer, options: { task, sinceMs = HOUR_MS } } = request;
    if (task !== undefined && !isKnownTask(request, task)) return FAILED;
    const nowMs = core.clock.now();
    const step = sinceMs > DAY_MS ? "hour" : "minute";
    const from = new Date(nowMs - sinceMs);
    const found = await huey.stats({ from, step, ...task === undefined ? {} : { taskName: task } });
    if (printer.json) {
      printer.value(found);
      return DONE;
    }
    printer.title(`Queue "${huey.name}" since ${showTime(from)}`);
    const rows = task === undefined ? await byTask(request, found, from, step) : found.rows;
    const first = task === undefined ? TASK : { title: "AT", text: ({ at }: StatsRow) => showTime(at) };
    printer.table<StatsRow>(rows, [first, ...NUMBERS], "Nothing has happened");
    return DONE;
  },
};

/** A row for each task in the place of one for each task and minute. */
async function byTask({ huey }: Request, { rows }: Stats, from: Date, step: "minute" | "hour"): Promise<StatsRow[]> {
  const names = [...new Set(rows.map(({ taskName }) => taskName))].sort();
  const all = await Promise.all(names.map((taskName) => huey.stats({ from, step, taskName })));
  return all.map(({ totals }, at) => ({ at: from, taskName: names[at]!, ...totals }));
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
