/**
 * One connection that comes back by itself.
 * @module
 */
import { StorageError } from "../../../lib/errors.ts";
import { type Clock, sleep, startInterval, type Timer } from "../../../lib/primitives/clock.ts";
import { hideSecretsIn } from "../../../lib/primitives/secrets.ts";
import type { Argument, Dial, RedisConnection } from "./dial.ts";

/** How long calls wait for a server that is away before they reject. */
export const OUTAGE_MS = 5000;
/** The same for a server that is there and does not answer: that was waited for before. */
const SILENT_OUTAGE_MS = 2000;

/** Pauses between attempts to connect. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

/** A standstill of the event loop counts as no more than this. */
const TICK_MS = 100;

/** How often a connection is looked at, and after how many looks in a row without any answer to what was sent it is given up. */
const WATCH_MS = 1000;
const SILENT_LOOKS = 5;
/** A connection that only listens is asked for an answer after so many looks. */
const ASK_LOOKS = 3;
/** A command that is larger may take so much longer: the line may be slow, and the server has more to do. */
const BYTES_IN_A_LOOK = 1024 * 1024;
/** Longest attempt to connect. */
const CONNECT_MS = 5000;

/** Bulk strings (`$`) come as bytes; no time limit of the client's own, which would cost a timer per command. */
const COMMAND_OPTIONS = { typeMapping: { ["$".charCodeAt(0)]: Buffer }, timeout: undefined };

/** Errors that waiting does not cure. */
const REFUSED = /^(WRONGPASS|NOAUTH|ERR AUTH|ERR invalid password|ERR Client sent AUTH)/;
const NO_LOGIN = /^ERR unknown command .?(HELLO|AUTH)\b/i;
const NO_DATABASE = /^ERR (DB index|invalid DB|SELECT)/;

/** What a link needs to know. */
export interface LinkOptions {
  readonly dial: Dial;
  /** Host and port, for messages. */
  readonly place: string;
  readonly clock: Clock;
  /** How long the server may take to answer by what was asked of it: the time of a blocking read. Default 0. */
  readonly blockMs?: number | undefined;
  /** Nothing is asked on this connection, so that it has to be tried. */
  readonly listens?: boolean | undefined;
  /** Runs on each new connection before it is used. */
  readonly prepare?: ((connection: RedisConnection) => Promise<void>) | undefined;
  /** Called after a connection was lost. */
  readonly lost?: (() => unknown) | undefined;
}

interface Waiter {
  resolve(connection: RedisConnection): void;
  reject(error: Error): void;
}

/** A connection that is opened when it is needed, and again after it was lost as soon as somebody needs it. */
export class Link {
  readonly #options: LinkOptions;
  readonly #waiters = new Set<Waiter>();
  #connection: RedisConnection | undefined;
  #connecting = false;
  /** Until it has ended nothing tells that the server is away. */
  firstAttempt: Promise<unknown> | undefined;
  #closed = false;
  #lastError: Error | undefined;
  #traffic = new Traffic();
  #connections = 0;
  #isSilent = false;
  #watch: Timer | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Whether a command can be sent now. */
  get isReady(): boolean {
    return this.#connection !== undefined;
  }

  /** How many there were. */
  get connections(): number {
    return this.#connections;
  }

  /** How long a call may still wait. */
  get patienceMs(): number {
    return this.#isSilent ? SILENT_OUTAGE_MS : OUTAGE_MS;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Sends one command, once. @throws the client's error, also when there is no connection */
  send(args: readonly Argument[]): Promise<unknown> {
    if (this.#connection === undefined) return Promise.reject(this.#lastError ?? new Error("There is no connection"));
    return this.#traffic.count(this.#connection.sendCommand(args, COMMAND_OPTIONS), args);
  }

  /**
   * Resolves when a command can be sent.
   *
   * @param timeoutMs Longest wait; what a task that keeps the event loop busy takes does not count.
   * @throws StorageError after the time limit, when the login is refused, or at `close`
   */
  async ready(timeoutMs: number = OUTAGE_MS): Promise<void> {
    if (this.#closed) throw closedError();
    if (this.#connection !== undefined) return;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const waiter = { resolve, reject };
    const forget = afterLiveTime(this.#options.clock, timeoutMs, () => reject(this.#unreachable()));
    this.#waiters.add(waiter);
    this.#connect();
    try {
      await promise;
    } finally {
      forget();
      this.#waiters.delete(waiter);
    }
  }

  /** Gives the present connection up: it leads to a server that is not, or no longer, the right one. */
  drop(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    this.#watch?.stop();
    connection.destroy();
    this.#options.lost?.();
  }

  /** Ends the connection and all that waits for it. */
  close(): void {
    this.#closed = true;
    for (const waiter of this.#waiters) waiter.reject(closedError());
    this.drop();
  }

  /** Connects until it is connected or nobody waits any more. */
  async #connect(): Promise<void> {
    if (this.#connecting) return;
    this.#connecting = true;
    let pauseMs = FIRST_PAUSE_MS;
    while (this.#connection === undefined && this.#waiters.size > 0 && !this.#closed) {
      const attempt = this.#attempt();
      this.firstAttempt ??= attempt;
      const error = await attempt;
      if (error === undefined) break;
      // What destroying a connection of ours says hides why it was destroyed.
      if (this.#lastError === undefined || error.message !== "Disconnects client") this.#lastError = error;
      const fatal = this.#fatal(error);
      if (fatal) { for (const waiter of this.#waiters) waiter.reject(fatal); }
      else await sleep(this.#options.clock, pauseMs);
      if (fatal) break;
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
    this.#connecting = false;
  }

  /** @returns why there is no connection; `undefined` if there is one */
  async #attempt(): Promise<Error | undefined> {
    const limit = Promise.withResolvers<never>();
    const timer = this.#options.clock.startTimer(
      CONNECT_MS,
      () => limit.reject(new Error(`No answer for ${CONNECT_MS / 1000} s`)),
    );
    let connection: RedisConnection | undefined;
    try {
      const made = connection = await Promise.race([this.#options.dial(), limit.promise]);
      // Without a listener an error would end the process; it also is how a loss is learned of.
      made.on("error", (error) => this.#noteLoss(made, error));
      await Promise.race([this.#open(made), limit.promise]);
      if (this.#closed) throw closedError();
      this.#connection = made;
      this.#connections++;
      this.#isSilent = false;
      this.#lastError = undefined;
      this.#startWatch();
      for (const waiter of this.#waiters) waiter.resolve(made);
      return undefined;
    } catch (error) {
      connection?.destroy();
      // A server that does not know a command repeats its arguments, the password among them.
      hideSecretsIn(error);
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      timer.stop();
    }
  }

  async #open(connection: RedisConnection): Promise<void> {
    await connection.connect();
    await this.#options.prepare?.(connection);
  }

  /** A socket tells nothing of a server that stands still; a command without an answer does. */
  #startWatch(): void {
    const { clock, blockMs = 0, listens = false } = this.#options;
    const longest = SILENT_LOOKS + Math.ceil(blockMs / WATCH_MS);
    const traffic = this.#traffic = new Traffic();
    let silent = 0;
    let seen = 0;
    this.#watch = startInterval(clock, WATCH_MS, () => {
      const isSilent = traffic.answered === seen && (listens || traffic.sent > traffic.answered);
      silent = isSilent ? silent + 1 : 0;
      seen = traffic.answered;
      if (silent >= longest + traffic.bytes / BYTES_IN_A_LOOK + (listens ? ASK_LOOKS : 0)) {
        this.#lastError = new Error(`The server has not answered for ${silent} s`);
        this.#isSilent = true;
        this.drop();
      } else if (listens && silent === ASK_LOOKS) this.send(["PING"]).catch(() => undefined);
    }, { background: true });
  }

  #noteLoss(connection: RedisConnection, error: Error): void {
    hideSecretsIn(error);
    this.#lastError = error;
    if (this.#connection === connection) this.drop();
  }

  #fatal(error: Error): Error | undefined {
    const { place } = this.#options;
    if (error.name === "ConfigurationError" || error instanceof StorageError) return error;
    if (error.message.startsWith("NOPERM")) {
      return new StorageError(`Redis at ${place} does not give its user the rights that a queue needs: ${error.message}`, {
        cause: error,
      });
    }
    if (REFUSED.test(error.message)) {
      return new StorageError(`Redis at ${place} refused the login: check username and password`, { cause: error });
    }
    if (NO_LOGIN.test(error.message)) {
      // Without the words of the server, and without a cause: they repeat the arguments, also a part of a password.
      return new StorageError(`Redis at ${place} does not know the command of a login: Redis 6.2 or newer is needed`);
    }
    if (NO_DATABASE.test(error.message)) {
      return new StorageError(`Redis at ${place} has no such database: check db`, { cause: error });
    }
    return undefined;
  }

  #unreachable(): StorageError {
    if (this.#closed) return closedError();
    const reason = this.#lastError ? `: ${this.#lastError.message || this.#lastError.name}` : "";
    return new StorageError(`Redis at ${this.#options.place} cannot be reached${reason}`, { cause: this.#lastError });
  }
}

/** What was sent on one connection, and how much of it was answered. */
class Traffic {
  sent = 0;
  answered = 0;
  /** Of the large commands that are not answered yet. */
  bytes = 0;
  readonly #note = (): void => void this.answered++;

  count(reply: Promise<unknown>, args: readonly Argument[]): Promise<unknown> {
    this.sent++;
    reply.then(this.#note, this.#note);
    const bytes = args.reduce((sum, { length }) => sum + length, 0);
    if (bytes >= BYTES_IN_A_LOOK) this.#addLarge(reply, bytes);
    return reply;
  }

  #addLarge(reply: Promise<unknown>, bytes: number): void {
    const done = (): void => void (this.bytes -= bytes);
    this.bytes += bytes;
    reply.then(done, done);
  }
}

/**
 * Calls `end` after a time in which the event loop was running: while it stands still, nobody can see that the server has answered,
 * and afterwards timers fire first.
 *
 * @returns what forgets it
 */
function afterLiveTime(clock: Clock, limitMs: number, end: () => void): () => void {
  let leftMs = limitMs;
  let timer = clock.startTimer(0, tick);
  function tick(): void {
    if (leftMs <= 0) return end();
    timer = clock.startTimer(Math.min(leftMs, TICK_MS), tick);
    leftMs -= TICK_MS;
  }
  return () => timer.stop();
}

/** What calls after `close` get. */
export function closedError(): StorageError {
  return new StorageError("The Redis storage is closed");
}
