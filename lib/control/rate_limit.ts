/**
 * Rate limits: at most so many calls in a time, over all processes.
 * @module
 */
import { checkFunction, checkName } from "../primitives/arguments.ts";
import type { Core } from "../core/core.ts";
import { currentAttempt } from "../core/current.ts";
import { RateLimitExceeded, StorageError } from "../errors.ts";
import { rateLimitKey } from "../core/keys.ts";
import { checkRateLimitOptions } from "../task/options.ts";
import { DAY_MS, durationMs } from "../primitives/time.ts";
import type { RateLimit, RateLimitOptions } from "../types/limits.ts";

/** Admits calls. Each algorithm keeps its own state in the storage. */
interface Algorithm {
  /** Counts a call. @returns 0, or the milliseconds until a new try makes sense */
  admit(nowMs: number): Promise<number>;
  usage(nowMs: number): Promise<number>;
  reset(nowMs: number): Promise<void>;
}

/** A rate limit of a Huey. */
export function rateLimit(core: Core, name: string, options: RateLimitOptions): RateLimit {
  checkName(name, "The name of a rate limit");
  checkRateLimitOptions(options);
  return new Limit(core, name, options, algorithmOf(core, name, options));
}

class Limit implements RateLimit {
  readonly name: string;
  readonly #core: Core;
  readonly #retry: boolean;
  readonly #algorithm: Algorithm;

  constructor(core: Core, name: string, options: RateLimitOptions, algorithm: Algorithm) {
    this.name = name;
    this.#core = core;
    this.#retry = options.retry ?? true;
    this.#algorithm = algorithm;
  }

  async acquire(): Promise<void> {
    const attempt = currentAttempt.getStore();
    attempt?.throwIfOver();
    const admit = (): Promise<number> => this.#algorithm.admit(this.#core.clock.now());
    // A call that is sent again because its reply was lost may count twice: fewer are let through then, never more.
    const waitMs = attempt === undefined ? await admit() : await attempt.callStorage(`ask rate limit "${this.name}"`, admit);
    if (waitMs > 0) throw new RateLimitExceeded(this.name, waitMs / 1000, this.#retry);
  }

  async run<R>(fn: () => R): Promise<Awaited<R>> {
    checkFunction(fn, "fn");
    await this.acquire();
    return await fn();
  }

  wrap<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => Promise<Awaited<R>> {
    checkFunction(fn, "fn");
    return (...args) => this.run(() => fn(...args));
  }

  async reset(): Promise<void> {
    await this.#algorithm.reset(this.#core.clock.now());
  }

  async currentUsage(): Promise<number> {
    return await this.#algorithm.usage(this.#core.clock.now());
  }
}

function algorithmOf(core: Core, name: string, options: RateLimitOptions): Algorithm {
  const key = `${core.settings.name}.rl.${name}`;
  const perMs = durationMs(options.per, "per");
  if (options.algorithm === "sliding") return new SlidingLog(core, rateLimitKey("log", name), options.limit, perMs);
  if (options.algorithm === "token-bucket") return new TokenBucket(core, rateLimitKey("bucket", name), options.limit, perMs);
  return new FixedWindow(core, key, options.limit, perMs);
}

/** Windows aligned to the epoch. The counter's name has the window in it, so nothing has to be reset at an edge. */
class FixedWindow implements Algorithm {
  readonly #core: Core;
  readonly #key: string;
  readonly #limit: number;
  readonly #perMs: number;

  constructor(core: Core, key: string, limit: number, perMs: number) {
    this.#core = core;
    this.#key = key;
    this.#limit = limit;
    this.#perMs = perMs;
  }

  async admit(nowMs: number): Promise<number> {
    if (await this.#add(nowMs, 1) <= this.#limit) return 0;
    // A refused call does not count.
    await this.#add(nowMs, -1);
    return this.#perMs - nowMs % this.#perMs;
  }

  async usage(nowMs: number): Promise<number> {
    return Math.min(await this.#add(nowMs, 0), this.#limit);
  }

  async reset(nowMs: number): Promise<void> {
    await this.#add(nowMs, -await this.#add(nowMs, 0));
  }

  #add(nowMs: number, by: number): Promise<number> {
    return this.#core.storage.increment(`${this.#key}.${Math.floor(nowMs / this.#perMs)}`, by, 2 * this.#perMs);
  }
}

/** How far the clocks of two hosts may be apart: the state that one has written must not be outdated for the other. */
const LARGEST_SKEW_MS = 600_000;
/** A time so far ahead is no skew: it was written by a clock that was wrong, and nobody is to wait until then. */
const ABSURD_MS = DAY_MS;

/** A limit has room again after `per` at the latest; more would come of clocks that are apart. */
function cappedWait(waitMs: number, perMs: number): number {
  return Math.min(Math.max(1, waitMs), perMs);
}

/** State in one key, replaced only if nobody else replaced it meanwhile. */
class SharedState<S> {
  readonly #core: Core;
  readonly #key: string;
  readonly #ttlMs: number;
  readonly #isState: (value: unknown) => value is S;

  constructor(core: Core, key: string, perMs: number, isState: (value: unknown) => value is S) {
    this.#core = core;
    this.#key = key;
    this.#ttlMs = 2 * perMs + LARGEST_SKEW_MS;
    this.#isState = isState;
  }

  async read(): Promise<S | undefined> {
    return this.#decode(await this.#core.storage.meta.peek(this.#key));
  }

  /**
   * Applies `change` to the state until nobody interferes.
   *
   * @param change Gives the new state; `undefined`: it stays.
   * @returns what `change` returned beside it
   */
  async update<R>(change: (state: S | undefined) => { readonly state: S | undefined; readonly result: R }): Promise<R> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const before = await this.#core.storage.meta.peek(this.#key);
      const { state, result } = change(this.#decode(before));
      if (state === undefined) return result;
      const after = new TextEncoder().encode(JSON.stringify(state));
      if (await this.#core.storage.meta.replaceIfEqual(this.#key, before, after, this.#ttlMs)) return result;
    }
    throw new StorageError(`Rate limit state ${this.#key} changed ${MAX_TRIES} times while it was written`);
  }

  async reset(): Promise<void> {
    await this.#core.storage.meta.delete(this.#key);
  }

  /** What is no state of such a limit counts as none, and is written over. */
  #decode(data: Uint8Array | undefined): S | undefined {
    try {
      const state: unknown = data && JSON.parse(new TextDecoder().decode(data));
      return this.#isState(state) ? state : undefined;
    } catch {
      return undefined;
    }
  }
}

const MAX_TRIES = 10_000;

function isLog(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((each) => Number.isFinite(each));
}

function isBucket(value: unknown): value is Bucket {
  const { tokens, atMs } = (value ?? {}) as Partial<Bucket>;
  return Number.isFinite(tokens) && Number.isFinite(atMs);
}

/** Remembers when each admitted call was: never more than `limit` in any `per`. */
class SlidingLog implements Algorithm {
  readonly #state: SharedState<number[]>;
  readonly #limit: number;
  readonly #perMs: number;

  constructor(core: Core, key: string, limit: number, perMs: number) {
    this.#state = new SharedState(core, key, perMs, isLog);
    this.#limit = limit;
    this.#perMs = perMs;
  }

  admit(nowMs: number): Promise<number> {
    return this.#state.update((log) => {
      const recent = this.#recent(log, nowMs);
      // The clocks of several hosts may differ: that of the log never goes back.
      const atMs = Math.max(nowMs, recent.at(-1) ?? nowMs);
      if (recent.length < this.#limit) return { state: [...recent, atMs], result: 0 };
      const freed = recent.at(-this.#limit) ?? nowMs;
      const waitMs = this.#limit === 0 ? this.#perMs : freed + this.#perMs - nowMs;
      return { state: undefined, result: cappedWait(waitMs, this.#perMs) };
    });
  }

  async usage(nowMs: number): Promise<number> {
    return this.#recent(await this.#state.read(), nowMs).length;
  }

  reset(): Promise<void> {
    return this.#state.reset();
  }

  #recent(log: number[] | undefined, nowMs: number): number[] {
    const credible = (log ?? []).filter((atMs) => atMs < nowMs + ABSURD_MS);
    const latestMs = Math.max(nowMs, credible.at(-1) ?? nowMs);
    return credible.filter((atMs) => atMs > latestMs - this.#perMs);
  }
}

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** Holds up to `limit` tokens and gets `limit` new ones in each `per`, evenly; a call takes one. */
class TokenBucket implements Algorithm {
  readonly #state: SharedState<Bucket>;
  readonly #limit: number;
  readonly #perMs: number;

  constructor(core: Core, key: string, limit: number, perMs: number) {
    this.#state = new SharedState(core, key, perMs, isBucket);
    this.#limit = limit;
    this.#perMs = perMs;
  }

  admit(nowMs: number): Promise<number> {
    return this.#state.update((stored) => {
      const bucket = credible(stored, nowMs);
      const tokens = this.#tokens(bucket, nowMs);
      // The clocks of several hosts may differ: that of the bucket never goes back, or the same time would fill it twice.
      const atMs = Math.max(nowMs, bucket?.atMs ?? nowMs);
      if (tokens >= 1) return { state: { tokens: tokens - 1, atMs }, result: 0 };
      const waitMs = this.#limit === 0 ? this.#perMs : Math.ceil((1 - tokens) * this.#perMs / this.#limit) + atMs - nowMs;
      return { state: undefined, result: cappedWait(waitMs, this.#perMs) };
    });
  }

  async usage(nowMs: number): Promise<number> {
    return Math.ceil(this.#limit - this.#tokens(credible(await this.#state.read(), nowMs), nowMs));
  }

  reset(): Promise<void> {
    return this.#state.reset();
  }

  #tokens(bucket: Bucket | undefined, nowMs: number): number {
    if (bucket === undefined) return this.#limit;
    const gained = Math.max(0, nowMs - bucket.atMs) * this.#limit / this.#perMs;
    // Sums of fractions may miss a whole token by a hair.
    return Math.min(this.#limit, Math.round((bucket.tokens + gained) * 1e6) / 1e6);
  }
}

function credible(bucket: Bucket | undefined, nowMs: number): Bucket | undefined {
  return bucket !== undefined && bucket.atMs < nowMs + ABSURD_MS ? bucket : undefined;
}
