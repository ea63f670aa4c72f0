/**
 * What one process has counted since it began, by task: what metrics are made of. The number of tasks and of the classes of times is
 * bounded, since each of them is a series for whoever collects metrics.
 * @module
 */
import { isSummand, isTimes, Times, type TimeTotals } from "./times.ts";

const EVENTS = ["enqueued", "retried", "recovered", "dead"] as const;

/** What is counted beside the ends of tasks. */
export type TotalEvent = typeof EVENTS[number];

/** The outcomes, in the order of the metrics. */
export const TOTAL_OUTCOMES = [
  "complete",
  "failed",
  "timeout",
  "locked",
  "rate_limited",
  "canceled",
  "revoked",
  "expired",
] as const;

/** How the last attempt of a task ended. */
export type TotalOutcome = typeof TOTAL_OUTCOMES[number];

/** What was counted of one task: plain data, which an isolate can send to another. */
export interface TaskTotals {
  /** Name of the task. */
  readonly name: string;
  /** How often something happened to it. */
  readonly counts: Readonly<Partial<Record<TotalEvent | TotalOutcome, number>>>;
  /** How long its attempts ran. */
  readonly run: TimeTotals;
  /** How long it waited before them. */
  readonly wait: TimeTotals;
}

/** The upper bounds of the classes of times, in seconds: few, and the same everywhere, so that processes can be added. */
export const TIME_BOUNDS: readonly number[] = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600];

/** So many tasks are told apart. */
const MOST_TASKS = 100;
/** The name under which all others are counted. */
const OTHERS = "(others)";
/** Longest name of a task. */
const LONGEST_NAME = 1000;

const KEYS: ReadonlySet<string> = new Set([...EVENTS, ...TOTAL_OUTCOMES]);

class Numbers {
  readonly counts: Partial<Record<TotalEvent | TotalOutcome, number>> = {};
  readonly run: Times = new Times(TIME_BOUNDS);
  readonly wait: Times = new Times(TIME_BOUNDS);

  count(what: TotalEvent | TotalOutcome, by: number): void {
    this.counts[what] = (this.counts[what] ?? 0) + by;
  }
}

/** Counts that only grow. */
export class Totals {
  #tasks: Map<string, Numbers> = new Map();

  /** Makes sure that these tasks are told apart, whatever else comes: the names of others may be those of strangers. */
  know(names: readonly string[]): void {
    for (const name of names) this.#numbers(name);
  }

  /** Counts something that happened to a task. */
  count(name: string, what: TotalEvent | TotalOutcome, by: number = 1): void {
    this.#numbers(name).count(what, by);
  }

  /** Counts how long an attempt ran, or how long its task waited before. */
  measure(name: string, what: "run" | "wait", ms: number): void {
    this.#numbers(name)[what].measure(ms);
  }

  /** Adds what another isolate has counted. */
  add(tasks: readonly TaskTotals[]): void {
    for (const { name, counts, run, wait } of tasks) {
      const numbers = this.#numbers(name);
      for (const [what, by] of Object.entries(counts)) numbers.count(what as TotalEvent, by);
      numbers.run.add(run);
      numbers.wait.add(wait);
    }
  }

  /** What was counted, by task. */
  read(): TaskTotals[] {
    return [...this.#tasks].map(([name, { counts, run, wait }]) => ({
      name,
      counts: { ...counts },
      run: run.read(),
      wait: wait.read(),
    }));
  }

  /** What was counted since the last time, for whoever adds it up; nothing is kept here. */
  take(): TaskTotals[] {
    const taken = this.read();
    this.#tasks = new Map();
    return taken;
  }

  #numbers(name: string): Numbers {
    const known = this.#tasks.get(name);
    if (known !== undefined) return known;
    const isLost = this.#tasks.size >= MOST_TASKS || name.length > LONGEST_NAME;
    if (isLost && name !== OTHERS) return this.#numbers(OTHERS);
    const numbers = new Numbers();
    this.#tasks.set(name, numbers);
    return numbers;
  }
}

/** Whether a value is what `take` gives: what another isolate sends may come from its application. */
export function isTotals(value: unknown): value is readonly TaskTotals[] {
  return Array.isArray(value) && value.length <= MOST_TASKS + 1 && value.every(isTaskTotals);
}

function isTaskTotals(value: unknown): boolean {
  const { name, counts, run, wait } = (value ?? {}) as Partial<TaskTotals>;
  if (typeof name !== "string" || name.length > LONGEST_NAME || typeof counts !== "object" || counts === null) return false;
  return Object.entries(counts).every(([key, count]) => KEYS.has(key) && isSummand(count)) && isTimes(run, TIME_BOUNDS) &&
    isTimes(wait, TIME_BOUNDS);
}
