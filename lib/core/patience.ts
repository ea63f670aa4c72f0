/**
 * One patience for the storage: every call of it in the life of an attempt is tried again until it works, so that nothing is lost
 * and nothing fails because the storage blinked.
 * @module
 */
import { setImmediate } from "node:timers";
import type { Core } from "./core.ts";
import { StorageError } from "../errors.ts";
import type { Settled, Settlement } from "../storage.ts";
import { type Clock, sleep, startInterval, systemClock, type Timer } from "../primitives/clock.ts";

/** What a call does, as the end of a sentence: `settle task add: 4711`. A function where the text has to be made, for few calls fail. */
export type What = string | (() => string);

/** A call of the storage. It may be sent again; `again`: it was sent before, and its reply was lost, or it failed. */
export type StorageCall<T> = (again: boolean) => T | Promise<T>;

const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 5000;

/** How often a call is looked at before it counts as never answered, and when. Looks, not time: a task may hold up this isolate. */
const LOOKS = 5;
const LOOK_MS = 1000;

/**
 * Calls the storage until that works, with growing pauses.
 *
 * @param stop Ends the patience. Without one there is none.
 * @throws {StorageError} If the storage is still down when `stop` is aborted, or the Huey is closed.
 * @throws What a storage says that refuses the call for good, at once.
 */
export async function callStorage<T>(
  core: Core,
  what: What,
  stop: AbortSignal | undefined,
  call: StorageCall<T>,
): Promise<T> {
  for (let tries = 0;; tries++) {
    try {
      const answer = call(tries > 0);
      return answer instanceof Promise ? await answerInTime(core, what, answer) : answer;
    } catch (error) {
      if (!isTemporary(error) || core.closed || stop === undefined || stop.aborted) throw error;
      // Told once for each call that waits; the consumer tells of the outage itself.
      const level = tries === 0 ? "error" : "debug";
      core.logger[level](`Cannot ${textOf(what)}, trying again: ${error.message}`, { error });
      await sleep(core.clock, Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS), stop);
    }
  }
}

/**
 * Settles; tries again while the storage is down. What was written, and whose reply was lost, is found to be written.
 *
 * @param name Names the task, for the log.
 * @throws {StorageError} If the storage is still down when `stop` is aborted; at once without `stop`, and if the Huey is closed.
 */
export function settleWithRetry(
  core: Core,
  settlement: Settlement,
  name: () => string,
  stop: AbortSignal | undefined,
): Promise<Settled> {
  return callStorage(
    core,
    () => `settle task ${name()}`,
    stop,
    (again) => core.storage.settle(again ? { ...settlement, again } : settlement),
  );
}

/** Whether a storage that failed so may work again. Anything but a `StorageError` is a refusal: nothing that time would mend. */
export function isTemporary(error: unknown): error is StorageError {
  if (!(error instanceof Error)) return false;
  const isOfStorage = error instanceof StorageError || error.name === "StorageError";
  return isOfStorage && (error as { readonly permanent?: unknown }).permanent !== true;
}

/** A way to write something. @param refusal Why the way before it was refused */
type Way<T> = (refusal: unknown) => T | Promise<T>;

/** The first of several ways that is not refused; where all are, the refusal of the last. A storage that is down refuses nothing: it throws. */
export async function firstAccepted<T>(ways: readonly [Way<T>, ...Way<T>[]], before?: unknown): Promise<T> {
  const [way, next, ...others] = ways;
  if (next === undefined) return await way(before);
  try {
    return await way(before);
  } catch (refusal) {
    if (isTemporary(refusal)) throw refusal;
    return await firstAccepted([next, ...others], refusal);
  }
}

function textOf(what: What): string {
  return typeof what === "string" ? what : what();
}

/** A call that is under way. */
export interface PendingCall<T> {
  /** That of the storage, or a failure if there is none for several seconds, or if somebody gives up. */
  readonly answer: Promise<T>;
  /** Waits for its answer no longer. */
  readonly giveUp: (error: StorageError) => void;
}

/** A call that is looked at. */
interface LookedAt {
  readonly what: What;
  readonly looks: number;
  looksLeft: number;
  /** Its place among those that are under way. */
  place: number;
  readonly giveUp: (error: StorageError) => void;
}

/** Whose clock measures how long calls are under way. */
type Timekeeper = Pick<Core, "clock">;

/** For those who wait in real time, whatever the clock of their Huey says. */
export const realTime: { readonly clock: Clock } = { clock: systemClock };

/** The calls of one timekeeper that are under way. One timer looks at all of them, and only while there are any. */
class Pendings {
  readonly #keeper: Timekeeper;
  readonly #calls: LookedAt[] = [];
  #timer: Timer | undefined;
  #arming = false;

  constructor(keeper: Timekeeper) {
    this.#keeper = keeper;
  }

  add(call: LookedAt): void {
    call.place = this.#calls.push(call) - 1;
    if (this.#timer !== undefined || this.#arming) return;
    // Most calls of a storage in memory have been answered by then, and a clock that a test moves need not strike for them.
    this.#arming = true;
    setImmediate(() => this.#arm());
  }

  #arm(): void {
    this.#arming = false;
    if (this.#calls.length === 0) return;
    this.#timer = startInterval(this.#keeper.clock, LOOK_MS, () => this.#look(), { background: true });
  }

  /** The last one takes its place: there is a call for each task, and a set costs more than all the rest here. */
  delete(call: LookedAt): void {
    if (this.#calls[call.place] !== call) return;
    const last = this.#calls.pop()!;
    if (last === call) return;
    this.#calls[call.place] = last;
    last.place = call.place;
  }

  #look(): void {
    for (const call of [...this.#calls]) {
      if (call.looksLeft-- > 0) continue;
      this.delete(call);
      const seconds = call.looks * LOOK_MS / 1000;
      call.giveUp(new StorageError(`The storage has not answered for ${seconds} s (to ${textOf(call.what)})`));
    }
    // Left on for one more round, so that a stream of short calls does not set and clear it for each.
    if (this.#calls.length > 0) return;
    this.#timer?.stop();
    this.#timer = undefined;
  }
}

const pendings: WeakMap<Timekeeper, Pendings> = new WeakMap();

/**
 * Sees to it that a call is answered.
 *
 * @param answer Of the storage.
 * @param mayWaitMs How long the call itself may wait before it answers.
 */
export function watchCall<T>(keeper: Timekeeper, what: What, answer: Promise<T>, mayWaitMs: number = 0): PendingCall<T> {
  let mine = pendings.get(keeper);
  if (mine === undefined) pendings.set(keeper, mine = new Pendings(keeper));
  const calls = mine;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const looks = LOOKS + Math.ceil(mayWaitMs / LOOK_MS);
  const call = { what, looks, looksLeft: looks, place: 0, answer: promise, giveUp: reject };
  calls.add(call);
  answer.then(
    (value) => {
      calls.delete(call);
      resolve(value);
    },
    (error) => {
      calls.delete(call);
      reject(error);
    },
  );
  return call;
}

/**
 * The answer of a call, or a failure if there is none for several seconds.
 *
 * @param mayWaitMs As of `watchCall`.
 * @throws {StorageError} If it is not answered.
 */
export function answerInTime<T>(keeper: Timekeeper, what: What, answer: Promise<T>, mayWaitMs?: number): Promise<T> {
  return watchCall(keeper, what, answer, mayWaitMs).answer;
}
