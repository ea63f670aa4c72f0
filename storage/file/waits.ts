/**
 * Who listens to a queue, and its bells.
 * @module
 */
import type { Clock, Timer } from "../../lib/primitives/clock.ts";
import type { Topic } from "../../lib/storage.ts";
import { Bell } from "../bell.ts";
import { Listeners } from "../listeners.ts";
import type { Disk } from "./disk.ts";

/** What the bells of one storage need. */
export interface WaitsOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  /** Another value when somebody has held the lock meanwhile. */
  readonly changeCount: () => string | undefined;
}

/** How long a change may go unnoticed when no bell is heard, as on some network file systems. */
const RESCAN_MS = 1000;
const TOPICS: readonly Topic[] = ["queue", "schedule", "results", "revocations"];

/** All who listen to one storage. */
export class Waits {
  readonly #options: WaitsOptions;
  readonly #bells: Partial<Record<Topic, Bell>> = {};
  readonly #listeners = new Listeners();
  #rescan: Timer | undefined;
  #lastCount: string | undefined;
  #isClosed = false;

  constructor(options: WaitsOptions) {
    this.#options = options;
  }

  /** Wakes those who listen, here and elsewhere. Called after the change can be seen. */
  ring(topics: ReadonlySet<Topic>): void {
    for (const topic of topics) {
      this.#listeners.ringSoon(topic);
      this.#bell(topic).ring();
    }
  }

  /** See `Storage.listen`. */
  listen(topic: Topic, wake: () => void): () => void {
    const stop = this.#listeners.add(topic, wake);
    const stopBell = this.#bell(topic).listen(wake);
    this.#rescanLater();
    return () => (stop(), stopBell());
  }

  /** Forgets who listens. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#listeners.clear();
    this.#rescan?.stop();
    for (const bell of Object.values(this.#bells)) bell.close();
  }

  /** The file gets the mode that all files of the queue have. */
  #bell(topic: Topic): Bell {
    const { disk, clock } = this.#options;
    let bell = this.#bells[topic];
    if (bell !== undefined) return bell;
    const file = `${topic}.bell`;
    try {
      if (!disk.exists(file) && !this.#isClosed) disk.write(file, new Uint8Array(1));
    } catch {
      // On a full disk, whoever waits looks now and then.
    }
    return this.#bells[topic] = bell = new Bell(`${disk.root}/${file}`, { clock, like: disk.root });
  }

  /** While somebody listens: looks now and then whether anything has changed that did not ring. */
  #rescanLater(): void {
    if (this.#rescan !== undefined || this.#isClosed) return;
    this.#lastCount = this.#options.changeCount();
    this.#rescan = this.#options.clock.startTimer(RESCAN_MS, () => {
      this.#rescan = undefined;
      const isHeard = TOPICS.some((topic) => this.#listeners.count(topic) > 0);
      if (!isHeard) return;
      const before = this.#lastCount;
      this.#rescanLater();
      if (this.#lastCount !== before) { for (const topic of TOPICS) this.#listeners.ring(topic); }
    }, { background: true });
  }
}
