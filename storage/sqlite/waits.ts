/**
 * Who listens for changes: rung directly by the own commits, by bells for the commits of others, and after a slow look at SQLite's
 * change counter for what did not ring.
 * @module
 */
import type { Clock, Timer } from "../../lib/primitives/clock.ts";
import type { Topic } from "../../lib/storage.ts";
import { AwaitedIds } from "../awaited_ids.ts";
import { Bell } from "../bell.ts";
import { Listeners } from "../listeners.ts";
import type { Changes } from "./connection/session.ts";

/** What the waits need. */
export interface WaitsOptions {
  readonly clock: Clock;
  /** The file and the number of the queue in it; `undefined` while that is not known, or nobody else can see it. */
  place(): { readonly path: string; readonly queue: number } | undefined;
  /** SQLite's change counter, which moves with the commits of other connections; `undefined` while it cannot be read. */
  changeCount(): number | undefined;
}

/** Bounds of the pause between two looks at the change counter. */
const FIRST_LOOK_MS = 10;
const LONGEST_LOOK_MS = 1000;

/** What one bell says; the other one tells of ends. */
const WORK: readonly Topic[] = ["queue", "schedule", "revocations"];

/** The bells of a queue, beside the file. */
interface Bells {
  readonly work: Bell;
  readonly ends: Bell;
}

/** All who listen to one storage. */
export class SqliteWaits {
  readonly #options: WaitsOptions;
  readonly #listeners = new Listeners();
  readonly #awaited = new AwaitedIds();
  #bells: Bells | undefined;
  #listening = 0;
  #lookTimer: Timer | undefined;
  #lastCount: number | undefined;
  #closed = false;

  constructor(options: WaitsOptions) {
    this.#options = options;
  }

  /** Rings for whoever waits for these changes, here and elsewhere. */
  announce({ queue, schedule, revoked, ended }: Changes): void {
    if (queue) this.#listeners.ring("queue");
    if (schedule) this.#listeners.ring("schedule");
    if (revoked) this.#listeners.ring("revocations");
    if (ended.length > 0 && this.#awaited.size > 0 && ended.filter((id) => this.#awaited.take(id)).length > 0) {
      this.#listeners.ring("results");
    }
    if (queue || schedule || revoked) this.#openBells()?.work.ring();
    if (ended.length > 0) this.#openBells()?.ends.ring();
  }

  /** Rings when one of these ends, as far as that can be known here. */
  await(ids: readonly string[]): void {
    this.#awaited.add(ids);
  }

  /** Calls `wake` after changes. Begin before looking, so that nothing is missed. @returns what ends it */
  listen(topic: Topic, wake: () => void): () => void {
    if (this.#closed) return () => {};
    const forget = this.#listeners.add(topic, wake);
    const bells = this.#openBells();
    const stopBell = topic === "results"
      ? bells?.ends.listen(() => this.#ringEnds())
      : bells?.work.listen(() => this.#ringWork());
    if (++this.#listening === 1) this.#lookLater(FIRST_LOOK_MS);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      forget();
      stopBell?.();
      if (--this.#listening === 0) this.#lookTimer?.stop();
    };
  }

  /** Ends all listening, after a last ring. */
  end(): void {
    this.#closed = true;
    this.#lookTimer?.stop();
    this.#ringWork();
    this.#listeners.ring("results");
  }

  /** Gives up the bells. */
  close(): void {
    this.#bells?.work.close();
    this.#bells?.ends.close();
  }

  #ringWork(): void {
    for (const topic of WORK) this.#listeners.ring(topic);
  }

  /** Which tasks have ended elsewhere is not known: whoever waits for some looks. */
  #ringEnds(): void {
    if (this.#awaited.size > 0) this.#listeners.ring("results");
  }

  #openBells(): Bells | undefined {
    if (this.#bells !== undefined) return this.#bells;
    const place = this.#options.place();
    if (place === undefined) return undefined;
    const { path, queue } = place;
    const { clock } = this.#options;
    return this.#bells = {
      work: new Bell(`${path}-bell-${queue}`, { clock, like: path }),
      ends: new Bell(`${path}-done-${queue}`, { clock, like: path }),
    };
  }

  #lookLater(pauseMs: number): void {
    this.#lookTimer?.stop();
    this.#lookTimer = this.#options.clock.startTimer(pauseMs, () => {
      const count = this.#options.changeCount();
      if (count !== this.#lastCount) {
        this.#lastCount = count;
        this.#ringWork();
        this.#ringEnds();
      }
      if (this.#listening > 0 && !this.#closed) this.#lookLater(Math.min(pauseMs * 2, LONGEST_LOOK_MS));
    }, { background: true });
  }
}
