/**
 * The metrics of a consumer: counters of this process and its workers, gauges of the queues. Their names and series are a promise.
 * @module
 */
import type { Core } from "../../lib/core/core.ts";
import { measureStorage } from "../../lib/core/measured_storage.ts";
import { OPERATION_BOUNDS } from "../../lib/statistics/operations.ts";
import type { TimeTotals } from "../../lib/statistics/times.ts";
import { TIME_BOUNDS, TOTAL_OUTCOMES, type TotalEvent } from "../../lib/statistics/totals.ts";
import type { TaskTotals, TotalOutcome } from "../../lib/statistics/totals.ts";
import { plainRuntimeName } from "../platform/runtime_flags.ts";
import { VERSION } from "../about.ts";
import type { QueueGauges } from "./gauges.ts";
import { type Labels, type Metric, prometheusText, type Sample } from "./prometheus.ts";

/** What is known of one queue. */
export interface QueueMetrics {
  readonly core: Core;
  /** `undefined` if the storage did not answer. */
  readonly gauges: QueueGauges | undefined;
}

/** More periodic tasks than this are left out. */
const MOST_PERIODIC = 100;
/** The outcomes of which each task has a series from the start, so that the first failure is seen as a growth. */
const USUAL: ReadonlySet<TotalOutcome> = new Set(["complete", "failed"]);

/** Begins to count for metrics what this process does. */
export function countForMetrics(core: Core): void {
  core.statistics?.totals.know(core.registry.all().map(({ name }) => name));
  measureStorage(core);
}

/** The metrics as text. */
export function metricsText(queues: readonly QueueMetrics[]): string {
  const build = { labels: { version: VERSION, runtime: plainRuntimeName() }, value: 1 };
  const tasks = countedTasks(queues);
  return prometheusText([
    { name: "huey_build_info", type: "gauge", help: "Version of the library and what runs it.", samples: [build] },
    ...counters(tasks),
    ...times(tasks, queues),
    ...gauges(queues),
  ]);
}

interface CountedTask extends TaskTotals {
  readonly labels: Labels;
}

function countedTasks(queues: readonly QueueMetrics[]): CountedTask[] {
  return queues.flatMap(({ core }) => {
    // Asking for them would begin to count.
    const tasks = core.statistics?.hasTotals ? core.statistics.totals.read() : [];
    const queue = core.settings.name;
    return tasks.map((task) => ({ ...task, labels: { queue, task: task.name || "(unreadable)" } }));
  });
}

function counters(tasks: readonly CountedTask[]): Metric[] {
  const counter = (name: string, help: string, samples: readonly Sample[]): Metric => ({
    name,
    type: "counter",
    help,
    samples,
  });
  const events = (event: TotalEvent): Sample[] => tasks.map(({ labels, counts }) => ({ labels, value: counts[event] ?? 0 }));
  const finished = tasks.flatMap(({ labels, counts }) =>
    TOTAL_OUTCOMES.filter((outcome) => USUAL.has(outcome) || counts[outcome] !== undefined)
      .map((outcome) => ({ labels: { ...labels, outcome }, value: counts[outcome] ?? 0 }))
  );
  return [
    counter("huey_tasks_enqueued_total", "Tasks that this process has enqueued.", events("enqueued")),
    counter("huey_tasks_finished_total", "Tasks that have ended for good in this process.", finished),
    counter("huey_task_retries_total", "Attempts that failed in this process and are followed by another.", events("retried")),
    counter("huey_tasks_recovered_total", "Tasks that this process took over from a worker that is gone.", events("recovered")),
    counter("huey_tasks_dead_total", "Messages that this process set aside, since nobody can run them.", events("dead")),
  ];
}

function times(tasks: readonly CountedTask[], queues: readonly QueueMetrics[]): Metric[] {
  const histogram = (name: string, help: string, samples: readonly Sample[]): Metric => {
    return { name, type: "histogram", help, samples };
  };
  const ofTasks = (what: "run" | "wait"): Sample[] =>
    tasks.flatMap((task) => histogramOf(task.labels, task[what], TIME_BOUNDS));
  const ofStorage = queues.flatMap(({ core: { settings: { name: queue }, statistics } }) =>
    (statistics?.hasTotals ? statistics.operations.read() : []).flatMap(({ operation, times }) =>
      histogramOf({ queue, operation: snakeCase(operation) }, times, OPERATION_BOUNDS)
    )
  );
  return [
    histogram("huey_task_duration_seconds", "How long attempts ran in this process.", ofTasks("run")),
    histogram("huey_task_wait_seconds", "How long tasks waited before this process ran them.", ofTasks("wait")),
    histogram("huey_storage_operation_seconds", "How long the storage took for operations of this process.", ofStorage),
  ];
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function histogramOf(labels: Labels, { totalMs, classes }: TimeTotals, bounds: readonly number[]): Sample[] {
  const samples: Sample[] = [];
  let count = 0;
  for (const [index, inClass] of classes.entries()) {
    count += inClass;
    const le = index < bounds.length ? String(bounds[index]) : "+Inf";
    samples.push({ labels: { ...labels, le }, value: count, suffix: "_bucket" });
  }
  if (count === 0) return [];
  return [...samples, { labels, value: totalMs / 1000, suffix: "_sum" }, { labels, value: count, suffix: "_count" }];
}

function gauges(queues: readonly QueueMetrics[]): Metric[] {
  type Read<T> = (gauges: QueueGauges) => T;
  const gauge = (name: string, help: string, read: Read<Iterable<[Labels, number | undefined]>>): Metric => {
    const samples = queues.flatMap(({ core, gauges }) => gauges === undefined ? [] : samplesOf(core, read(gauges)));
    return { name, type: "gauge", help, samples };
  };
  const one = (name: string, help: string, read: Read<number | undefined>): Metric =>
    gauge(name, help, (gauges) => [[{}, read(gauges)]]);
  const isUp = queues.flatMap(({ core, gauges }) => samplesOf(core, [[{}, gauges === undefined ? 0 : 1]]));
  return [
    { name: "huey_storage_up", type: "gauge", help: "Whether the storage answers.", samples: isUp },
    gauge(
      "huey_queue_size",
      "Tasks in the queue, by state.",
      ({ sizes }) => Object.entries(sizes).map(([state, value]) => [{ state }, value]),
    ),
    one("huey_queue_latency_seconds", "Age of the task that waits longest.", ({ latencySeconds }) => latencySeconds),
    one("huey_queue_paused", "Whether the queue is paused.", ({ paused }) => paused ? 1 : 0),
    one("huey_running_oldest_seconds", "How long the longest task runs.", ({ oldestRunningSeconds }) => oldestRunningSeconds),
    one("huey_consumers", "Live consumers of the queue.", ({ consumers }) => consumers),
    one("huey_slots", "Tasks that all consumers can run at once.", ({ slots }) => slots),
    one("huey_slots_busy", "Tasks that all consumers ran when they renewed their leases.", ({ busy }) => busy),
    one("huey_lease_remaining_seconds", "How long the lease of this consumer lasts.", ({ leaseSeconds }) => leaseSeconds),
    one("huey_storage_look_seconds", "How long the storage took for these numbers.", ({ lookSeconds }) => lookSeconds),
    gauge(
      "huey_periodic_last_run_timestamp_seconds",
      "When a periodic task was enqueued last.",
      ({ periodic }) => periodic.slice(0, MOST_PERIODIC).map(([task, at]) => [{ task }, at]),
    ),
  ];
}

function samplesOf({ settings: { name: queue } }: Core, read: Iterable<[Labels, number | undefined]>): Sample[] {
  return [...read].flatMap(([labels, value]) => value === undefined ? [] : [{ labels: { queue, ...labels }, value }]);
}
