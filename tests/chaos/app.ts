/**
 * The application that the kill tests run: every attempt leaves a line in a file before it does anything else.
 * @module
 */
import { appendFileSync } from "node:fs";
import process from "node:process";
import {
  FileHuey,
  type Huey,
  PriorityRedisExpireHuey,
  PriorityRedisHuey,
  RedisExpireHuey,
  RedisHuey,
  SqliteHuey,
  type TaskContext,
  type TaskWrapper,
} from "../../mod.ts";

const CLASSES: Readonly<Record<string, unknown>> = {
  SqliteHuey,
  FileHuey,
  RedisHuey,
  PriorityRedisHuey,
  RedisExpireHuey,
  PriorityRedisExpireHuey,
};

/** What a test says about its queue, through the environment. */
export interface ChaosSettings {
  /** Name of the class. */
  readonly huey: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** File for the lines. */
  readonly journal: string;
}

const settings = JSON.parse(process.env["HUEY_CHAOS"] ?? "{}") as ChaosSettings;

/** The queue of this process. */
export const huey: Huey = new (CLASSES[settings.huey] as new (options: object) => Huey)({
  name: "chaos",
  storeIntermediateErrors: false,
  ...settings.options,
});

/** One line for each time that an attempt is handed out: two equal lines mean that a message was enqueued twice. */
function note(context: TaskContext, text: string): void {
  appendFileSync(settings.journal, `${text} ${context.id} attempt ${context.attempt} delivery ${context.deliveries}\n`);
  console.log("ran");
}

/** First step; every tenth fails at its first attempt. */
export const double: TaskWrapper<[n: number], Promise<number>> = huey.task(
  { name: "double", retries: 2, context: true },
  async (context: TaskContext, n: number) => {
    note(context, `double ${n}`);
    await Promise.resolve();
    if (n % 10 === 0 && context.attempt === 1) throw new Error(`${n} fails at first`);
    return 2 * n;
  },
);

/** Second step. */
export const increment: TaskWrapper<[n: number], number> = huey.task(
  { name: "increment", context: true },
  (context: TaskContext, n: number) => {
    note(context, `increment ${n}`);
    return n + 1;
  },
);

/** Callback of the chords. */
export const total: TaskWrapper<[values: number[]], number> = huey.task(
  { name: "total", context: true },
  (context: TaskContext, values: number[]) => {
    note(context, "total");
    return values.reduce((sum, value) => sum + value, 0);
  },
);
