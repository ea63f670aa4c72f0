/**
 * Messages of the server: a task has ended, something is due sooner. One subscribed connection, opened when somebody waits.
 * @module
 */
import type { RedisConnection } from "./dial.ts";
import { Link, type LinkOptions } from "./link.ts";

const RETRY_PAUSE_MS = 200;

/** Wakes those who wait for a message. */
export class News {
  readonly #link: Link;
  readonly #channels: readonly string[];
  /** By channel and message. */
  readonly #waiters = new Map<string, Set<() => void>>();
  #reviving = false;

  /** @param channels All channels that will be listened to. */
  constructor(options: Omit<LinkOptions, "prepare" | "lost">, channels: readonly string[]) {
    this.#channels = channels;
    this.#link = new Link({ ...options, prepare: (connection) => this.#subscribe(connection), lost: () => this.#revive() });
  }

  /** Opens the connection. @throws StorageError if the server cannot be reached */
  ready(): Promise<void> {
    return this.#link.ready();
  }

  /** From now on `wake` is called at a message, and after messages may have been missed. @returns what ends that */
  listen(channel: string, message: string, wake: () => void): () => void {
    const topic = topicOf(channel, message);
    const waiters = this.#waiters.get(topic) ?? new Set();
    this.#waiters.set(topic, waiters.add(wake));
    return () => {
      waiters.delete(wake);
      if (waiters.size === 0 && this.#waiters.get(topic) === waiters) this.#waiters.delete(topic);
    };
  }

  /** Wakes everybody and closes. */
  close(): void {
    this.#link.close();
    this.#wakeAll();
  }

  async #subscribe(connection: RedisConnection): Promise<void> {
    await connection.subscribe([...this.#channels], (message, channel) => {
      for (const wake of this.#waiters.get(topicOf(channel, message)) ?? []) wake();
    });
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const waiters of [...this.#waiters.values()]) for (const wake of [...waiters]) wake();
  }

  /** Reconnects for those who wait. */
  async #revive(): Promise<void> {
    if (this.#reviving) return;
    this.#reviving = true;
    while (this.#waiters.size > 0 && !this.#link.isClosed && !this.#link.isReady) {
      await this.#link.ready().catch(() => new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS)));
    }
    this.#reviving = false;
  }
}

function topicOf(channel: string, message: string): string {
  return `${channel}\n${message}`;
}
