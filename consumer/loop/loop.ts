/**
 * The loop of everything that a consumer does again and again: it survives failures, and is replaced when it hangs.
 * @module
 */
import { type Clock, sleep, within } from "../../lib/primitives/clock.ts";
import type { PollOptions } from "../../lib/storage.ts";
import type { Logger } from "../../lib/types/options.ts";
import { Outage } from "./outage.ts";

/** What a turn is told. */
export interface LoopRun {
  /** Aborted when the loop is stopped, or another has taken its place. */
  readonly signal: AbortSignal;
  /** Says in a long turn that it goes on. */
  readonly alive: () => void;
}

/** What a loop does. */
export interface LoopWork {
  /** One turn. @returns how many milliseconds to sleep after it */
  turn(run: LoopRun): Promise<number>;
  /** Sleeps, where something else than the time may end the sleep. An abort ends it too. */
  sleep?(ms: number, signal: AbortSignal): Promise<void>;
}

/** How patient a loop is, and whom it tells. */
export interface LoopPatience {
  /** Growth of the sleep while turns fail. */
  readonly poll: PollOptions;
  /** How long the calls of the storage in one turn may take before the loop counts as stuck. */
  readonly patienceMs: number;
  readonly logger: Logger;
}

/** What a loop needs to know. */
export interface LoopOptions extends LoopPatience {
  /** What it is, as the start of a sentence: `The scheduler`. */
  readonly name: string;
  /** What fails if a turn does, as the start of a sentence: `Scheduling`. */
  readonly work: string;
  /** Makes what it does; anew for each loop that takes the place of another. */
  readonly make: () => LoopWork;
  /** Longest sleep after a turn that worked. A loop that is silent for longer than that, a failure and its patience hangs. */
  readonly longestPauseMs: number;
  readonly clock: Clock;
}

/** How long a loop gets to end what is under way at a stop. */
const STOP_MS = 5000;

/**
 * Takes turns until it is stopped; a turn that fails is repeated later and later. What was given up because it hangs may still end
 * the call in which it hangs, and nothing after it; each such call is atomic, so two runs do no more than one.
 */
export class Loop {
  readonly #options: LoopOptions;
  #run: Run | undefined;
  #replaced = false;
  #suspected = false;
  #stopped = false;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  /** Starts it. A second call, or one after a stop, does nothing. */
  start(): void {
    if (!this.#stopped) this.#run ??= new Run(this.#options);
  }

  /** Whether it takes its turns in time. One that took the place of another has to show it first. */
  get isAlive(): boolean {
    return this.#run === undefined || this.#run.isAlive && (!this.#replaced || this.#run.hasCompletedTurn);
  }

  /** Replaces it, if it has ended, or is found silent twice: after a sleep of the machine it gets the time to come round. */
  restartIfStuck(): void {
    const run = this.#run;
    if (run === undefined || this.#stopped) return;
    const suspected = this.#suspected;
    this.#suspected = !run.isAlive;
    if (run.isAlive || run.end === undefined && !suspected) return;
    const what = run.end === undefined ? `has hung for ${(run.silentMs / 1000).toFixed(1)} s` : "has ended";
    this.#options.logger.error(`${this.#options.name} ${what}: another takes its place`, run.end);
    run.stop();
    this.#run = new Run(this.#options);
    this.#replaced = true;
    this.#suspected = false;
  }

  /** Ends it; waits for what is under way, for a few seconds at most. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#run?.stop();
    if (this.#run !== undefined) await within(this.#options.clock, { ms: STOP_MS }, this.#run.ended, () => {});
  }
}

/** A loop from its start until it is stopped, or given up. */
class Run {
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Whether one turn has ended, well or not. */
  hasCompletedTurn = false;
  /** That it has ended, and because of which error, if it was one. */
  end: { readonly error?: unknown } | undefined;
  readonly #options: LoopOptions;
  readonly #stop: AbortController = new AbortController();
  #aliveMs: number;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#aliveMs = options.clock.elapsed();
    this.ended = this.#takeTurns().then(() => this.end = {}, (error) => this.end = { error }).then(() => {});
  }

  get isAlive(): boolean {
    const { longestPauseMs, poll, patienceMs } = this.#options;
    return this.end === undefined && this.silentMs < longestPauseMs + poll.maxMs + patienceMs;
  }

  get silentMs(): number {
    return this.#options.clock.elapsed() - this.#aliveMs;
  }

  stop(): void {
    this.#stop.abort();
  }

  async #takeTurns(): Promise<void> {
    const { make, work: name, poll, logger, clock } = this.#options;
    const { signal } = this.#stop;
    const work = make();
    const outage = new Outage(name, poll, logger, clock);
    const alive = (): void => void (this.#aliveMs = clock.elapsed());
    while (!signal.aborted) {
      alive();
      try {
        const pauseMs = await work.turn({ signal, alive }).finally(() => this.hasCompletedTurn = true);
        outage.over();
        if (!signal.aborted) await (work.sleep?.(pauseMs, signal) ?? sleep(clock, pauseMs, signal));
      } catch (error) {
        if (!signal.aborted) await outage.wait(error, signal);
      }
    }
  }
}
