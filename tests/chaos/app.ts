/**
 * The application that the kill tests run: every attempt leaves a line in a file before it does anything else.
 * @module
 */
import { appendFileSync, existsSync } from "node:fs";
import process from "node:process";
import {
  FileHuey,
  type Huey,
  PriorityRedisExpireHuey,
  PriorityRedisHuey,
  RedisExpireHuey,
  RedisHuey,
  RetryTask,
  SqliteHuey,
  type TaskContext,
  type TaskWrapper,
} from "../../mod.ts";
import { sleep, systemClock } from "../../lib/primitives/clock.ts";

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
  /** After so many attempts an isolate kills its process. */
  readonly life?: number;
}

const settings = JSON.parse(process.env["HUEY_CHAOS"] ?? "{}") as ChaosSettings;

/** The queue of this process. */
export const huey: Huey = new (CLASSES[settings.huey] as new (options: object) => Huey)({
  name: "chaos",
  storeIntermediateErrors: false,
  ...settings.options,
});

/** For how many attempts this isolate still lives. */
let left = settings.life ?? Infinity;

/** Tells that an attempt runs. Whoever kills this process for it may be late on a busy machine: at the end of its life it dies by itself. */
function tell(): void {
  console.log("ran");
  if (--left <= 0) process.kill(process.pid, "SIGKILL");
}

/** One line for each time that an attempt is handed out: two equal lines mean that a message was enqueued twice. */
function note(context: TaskContext, text: string): void {
  appendFileSync(settings.journal, `${text} ${context.id} attempt ${context.attempt} delivery ${context.deliveries}\n`);
  tell();
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

/** How many of each key run at once. */
export const GATE_LIMIT = 2;

/** Tells when it begins and ends. Some fail at first, and go on behind their gate; some are postponed, and leave it meanwhile. */
async function stay(context: TaskContext, key: string, n: number): Promise<void> {
  appendFileSync(settings.journal, `enter ${key} ${context.id}\n`);
  tell();
  await sleep(systemClock, n % 4);
  appendFileSync(settings.journal, `leave ${key} ${context.id}\n`);
  if (context.attempt > 1 || context.deliveries > 1) return;
  if (n % 7 === 0) throw new Error(`${n} fails at first`);
  if (n % 11 === 0) throw new RetryTask({ delay: 0.02 });
}

/** So many run at once for each key. */
export const gated: TaskWrapper<[key: string, n: number], Promise<number>> = huey.task(
  { name: "gated", retries: 2, context: true, concurrency: { limit: GATE_LIMIT, key: (key: string, _n: number) => key } },
  async (context: TaskContext, key: string, n: number) => {
    await stay(context, key, n);
    return n;
  },
);

/** One is there at a time for each key. */
export const single: TaskWrapper<[key: string, n: number], Promise<number>> = huey.task(
  { name: "single", retries: 2, context: true, unique: { key: (key: string, _n: number) => key } },
  async (context: TaskContext, key: string, n: number) => {
    await stay(context, key, n);
    return n;
  },
);

/** Fails until a file says that it is mended. */
export const broken: TaskWrapper<[n: number], number> = huey.task(
  { name: "broken", context: true },
  (context: TaskContext, n: number) => {
    note(context, `broken ${n}`);
    if (!existsSync(mendedFile(settings.journal))) throw new Error(`${n} is broken`);
    return n;
  },
);

/** The file beside a journal that says so. */
export function mendedFile(journal: string): string {
  return `${journal}.mended`;
}

/** How many steps a task of steps has. */
export const STEPS = 5;

/**
 * Each step leaves a line when it is done, and another when the task has its value: that one is stored. The first attempt fails at its end,
 * so that the steps are asked for again in any case.
 */
export const stepped: TaskWrapper<[n: number], Promise<string[]>> = huey.task(
  { name: "stepped", retries: 1, context: true },
  async (context: TaskContext, n: number) => {
    const values: string[] = [];
    for (let step = 0; step < STEPS; step++) {
      const value = await context.step(`step ${step}`, () => {
        const made = crypto.randomUUID();
        appendFileSync(settings.journal, `did ${n}.${step} ${made}\n`);
        return made;
      });
      appendFileSync(settings.journal, `got ${n}.${step} ${value}\n`);
      values.push(value);
    }
    tell();
    if (context.attempt === 1) throw new Error(`${n} fails at first`);
    return values;
  },
);
