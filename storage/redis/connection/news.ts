/**
 * Messages of the server: a task has ended, something is due sooner. One subscribed connection, opened when somebody listens.
 * @module
 */
import { StorageError } from "../../../lib/errors.ts";
import { sleep, startInterval, type Timer } from "../../../lib/primitives/clock.ts";
import type { Topic } from "../../../lib/storage.ts";
import type { RedisConnection } from "./dial.ts";
import { closedError, Link, type LinkOptions } from "./link.ts";

const RETRY_PAUSE_MS = 200;

/** How often somebody who listens looks all the same: what the server has forgotten, and what it could not note. */
const LOOK_AGAIN_MS = 20_000;

/** Is told the message; `undefined` if some may have been missed. */
type Hear = (message: string | undefined) => void;

/** Wakes those who listen. */
export class News {
  readonly #link: Link;
  readonly #options: Pick<LinkOptions, "clock">;
  readonly #prefix: string;
  readonly #listeners = new Map<Topic, Set<Hear>>();
  readonly #subscribed = new Set<Topic>();
  #connection: RedisConnection | undefined;
  #again: Timer | undefined;
  #reviving = false;
  /** Messages may have been missed. */
  #wasLost = false;

  /** @param prefix Beginning of the channels; a topic follows. */
  constructor(options: Omit<LinkOptions, "prepare" | "lost" | "listens">, prefix: string) {
    this.#options = options;
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

  /** From now on `hear` is called at a message, and after messages may have been missed. @returns what ends that */
  async listen(topic: Topic, hear: Hear): Promise<() => void> {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(hear));
    this.#again ??= startInterval(this.#options.clock, LOOK_AGAIN_MS, () => this.#tellAll(), { background: true });
    const stop = (): void => {
      listeners.delete(hear);
      if ([...this.#listeners.values()].every(({ size }) => size === 0)) this.#rest();
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
    this.#tellAll();
  }

  #rest(): void {
    this.#again?.stop();
    this.#again = undefined;
  }

  async #subscribeAll(connection: RedisConnection): Promise<void> {
    this.#connection = connection;
    this.#subscribed.clear();
    for (const [topic, { size }] of this.#listeners) if (size > 0) await this.#subscribe(topic);
    if (this.#wasLost) this.#tellAll();
    this.#wasLost = false;
  }

  async #subscribe(topic: Topic): Promise<void> {
    if (this.#subscribed.has(topic)) return;
    this.#subscribed.add(topic);
    try {
      await this.#connection!.subscribe([this.#prefix + topic], (message) => {
        for (const hear of [...this.#listeners.get(topic) ?? []]) hear(message);
      });
    } catch (error) {
      this.#subscribed.delete(topic);
      throw error;
    }
  }

  #tellAll(): void {
    for (const listeners of [...this.#listeners.values()]) for (const hear of [...listeners]) hear(undefined);
  }

  /** Reconnects for those who listen. */
  async #revive(): Promise<void> {
    if (this.#reviving) return;
    this.#reviving = true;
    const isHeard = (): boolean => [...this.#listeners.values()].some(({ size }) => size > 0);
    while (isHeard() && !this.#link.isClosed && !this.#link.isReady) {
      await this.#link.ready().catch(() => sleep(this.#options.clock, RETRY_PAUSE_MS));
    }
    this.#reviving = false;
  }
}
