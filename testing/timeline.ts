/**
 * The time of Hueys that share a clock: it passes for all of them.
 * @module
 */
import { MemoryStorage } from "../storage/memory/storage.ts";
import type { TestClock } from "./clock.ts";
import type { RanTask } from "./ran_task.ts";
import { endless, MOST_ATTEMPTS, type Runner } from "./runner.ts";

/** A clock, the Hueys that read it, and what they have run. */
export class Timeline {
  readonly clock: TestClock;
  readonly #runners: Runner[] = [];
  /** Hueys of one name have one queue. */
  readonly #storages: Map<string, MemoryStorage> = new Map();
  #ran: { readonly runner: Runner; readonly ran: RanTask }[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  /** @param clock The clock of all of them. */
  constructor(clock: TestClock) {
    this.clock = clock;
  }

  /** The storage of the Hueys of that name. */
  storageOf(name: string): MemoryStorage {
    const storage = this.#storages.get(name) ?? new MemoryStorage({ name, clock: this.clock });
    this.#storages.set(name, storage);
    return storage;
  }

  /** From now on its tasks run when time passes. */
  add(makeRunner: (told: (ran: RanTask) => void) => Runner): Runner {
    const runner: Runner = makeRunner((ran) => this.#ran.push({ runner, ran }));
    this.#runners.push(runner);
    return runner;
  }

  /** Its tasks no longer run when time passes for others. */
  remove(runner: Runner): void {
    if (this.#runners.length > 1 && this.#runners.includes(runner)) this.#runners.splice(this.#runners.indexOf(runner), 1);
  }

  /** What has ended since it was asked last: of all, or of one. */
  takeRan(of?: Runner): RanTask[] {
    const { taken = [], left = [] } = Object.groupBy(
      this.#ran,
      ({ runner }) => of === undefined || runner === of ? "taken" : "left",
    );
    this.#ran = left;
    return taken.map(({ ran }) => ran);
  }

  /** Runs what is due up to a time, each thing at its own time. */
  async advanceTo(targetMs: number): Promise<void> {
    for (const runner of this.#runners) runner.beginAdvance();
    for (;;) {
      await this.#runAllDue();
      const nextMs = Math.min(...await Promise.all(this.#runners.map((runner) => runner.nextMs())));
      if (nextMs > targetMs) break;
      this.clock.moveTo(nextMs);
    }
    this.clock.moveTo(targetMs);
  }

  /** One after another, in the order of the calls. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const ended = this.#turn.then(work);
    this.#turn = ended.catch(() => {});
    return ended;
  }

  /** What one runs may enqueue something for another that was looked at before. */
  async #runAllDue(): Promise<void> {
    for (let count = 0;;) {
      const started = await this.#runDue();
      if (started === 0 || this.#runners.length === 1) return;
      count += started;
      const last = this.#ran.at(-1)?.ran.task;
      if (count >= MOST_ATTEMPTS && last !== undefined) throw endless(`${last.name}: ${last.id}`);
    }
  }

  /** @returns How many attempts it has started */
  async #runDue(): Promise<number> {
    let count = 0;
    for (const runner of [...this.#runners]) {
      await runner.enqueueDue();
      count += (await runner.runWaiting()).count;
    }
    return count;
  }
}
