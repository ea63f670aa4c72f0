/**
 * A Huey whose time a test moves.
 * @module
 */
import { checkKeys, checkNumber } from "../lib/primitives/arguments.ts";
import { coreOf } from "../lib/core/core.ts";
import { currentAttempt } from "../lib/core/current.ts";
import { Huey } from "../lib/huey/huey.ts";
import { provideImmediateStorage } from "../lib/huey/immediate_storage.ts";
import { HUEY_KEYS } from "../lib/huey/options.ts";
import { systemClock } from "../lib/primitives/clock.ts";
import { type Duration, durationMs, type Instant, instantMs } from "../lib/primitives/time.ts";
import type { HueyOptions } from "../lib/types/options.ts";
import { MemoryStorage } from "../storage/memory/storage.ts";
import { TestClock } from "./clock.ts";
import type { RanTask } from "./ran_task.ts";
import { Runner } from "./runner.ts";

// As the main module does: a test may import this one alone.
provideImmediateStorage((name, clock) => new MemoryStorage({ name, clock }));

/** Options of a `TestHuey`. */
export interface TestHueyOptions extends Omit<HueyOptions, "clock"> {
  /** Where its clock starts. Default: the present. */
  now?: Instant;
  /**
   * How long, in real time, a task that runs may go on without any progress before the clock moves on. A task that waits for a
   * file or a server needs it; one that waits for its own timeout is over by it. Default 0.05; a number is seconds.
   */
  patience?: Duration;
}

/** Options of `drain`. */
export interface DrainOptions {
  /** Most attempts to run. Default: all. */
  limit?: number;
  /** Reject with the error of the first task that failed, or that nobody can run. Default false. */
  throwErrors?: boolean;
}

const DEFAULT_PATIENCE_SECONDS = 0.05;
/** How long `drain` waits, in real time, for a task without any progress. */
const DRAIN_PATIENCE_MS = 3000;

/**
 * A Huey in memory with a clock of its own, which stands still until `advance`. Everything else is the real engine: messages are
 * serialized, hooks and signals run, retries, locks, rate limits, expiry, timeouts and crontabs go by the clock.
 *
 * @example
 * ```ts
 * import { TestHuey } from "@hueyjs/huey/testing";
 *
 * const huey = new TestHuey({ now: new Date("2026-01-05T08:00Z") });
 * const remind = huey.task("remind", (what: string) => what);
 * await remind.schedule({ args: ["dentist"], delay: { hours: 1 } });
 *
 * const [ran] = await huey.advance({ hours: 2 });
 * console.log(ran?.value, ran?.at.toISOString()); // dentist 2026-01-05T09:00:00.000Z
 * await huey.close();
 * ```
 */
export class TestHuey extends Huey {
  readonly #clock: TestClock;
  readonly #runner: Runner;
  readonly #patienceMs: number;
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * Makes one.
   *
   * @param options Options of every Huey, `now` and `patience`.
   * @throws {TypeError | RangeError} For a wrong option, naming it.
   */
  constructor(options: TestHueyOptions = {}) {
    checkKeys(options, "A TestHuey", [...HUEY_KEYS.filter((key) => key !== "clock"), "now", "patience"]);
    const { now = new Date(systemClock.now()), patience = DEFAULT_PATIENCE_SECONDS, ...rest } = options;
    const clock = new TestClock(instantMs(now, "now"));
    super({ ...rest, clock, storage: (name) => new MemoryStorage({ name, clock }) });
    this.#clock = clock;
    this.#patienceMs = durationMs(patience, "patience");
    this.#runner = new Runner(coreOf(this)!, clock, this.#patienceMs);
  }

  /** The clock that this Huey reads. */
  get clock(): { now(): Date } {
    return { now: () => new Date(this.#clock.now()) };
  }

  /**
   * Lets time pass. Everything that becomes due on the way runs, each thing at its own time and in order: scheduled tasks, retries,
   * timeouts, periodic tasks. What is due exactly at the end runs too.
   *
   * @param by How far; a number is seconds.
   * @returns What ran.
   * @throws {RangeError} For a negative length of time.
   *
   * @example
   * ```ts
   * import { TestHuey } from "@hueyjs/huey/testing";
   *
   * const huey = new TestHuey();
   * let tries = 0;
   * const flaky = huey.task({ name: "flaky", retries: 2, retryDelay: 60 }, () => {
   *   if (++tries < 3) throw new Error("not yet");
   * });
   * await flaky();
   * console.log((await huey.advance({ minutes: 2 })).map(({ outcome }) => outcome)); // [ "retrying", "retrying", "complete" ]
   * ```
   */
  async advance(by: Duration): Promise<RanTask[]> {
    const byMs = durationMs(by, "by");
    return await this.#inTurn(() => this.#advanceTo(this.#clock.now() + byMs));
  }

  /**
   * `advance` up to a point of time.
   *
   * @param at Where the clock then stands.
   * @returns What ran.
   * @throws {RangeError} For a time that has passed.
   */
  async advanceTo(at: Instant): Promise<RanTask[]> {
    const atMs = instantMs(at, "at");
    return await this.#inTurn(() => {
      if (atMs >= this.#clock.now()) return this.#advanceTo(atMs);
      const [from, to] = [this.clock.now(), new Date(atMs)].map((time) => time.toISOString());
      throw new RangeError(`The clock cannot go back from ${from} to ${to}`);
    });
  }

  /**
   * Runs what waits now, and what that enqueues. What is scheduled stays, and the clock stands still.
   *
   * @param options `limit`: most attempts to run. `throwErrors`: reject with the first failure.
   * @returns What ran.
   * @throws What a task has thrown, with `throwErrors`.
   * @throws {Error} If a task is still running after three seconds of real time in which nothing happened.
   *
   * @example
   * ```ts
   * import { TestHuey } from "@hueyjs/huey/testing";
   *
   * const huey = new TestHuey();
   * const add = huey.task("add", (a: number, b: number) => a + b);
   * await huey.enqueue(add.s(1, 2).andThen(add, 3));
   * console.log((await huey.drain()).map(({ value }) => value)); // [ 3, 6 ]
   * ```
   */
  async drain(options: DrainOptions = {}): Promise<RanTask[]> {
    checkKeys(options, "Options of drain", ["limit", "throwErrors"]);
    const { limit, throwErrors = false } = options;
    if (limit !== undefined) checkNumber(limit, "limit", { min: 0, whole: true });
    const ran = await this.#inTurn(async () => {
      const patienceMs = Math.max(DRAIN_PATIENCE_MS, this.#patienceMs);
      const unfinished = await this.#runner.runWaiting({ limit, patienceMs });
      if (unfinished.length === 0) return this.#runner.takeRan();
      const who = unfinished.join(", ");
      throw new Error(
        `drain: still running after ${patienceMs / 1000} s without progress: ${who}. Advance the clock to its timeout`,
      );
    });
    const failed = throwErrors ? ran.find(({ outcome }) => outcome === "failed" || outcome === "dead") : undefined;
    if (failed?.error !== undefined) throw failed.error;
    return ran;
  }

  async #advanceTo(targetMs: number): Promise<RanTask[]> {
    await this.#runner.advanceTo(targetMs);
    return this.#runner.takeRan();
  }

  /** One after another, in the order of the calls; a task that calls is inside the turn already. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (currentAttempt.getStore() !== undefined) return work();
    const ended = this.#turn.then(work);
    this.#turn = ended.catch(() => {});
    return ended;
  }
}
