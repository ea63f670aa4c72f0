/**
 * Rate limits: at most so many calls in a time, over all processes.
 * @module
 */
import { checkFunction, checkName } from "../primitives/arguments.ts";
import type { Core } from "../core/core.ts";
import { currentAttempt } from "../core/current.ts";
import { RateLimitExceeded, StorageError } from "../errors.ts";
import { rateLimitKey } from "../core/keys.ts";
import { jsonBytes, readJson } from "../primitives/json.ts";
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
  return new Limit(core, name, options);
}

class Limit implements RateLimit {
  readonly name: string;
  readonly #core: Core;
  readonly #retry: boolean;
  readonly #algorithm: Algorithm;

  constructor(core: Core, name: string, options: RateLimitOptions) {
    this.name = name;
    this.#core = core;
    this.#retry = options.retry ?? true;
    this.#algorithm = algorithmOf(core, name, options);
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
  const size = { limit: options.limit, perMs: durationMs(options.per, "per") };
  if (options.algorithm === "sliding") return byState(core, rateLimitKey("log", name), size, slidingLog);
  if (options.algorithm === "token-bucket") return byState(core, rateLimitKey("bucket", name), size, tokenBucket);
  return fixedWindow(core, `${core.settings.name}.rl.${name}`, size);
}

/** So many calls in so long. */
interface Size {
  readonly limit: number;
  readonly perMs: number;
}

/** Windows aligned to the epoch. The counter's name has the window in it, so nothing has to be reset at an edge. */
function fixedWindow(core: Core, key: string, { limit, perMs }: Size): Algorithm {
  const add = (nowMs: number, by: number): Promise<number> =>
    core.storage.increment(`${key}.${Math.floor(nowMs / perMs)}`, by, 2 * perMs);
  return {
    async admit(nowMs) {
      if (await add(nowMs, 1) <= limit) return 0;
      // A refused call does not count.
      await add(nowMs, -1);
      return perMs - nowMs % perMs;
    },
    usage: async (nowMs) => Math.min(await add(nowMs, 0), limit),
    reset: async (nowMs) => void await add(nowMs, -await add(nowMs, 0)),
  };
}

/** An algorithm whose state is one value. */
interface StateRule<S> {
  /** Whether a stored value is such a state. */
  isState(value: unknown): value is S;
  /** The state after a call at a time; or, if it is not let through, the milliseconds until there is room. */
  admit(state: S | undefined, nowMs: number, size: Size): { readonly after: S } | { readonly waitMs: number };
  /** How much of the limit is used at a time. */
  usage(state: S | undefined, nowMs: number, size: Size): number;
}

/** How far the clocks of two hosts may be apart: the state that one has written must not be outdated for the other. */
const LARGEST_SKEW_MS = 600_000;
/** A time so far ahead is no skew: it was written by a clock that was wrong, and nobody is to wait until then. */
const ABSURD_MS = DAY_MS;
const MAX_TRIES = 10_000;

/** Keeps the state of a rule under one key, and replaces it only if nobody else has replaced it meanwhile. */
function byState<S>(core: Core, key: string, size: Size, rule: StateRule<S>): Algorithm {
  const ttlMs = 2 * size.perMs + LARGEST_SKEW_MS;
  // What is no state of such a limit counts as none, and is written over.
  const decode = (data: Uint8Array | undefined): S | undefined => {
    const state = readJson(data);
    return rule.isState(state) ? state : undefined;
  };
  return {
    async admit(nowMs) {
      const { meta } = core.storage;
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const before = await meta.peek(key);
        const answer = rule.admit(decode(before), nowMs, size);
        // There is room again after `per` at the latest; more would come of clocks that are apart.
        if ("waitMs" in answer) return Math.min(Math.max(1, answer.waitMs), size.perMs);
        if (await meta.replaceIfEqual(key, before, jsonBytes(answer.after), ttlMs)) return 0;
      }
      throw new StorageError(`Rate limit state ${key} changed ${MAX_TRIES} times while it was written`);
    },
    usage: async (nowMs) => rule.usage(decode(await core.storage.meta.peek(key)), nowMs, size),
    reset: async () => void await core.storage.meta.delete(key),
  };
}

/** Remembers when each admitted call was: never more than `limit` in any `per`. */
const slidingLog: StateRule<readonly number[]> = {
  isState: (value): value is readonly number[] => Array.isArray(value) && value.every((each) => Number.isFinite(each)),
  admit(log, nowMs, { limit, perMs }) {
    const recent = recentCalls(log, nowMs, perMs);
    // The clocks of several hosts may differ: that of the log never goes back.
    const atMs = Math.max(nowMs, recent.at(-1) ?? nowMs);
    if (recent.length < limit) return { after: [...recent, atMs] };
    const freed = recent.at(-limit) ?? nowMs;
    return { waitMs: limit === 0 ? perMs : freed + perMs - nowMs };
  },
  usage: (log, nowMs, { perMs }) => recentCalls(log, nowMs, perMs).length,
};

function recentCalls(log: readonly number[] = [], nowMs: number, perMs: number): readonly number[] {
  const credible = log.filter((atMs) => atMs < nowMs + ABSURD_MS);
  const latestMs = Math.max(nowMs, credible.at(-1) ?? nowMs);
  return credible.filter((atMs) => atMs > latestMs - perMs);
}

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** Holds up to `limit` tokens and gets `limit` new ones in each `per`, evenly; a call takes one. */
const tokenBucket: StateRule<Bucket> = {
  isState(value): value is Bucket {
    const { tokens, atMs } = (value ?? {}) as Partial<Bucket>;
    return Number.isFinite(tokens) && Number.isFinite(atMs);
  },
  admit(stored, nowMs, size) {
    const { tokens, atMs } = filled(stored, nowMs, size);
    if (tokens >= 1) return { after: { tokens: tokens - 1, atMs } };
    return { waitMs: size.limit === 0 ? size.perMs : Math.ceil((1 - tokens) * size.perMs / size.limit) + atMs - nowMs };
  },
  usage: (stored, nowMs, size) => Math.ceil(size.limit - filled(stored, nowMs, size).tokens),
};

/** The bucket with what it has got since it was stored. */
function filled(stored: Bucket | undefined, nowMs: number, { limit, perMs }: Size): Bucket {
  if (stored === undefined || stored.atMs >= nowMs + ABSURD_MS) return { tokens: limit, atMs: nowMs };
  const gained = Math.max(0, nowMs - stored.atMs) * limit / perMs;
  // Sums of fractions may miss a whole token by a hair.
  const tokens = Math.min(limit, Math.round((stored.tokens + gained) * 1e6) / 1e6);
  // The clocks of several hosts may differ: that of the bucket never goes back, or the same time would fill it twice.
  return { tokens, atMs: Math.max(nowMs, stored.atMs) };
}
