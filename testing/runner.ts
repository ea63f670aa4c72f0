/**
 * Runs the tasks of Hueys on memory storages, one after another, without a consumer.
 * @module
 */
import { PeriodicTasks } from "../consumer/loop/periodic.ts";
import type { Core } from "../lib/core/core.ts";
import { executeClaim } from "../lib/execution/execute.ts";
import { decodeMessage } from "../lib/core/codec.ts";
import { sleep, systemClock } from "../lib/primitives/clock.ts";
import type { Claim } from "../lib/storage.ts";
import type { TestClock } from "./clock.ts";
import { deadTask, type RanTask, ranTask } from "./ran_task.ts";

const OWNER = { consumer: "test", worker: "test" } as const;
/** Turns of the microtask queue that an attempt gets first. */
const QUICK_TURNS = 200;
/** An attempt that has let its patience pass so often hangs: from then on it gets less. */
const HANGS_AFTER = 10;
const HANGING_PATIENCE_MS = 5;
/** Messages moved to the queue in one step. */
const BATCH = 500;
/** Most attempts while the clock stands still, where no limit is given: a task that enqueues itself would go on for ever. */
export const MOST_ATTEMPTS = 100_000;
/** Attempts between two turns of the event loop: without them the time limit of the test's runner would never strike. */
const ATTEMPTS_PER_TURN = 250;
/** After one attempt has used up the patience, others get this part of it: test runners do not wait long. */
const LATER_PATIENCE = 0.05;

/** When to stop. */
export interface RunOptions {
  /** Most attempts to start. Default: all. */
  readonly limit?: number | undefined;
  /** How long, in real milliseconds, an attempt may go on without any progress before the next one is started. Default: as given. */
  readonly patienceMs?: number | undefined;
}

/** What was started. */
export interface Started {
  readonly count: number;
  /** What still runs. */
  readonly unfinished: readonly Claim[];
}

/** Runs what waits in one Huey. Attempts that wait for a later time go on in the background. */
export class Runner {
  readonly #core: Core;
  readonly #clock: TestClock;
  readonly #told: (ran: RanTask) => void;
  readonly #patienceMs: number;
  /** Attempts that run, and how often each has let the patience pass without any progress. */
  readonly #running: Map<Claim, number> = new Map();
  #attempts = 0;
  #periodic: PeriodicTasks;
  #progress: PromiseWithResolvers<void> = Promise.withResolvers();

  /**
   * @param patienceMs How long, in real milliseconds, an attempt may go on without progress before the clock moves.
   * @param told Is told of each attempt that has ended.
   */
  constructor(core: Core, clock: TestClock, patienceMs: number, told: (ran: RanTask) => void) {
    this.#core = core;
    this.#clock = clock;
    this.#told = told;
    this.#patienceMs = patienceMs;
    this.#periodic = this.#watchPeriodic();
  }

  /**
   * Runs what waits, and what that enqueues, until nothing waits.
   *
   * @returns How many it has started, and which of them still run.
   * @throws {Error} Without a limit, if it has no end.
   */
  async runWaiting({ limit, patienceMs = this.#patienceMs }: RunOptions = {}): Promise<Started> {
    const started = new Set<Claim>();
    const unfinished = (): Claim[] => [...this.#running.keys()].filter((claim) => started.has(claim));
    let [isIdle, leftMs] = [false, patienceMs];
    while (started.size < (limit ?? Infinity)) {
      const { claims: [claim], revocations } = await this.#core.storage.claim(1, OWNER);
      if (claim !== undefined) {
        started.add(claim);
        isIdle = await this.#run(claim, revocations, leftMs);
        if (isIdle) leftMs = Math.max(this.#patienceMs, patienceMs * LATER_PATIENCE);
        if (limit === undefined && started.size >= MOST_ATTEMPTS) await this.#refuseMore(claim);
      } else if (isIdle || !await this.#goesOn(unfinished().length > 0 ? leftMs : this.#patienceMs)) break;
    }
    return { count: started.size, unfinished: unfinished() };
  }

  async #refuseMore(last: Claim): Promise<void> {
    if (await this.#core.storage.pendingCount() > 0) throw endless(await this.describe(last));
  }

  /** Name and id of the task of a claim. */
  async describe(claim: Claim): Promise<string> {
    try {
      return `${(await decodeMessage(this.#core, claim)).name}: ${claim.id}`;
    } catch { // A message that nobody can read has no name.
      return claim.id;
    }
  }

  /** Tasks may have been registered since the last look at those that are periodic. */
  beginAdvance(): void {
    this.#periodic = this.#watchPeriodic();
  }

  #watchPeriodic(): PeriodicTasks {
    return new PeriodicTasks(this.#core, this.#core.logger, this.#clock.now());
  }

  /** Moves what is due to the queue. */
  async enqueueDue(): Promise<void> {
    while ((await this.#core.storage.promoteDue(BATCH)).length === BATCH);
    await this.#periodic.look();
  }

  /** The next time at which anything happens. */
  async nextMs(): Promise<number> {
    const dueMs = await this.#core.storage.dueMs!();
    // What waits in a queue that is paused becomes due when the pause ends.
    const resumedMs = (await this.#core.storage.paused())?.untilMs;
    return Math.min(...[dueMs, resumedMs, this.#clock.nextMs, this.#periodic.nextMs].map((ms) => ms ?? Infinity));
  }

  /** @returns whether it goes on, without any progress */
  async #run(claim: Claim, revocations: boolean, patienceMs: number): Promise<boolean> {
    if (++this.#attempts % ATTEMPTS_PER_TURN === 0) await sleep(systemClock, 0);
    const waiting = await this.#core.storage.pendingCount();
    const attempt = this.#execute(claim, revocations).finally(() => {
      this.#running.delete(claim);
      this.#tellProgress();
    });
    this.#running.set(claim, 0);
    // What it throws besides its task is the storage's, and the test's to see.
    attempt.catch(() => {});
    // Most attempts wait for nothing outside: they end before a timer would be worth its price.
    for (let turn = 0; turn < QUICK_TURNS && this.#running.has(claim); turn++) await undefined;
    while (this.#running.has(claim)) {
      // What it has enqueued may be what it waits for.
      if (await this.#core.storage.pendingCount() > waiting) return false;
      if (!await this.#progressed(patienceMs)) return true;
    }
    await attempt;
    return false;
  }

  async #execute(claim: Claim, revocations: boolean): Promise<void> {
    let isTold = false;
    await executeClaim(this.#core, claim, {
      owner: OWNER,
      revocations,
      onEnd: (end) => {
        isTold = true;
        this.#told(ranTask(this.#core, end));
      },
    });
    if (isTold || (await this.#core.storage.state(claim.id))?.state !== "dead") return;
    this.#told(await deadTask(this.#core, claim.id));
  }

  /** Whether an attempt in the background ends, or enqueues something, within the patience. */
  async #goesOn(patienceMs: number): Promise<boolean> {
    return this.#running.size > 0 && await this.#progressed(patienceMs);
  }

  async #progressed(patienceMs: number): Promise<boolean> {
    const done = new AbortController();
    const isHanging = this.#running.values().every((fruitless) => fruitless >= HANGS_AFTER);
    const waitMs = isHanging ? Math.min(patienceMs, HANGING_PATIENCE_MS) : patienceMs;
    const stopListening = await this.#core.storage.listen("queue", () => this.#tellProgress());
    try {
      const progress = this.#progress.promise.then(() => true);
      const isProgress = await Promise.race([progress, sleep(systemClock, waitMs, done.signal).then(() => false)]);
      for (const [claim, fruitless] of this.#running) this.#running.set(claim, isProgress ? 0 : fruitless + 1);
      return isProgress;
    } finally {
      done.abort();
      stopListening();
    }
  }

  #tellProgress(): void {
    this.#progress.resolve();
    this.#progress = Promise.withResolvers();
  }
}

/** What to throw where attempts follow each other without an end. @param last Name and id of the task that ran last */
export function endless(last: string): Error {
  return new Error(
    `${MOST_ATTEMPTS} attempts, and no end, while the clock stands still. The last one was of task ${last}: ` +
      "does it enqueue itself without a delay?",
  );
}
