/**
 * What the parts of one Redis storage share.
 * @module
 */
import { StorageError } from "../../../lib/errors.ts";
import type { Clock } from "../../../lib/primitives/clock.ts";
import { AwaitedIds } from "../../awaited_ids.ts";
import type { Argument, RedisConnection } from "./dial.ts";
import { dialer } from "./dial.ts";
import { Bell } from "./bell.ts";
import { Calls } from "./calls.ts";
import { closedError, Link } from "./link.ts";
import { type QueueKind, type Script, script } from "../lua/library.ts";
import { News } from "./news.ts";
import type { RedisSettings } from "../options.ts";

/** Keys of version 0.1 with what is not done yet. Its other keys do no harm. */
const OLD_KEYS = ["queue", "schedule", "requests"];

/** ARGV 1 command, 2 key, then its other arguments. */
const READ = script("return call(ARGV[1], P .. ARGV[2], unpack(ARGV, 3))");

/** What an instance leaves behind for its own blocking read vanishes after this time. */
const OWN_KEY_TTL_MS = 60_000;

/** Connections, keys and scripts of one storage. */
export class RedisCore {
  readonly settings: RedisSettings;
  readonly kind: QueueKind;
  /** Beginning of all keys. */
  readonly prefix: string;
  readonly calls: Calls;
  readonly bell: Bell;
  readonly news: News;
  /** Tasks whose end somebody of this instance waits for. */
  readonly awaited: AwaitedIds = new AwaitedIds();
  readonly clock: Clock;
  readonly #link: Link;
  /** What goes on after the call that started it has returned. */
  readonly #background = new Set<Promise<unknown>>();
  readonly #closed = new AbortController();
  #closing: Promise<void> | undefined;
  /** Whether the list of this instance may be there. */
  #hasRung = false;

  constructor(settings: RedisSettings, kind: QueueKind) {
    this.settings = settings;
    this.kind = kind;
    this.clock = settings.clock;
    // A brace inside the name would end the hash tag too early.
    const tag = `{${settings.name.replace(/[%{}]/g, encodeURIComponent)}}`;
    this.prefix = `huey2:${tag}:`;
    const { place, clock } = settings;
    const key = `${this.prefix}queue`;
    const dial = dialer(settings, key);
    this.#link = new Link({
      dial,
      place,
      clock,
      prepare: (connection) => this.#refuseOldStore(connection, `huey:${tag}:`),
      // A close that has begun does not wait for a server that has gone.
      lost: () => this.isClosing && this.#link.close(),
    });
    this.calls = new Calls(this.#link, { prefix: this.prefix, clock, kind });
    this.news = new News({ dial, place, clock }, this.prefix, this.awaited);
    this.bell = this.#makeBell(key);
  }

  /** Aborted by `close`, before the last writes are waited for: what is sent then is one of them. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Whether `close` was called. */
  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** @throws StorageError after `close` */
  assertOpen(): void {
    if (this.isClosing) throw closedError();
  }

  /** Runs a script that may run twice without harm. */
  run(script: Script, ...args: Argument[]): Promise<unknown> {
    this.assertOpen();
    return this.calls.repeatable(script, () => args);
  }

  /** Runs a script made by `once`: its second run would do harm. */
  once(script: Script, ...args: Argument[]): Promise<unknown> {
    this.assertOpen();
    return this.calls.once(script, args);
  }

  /** One command that only reads one key. */
  read(command: string, key: string, ...args: Argument[]): Promise<unknown> {
    return this.run(READ, command, key, ...args);
  }

  /** Lets something go on; `close` waits for it. Its failure is nobody's: what it would have done happens later by itself. */
  background(work: Promise<unknown>): void {
    const done = (): void => void this.#background.delete(work);
    this.#background.add(work);
    work.then(done, done);
  }

  /** Ends waits, then writes what is under way, then closes; does not wait for a server that is away. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#closed.abort();
    this.news.close();
    await this.#link.firstAttempt;
    if (!this.#link.isReady) this.#link.close();
    await this.bell.close();
    await Promise.allSettled([...this.#background]);
    if (this.#hasRung && this.#link.isReady) {
      await this.calls.command(["UNLINK", `${this.prefix}wake:${this.calls.instance}`]).catch(() => undefined);
    }
    await this.calls.close();
    this.#link.close();
  }

  /** Version 0.1 would run what is here in its own way, and never see what is added. */
  async #refuseOldStore(connection: RedisConnection, prefix: string): Promise<void> {
    if (await connection.sendCommand(["EXISTS", ...OLD_KEYS.map((key) => prefix + key)]) === 0) return;
    throw new StorageError(
      `Queue "${this.settings.name}" in Redis at ${this.settings.place} has work of version 0.1. Run a consumer of 0.1 until nothing ` +
        `waits and nothing is scheduled, or delete the keys that begin with ${prefix}; then start this version`,
      { permanent: true },
    );
  }

  #makeBell(key: string): Bell {
    const { settings, clock } = this;
    const { place, readTimeoutMs } = settings;
    const ownKey = `${this.prefix}wake:${this.calls.instance}`;
    return new Bell({
      link: new Link({ dial: dialer(settings, key), place, clock, blockMs: readTimeoutMs }),
      key: `${this.prefix}bell`,
      ownKey,
      readTimeoutMs,
      clock,
      end: () => {
        if (!this.#link.isReady) return false;
        this.background(this.calls.command(["RPUSH", ownKey, "1"]));
        this.background(this.calls.command(["PEXPIRE", ownKey, String(OWN_KEY_TTL_MS)]));
        this.#hasRung = true;
        return true;
      },
    });
  }
}
