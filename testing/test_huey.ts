/**
 * A Huey whose time a test moves.
 * @module
 */
import { checkKeys, show } from "../lib/primitives/arguments.ts";
import { checkOptions, rule } from "../lib/primitives/option_rules.ts";
import { coreOf } from "../lib/core/core.ts";
import { currentAttempt } from "../lib/core/current.ts";
import { Huey } from "../lib/huey/huey.ts";
import { provideImmediateStorage } from "../lib/immediate/storage.ts";
import { HUEY_KEYS } from "../lib/huey/options.ts";
import { systemClock } from "../lib/primitives/clock.ts";
import { type Duration, durationMs, type Instant, instantMs } from "../lib/primitives/time.ts";
import type { HueyOptions } from "../lib/types/options.ts";
import { MemoryStorage } from "../storage/memory/storage.ts";
import { TestClock } from "./clock.ts";
import type { RanTask } from "./ran_task.ts";
import { Runner } from "./runner.ts";
import { Timeline } from "./timeline.ts";

// As the main module does: a test may import this one alone.
provideImmediateStorage((name, clock) => new MemoryStorage({ name, clock }));

/** Options of a `TestHuey`. */
export interface TestHueyOptions extends Omit<HueyOptions, "clock"> {
  /** Where its clock starts. Default: the present. */
  now?: Instant;
  /**
   * Another `TestHuey` whose clock this one reads: time passes for both, whichever is advanced. With the same name it has the same
   * queue too, as two programs have that share one: the one that calls and the one that runs. Not together with `now`.
   */
  beside?: TestHuey;
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

const KEYS = [...HUEY_KEYS.filter((key) => key !== "clock"), "now", "beside", "patience"];
const DEFAULT_PATIENCE_SECONDS = 0.05;
/** How long `drain` waits, in real time, for a task without any progress. */
const DRAIN_PATIENCE_MS = 3000;
/** Most tasks that a message lists. */
const MOST_LISTED = 10;

/** The timeline that a new one belongs to. */
let timelineOf: (now: Instant | undefined, beside: TestHuey | undefined) => Timeline;

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
  readonly #timeline: Timeline;
  readonly #runner: Runner;
  readonly #patienceMs: number;

  /**
   * Makes one.
   *
   * @param options Options of every Huey, `now`, `beside` and `patience`.
   * @throws {TypeError | RangeError} For a wrong option, naming it.
   */
  constructor(options: TestHueyOptions = {}) {
    checkKeys(options, "A TestHuey", KEYS);
    const { now, beside, patience = DEFAULT_PATIENCE_SECONDS, ...rest } = options;
    const patienceMs = durationMs(patience, "patience");
    const timeline = timelineOf(now, beside);
    super({ ...rest, clock: timeline.clock, storage: (name) => timeline.storageOf(name) });
    this.#timeline = timeline;
    this.#patienceMs = patienceMs;
    this.#runner = timeline.add((told) => new Runner(coreOf(this)!, timeline.clock, patienceMs, told));
  }

  static {
    timelineOf = (now, beside) => {
      if (beside === undefined) {
        return new Timeline(new TestClock(now === undefined ? systemClock.now() : instantMs(now, "now")));
      }
      if (now !== undefined) throw new TypeError("Give either now or beside: the other TestHuey has a clock already");
      if (!(beside instanceof TestHuey)) throw new TypeError(`beside must be a TestHuey: ${show(beside)}`);
      return beside.#timeline;
    };
  }

  /** The clock that this Huey reads. */
  get clock(): { now(): Date } {
    return { now: () => new Date(this.#timeline.clock.now()) };
  }

  /**
   * Lets time pass. Everything that becomes due on the way runs, each thing at its own time and in order: scheduled tasks, retries,
   * timeouts, periodic tasks. What is due exactly at the end runs too.
   *
   * @param by How far; a number is seconds.
   * @returns What ran.
   * @throws {RangeError} For a negative length of time.
   * @throws {Error} After 100,000 attempts at one point of time.
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
    return await this.#inTurn(() => this.#advanceTo(this.#timeline.clock.now() + byMs));
  }

  /**
   * `advance` up to a point of time.
   *
   * @param at Where the clock then stands.
   * @returns What ran.
   * @throws {RangeError} For a time that has passed.
   * @throws {Error} After 100,000 attempts at one point of time.
   */
  async advanceTo(at: Instant): Promise<RanTask[]> {
    const atMs = instantMs(at, "at");
    return await this.#inTurn(() => {
      if (atMs >= this.#timeline.clock.now()) return this.#advanceTo(atMs);
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
   * @throws {Error} If a task is still running after three seconds of real time in which nothing happened; without a `limit`, after
   * 100,000 attempts.
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
    checkOptions<DrainOptions>(options, "drain", { limit: rule.whole({ min: 0 }), throwErrors: rule.boolean });
    const { limit, throwErrors = false } = options;
    const ran = await this.#inTurn(async () => {
      const patienceMs = Math.max(DRAIN_PATIENCE_MS, this.#patienceMs);
      const { unfinished } = await this.#runner.runWaiting({ limit, patienceMs });
      if (unfinished.length === 0) return this.#timeline.takeRan(this.#runner);
      const listed = await Promise.all(unfinished.slice(0, MOST_LISTED).map((claim) => this.#runner.describe(claim)));
      if (unfinished.length > MOST_LISTED) listed.push(`and ${unfinished.length - MOST_LISTED} more`);
      const who = listed.join(", ");
      throw new Error(
        `drain: still running after ${patienceMs / 1000} s without progress: ${who}. Advance the clock to its timeout`,
      );
    });
    const failed = throwErrors ? ran.find(({ outcome }) => outcome === "failed" || outcome === "dead") : undefined;
    if (failed?.error !== undefined) throw failed.error;
    return ran;
  }

  /**
   * Sets the clock, forward or back, as somebody sets that of a machine, or as it stands after a time in which nobody worked: nothing
   * runs. What has become due runs late, with the next `advance` or `drain`; slots of periodic tasks that were passed over are missed,
   * and timeouts of running tasks do not notice.
   *
   * @param at Where the clock then stands.
   * @throws {TypeError | RangeError} For what is no point of time.
   *
   * @example
   * ```ts
   * import { TestHuey } from "@hueyjs/huey/testing";
   *
   * const huey = new TestHuey({ now: new Date("2026-01-05T08:00Z") });
   * const offer = huey.task({ name: "offer", expires: { hours: 2 } }, () => "sent");
   * await offer();
   * await huey.jumpTo(new Date("2026-01-05T12:00Z")); // no worker ran for four hours
   * console.log((await huey.drain()).map(({ outcome }) => outcome)); // [ "expired" ]
   * ```
   */
  async jumpTo(at: Instant): Promise<void> {
    const atMs = instantMs(at, "at");
    await this.#inTurn(() => Promise.resolve(this.#timeline.clock.jumpTo(atMs)));
  }

  /** As that of every Huey; time passes for it no longer. */
  override async close(): Promise<void> {
    this.#timeline.remove(this.#runner);
    await super.close();
  }

  async #advanceTo(targetMs: number): Promise<RanTask[]> {
    await this.#timeline.advanceTo(targetMs);
    return this.#timeline.takeRan();
  }

  /** One after another, in the order of the calls; a task that calls is inside the turn already. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    return currentAttempt.getStore() !== undefined ? work() : this.#timeline.inTurn(work);
  }
}
