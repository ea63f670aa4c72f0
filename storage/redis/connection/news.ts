/**
 * Messages of the server: a task has ended, something is due sooner. One subscribed connection, opened when somebody listens.
 * @module
 */
import { StorageError } from "../../../lib/errors.ts";
import { sleep, startInterval, type Timer } from "../../../lib/primitives/clock.ts";
import type { Topic } from "../../../lib/storage.ts";
import type { AwaitedIds } from "../../awaited_ids.ts";
import { Listeners } from "../../listeners.ts";
import type { RedisConnection } from "./dial.ts";
import { closedError, Link, type LinkOptions } from "./link.ts";

const RETRY_PAUSE_MS = 200;

/** How often somebody who listens looks all the same: what the server has forgotten, and what it could not note. */
const LOOK_AGAIN_MS = 20_000;

const TOPICS: readonly Topic[] = ["queue", "schedule", "results", "revocations"];

/** Wakes those who listen. */
export class News {
  readonly #link: Link;
  readonly #options: Pick<LinkOptions, "clock">;
  readonly #prefix: string;
  readonly #awaited: AwaitedIds;
  readonly #listeners = new Listeners();
  readonly #subscribed = new Set<Topic>();
  #connection: RedisConnection | undefined;
  #again: Timer | undefined;
  #reviving = false;
  /** Messages may have been missed. */
  #wasLost = false;

  /**
   * @param prefix Beginning of the channels; a topic follows.
   * @param awaited Whose results somebody waits for here: others wait too, and theirs are none of ours
   */
  constructor(options: Omit<LinkOptions, "prepare" | "lost" | "listens">, prefix: string, awaited: AwaitedIds) {
    this.#options = options;
    this.#awaited = awaited;
    this.#prefix = prefix;
    this.#link = new Link({
      ...options,
      listens: true,
      prepare: (connection) => this.#subscribeAll(connection),
      lost: () => {
        this.#wasLost = true;
        void this.#revive();
      },
    });
  }

  /** How many listen. */
  count(topic: Topic): number {
    return this.#listeners.count(topic);
  }

  /** Tells those who listen. */
  ring(topic: Topic): void {
    this.#listeners.ring(topic);
  }

  /** From now on `wake` is called at a message, and after messages may have been missed. @returns what ends that */
  async listen(topic: Topic, wake: () => void): Promise<() => void> {
    const forget = this.#listeners.add(topic, wake);
    this.#again ??= startInterval(this.#options.clock, LOOK_AGAIN_MS, () => this.#ringAll(), { background: true });
    const stop = (): void => {
      forget();
      if (!this.#isHeard) this.#rest();
    };
    try {
      await this.#link.ready();
      await this.#subscribe(topic);
    } catch (error) {
      // Lost in between: it comes back for those who listen.
      if (!(error instanceof StorageError) && !this.#link.isClosed) return stop;
      stop();
      throw error instanceof StorageError ? error : closedError();
    }
    return stop;
  }

  /** Tells everybody and closes. */
  close(): void {
    this.#rest();
    this.#link.close();
    this.#ringAll();
  }

  #rest(): void {
    this.#again?.stop();
    this.#again = undefined;
  }

  async #subscribeAll(connection: RedisConnection): Promise<void> {
    this.#connection = connection;
    this.#subscribed.clear();
    for (const topic of TOPICS) if (this.count(topic) > 0) await this.#subscribe(topic);
    if (this.#wasLost) this.#ringAll();
    this.#wasLost = false;
  }

  async #subscribe(topic: Topic): Promise<void> {
    if (this.#subscribed.has(topic)) return;
    this.#subscribed.add(topic);
    try {
      await this.#connection!.subscribe([this.#prefix + topic], (message) => {
        if (topic !== "results" || this.#awaited.take(message)) this.ring(topic);
      });
    } catch (error) {
      this.#subscribed.delete(topic);
      throw error;
    }
  }

  #ringAll(): void {
    for (const topic of TOPICS) this.ring(topic);
  }

  get #isHeard(): boolean {
    return TOPICS.some((topic) => this.count(topic) > 0);
  }

  /** Reconnects for those who listen. */
  async #revive(): Promise<void> {
    if (this.#reviving) return;
    this.#reviving = true;
    while (this.#isHeard && !this.#link.isClosed && !this.#link.isReady) {
      await this.#link.ready().catch(() => sleep(this.#options.clock, RETRY_PAUSE_MS));
    }
    this.#reviving = false;
  }
}
