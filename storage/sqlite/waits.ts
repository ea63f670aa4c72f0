/**
 * Who listens for changes: rung directly by the own commits, by bells for the commits of others, and after a look at SQLite's change
 * counter for what did not ring.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Topic } from "../../lib/storage.ts";
import { AwaitedIds } from "../awaited_ids.ts";
import { Bell } from "../bell.ts";
import { Listeners } from "../listeners.ts";
import { type BellName, QueueBells } from "../queue_bells.ts";
import type { Changes } from "./connection/connection.ts";

/** What the waits need. */
export interface WaitsOptions {
  readonly clock: Clock;
  /** The file and the number of the queue in it; `undefined` while that is not known, or nobody else can see it. */
  place(): { readonly path: string; readonly queue: number } | undefined;
  /** SQLite's change counter, which moves with the commits of other connections; `undefined` while it cannot be read. */
  changeCount(): number | undefined;
}

/** Beside the file, with the number of the queue. */
const BELL_FILES: Readonly<Record<BellName, string>> = { work: "bell", ends: "done" };

const WORK: readonly Topic[] = ["queue", "schedule", "revocations"];

/** All who listen to one storage. */
export class SqliteWaits {
  readonly #options: WaitsOptions;
  readonly #listeners = new Listeners();
  readonly #awaited = new AwaitedIds();
  readonly #bells: QueueBells;
  #lastCount: number | undefined;

  constructor(options: WaitsOptions) {
    this.#options = options;
    this.#bells = new QueueBells({
      clock: options.clock,
      open: (name) => this.#openBell(name),
      rung: (name) => this.#wake(name),
      look: () => this.#look(),
    });
  }

  /** Rings for whoever waits for these changes, here and elsewhere. */
  announce({ queue, schedule, revoked, ended }: Changes): void {
    if (queue) this.#listeners.ring("queue");
    if (schedule) this.#listeners.ring("schedule");
    if (revoked) this.#listeners.ring("revocations");
    if (ended.length > 0 && this.#awaited.size > 0 && ended.filter((id) => this.#awaited.take(id)).length > 0) {
      this.#listeners.ring("results");
    }
    if (queue || schedule || revoked) this.#bells.ring("work");
    if (ended.length > 0) this.#bells.ring("ends");
  }

  /** Rings when one of these ends, as far as that can be known here. */
  await(ids: readonly string[]): void {
    this.#awaited.add(ids);
  }

  /** Calls `wake` after changes. Begin before looking, so that nothing is missed. @returns what ends it */
  listen(topic: Topic, wake: () => void): () => void {
    const [forget, stop] = [this.#listeners.add(topic, wake), this.#bells.listen(topic)];
    return () => (forget(), stop());
  }

  /** A last ring for all. */
  end(): void {
    this.#wake("work");
    this.#listeners.ring("results");
  }

  /** Gives up the bells. */
  close(): void {
    this.#bells.close();
  }

  /** What has changed elsewhere is not known: whoever waits looks. */
  #wake(name: BellName): void {
    if (name === "work") { for (const topic of WORK) this.#listeners.ring(topic); }
    else if (this.#awaited.size > 0) this.#listeners.ring("results");
  }

  #look(): void {
    const count = this.#options.changeCount();
    if (count === this.#lastCount) return;
    this.#lastCount = count;
    this.#wake("work");
    this.#wake("ends");
  }

  #openBell(name: BellName): Bell | undefined {
    const place = this.#options.place();
    if (place === undefined) return undefined;
    const { path, queue } = place;
    return new Bell(`${path}-${BELL_FILES[name]}-${queue}`, { clock: this.#options.clock, like: path });
  }
}
