/**
 * The lock of a queue: one file in the folder `lock`, whose name says everything.
 *
 *     free.<number>.<counts>[.<number>.<isolate> of a journal that is not finished]
 *     held.<number>.<renewal>.<machine>.<process>.<start><m|w>.<isolate>
 *
 * Taking it is renaming `free.7...` to `held.8...`, giving it back renaming `held.8...` to `free.8...`. Of several who rename one
 * name one wins, since the name is gone then; the number makes each name unique. So nobody can take what somebody else has just
 * taken, and a holder that was replaced finds its name gone.
 *
 * - A holder whose process has ended is replaced at once: `held.8...` becomes `held.9...` of somebody else.
 * - One whose process lives is waited for.
 * - Where that cannot be known (another host, no /proc, a worker thread of a living process), a holder renews its name each
 *   second, and is replaced by whoever has seen the same name for five seconds.
 *
 * The number is one more with each hold. It never comes again, also if the folder is made anew, since it begins with the time.
 * @module
 */
import { setImmediate } from "node:timers";
import type { Clock } from "../../lib/primitives/clock.ts";
import { sleep } from "../../lib/primitives/clock.ts";
import { StorageError } from "../../lib/errors.ts";
import type { Disk } from "./disk.ts";
import { hasEnded, type Isolate, ownIsolate } from "./isolate.ts";

/** What is counted in the name, so that counting costs nothing. */
export const COUNTED = [
  "waiting",
  "later",
  "blocked",
  "failed",
  "unknown",
  "unreadable",
  "revocations",
  "paused",
  "spare",
] as const;
/** One of them. */
export type Counted = typeof COUNTED[number];
/** How many there are; `undefined` where that is not known since somebody died: who needs it counts. */
export type Counts = Record<Counted, number | undefined>;

/** A journal, by the number of the hold that wrote it. */
export interface JournalName {
  readonly number: number;
  readonly isolate: string;
}

/** The time in which the lock is ours. */
export interface Hold {
  readonly number: number;
  /** Whether nobody else held it since we did. */
  readonly isContinued: boolean;
  readonly counts: Counts;
  /** What somebody may have left half done. */
  readonly journal: JournalName | undefined;
}

const RENEW_MS = 1000;
/** Within this time nobody can have replaced us. */
const CHECK_MS = 1;
const REPLACE_MS = 5000;
/** A folder without a lock is repaired when it has looked so for this time. */
const REPAIR_MS = 1000;
/** How long an operation waits for a lock at most. */
const PATIENCE_MS = 60_000;
const NUMBERS_PER_MS = 1000;
const MOST_NUMBER = 2 ** 52;
const LONGEST_PAUSE_MS = 5;
/** So often it is looked again at once, since most holds take less than a millisecond. */
const QUICK_LOOKS = 40;

/** A count that is not there is not known. */
const COUNTS = "(?:\\d{1,15}|x)(?:-(?:\\d{1,15}|x)){0,15}";
const FREE = new RegExp(`^free\\.(\\d{1,16})\\.(${COUNTS})(?:\\.(\\d{1,16})\\.([0-9a-f]{12}))?$`);
const HELD = /^held\.(\d{1,16})\.\d{1,9}\.([0-9a-f]{16})\.(\d{1,10})\.(\d{1,15})(m|w)\.([0-9a-f]{12})$/;

/** Thrown when the lock is no longer ours, before anything was written. */
export class LockLost extends Error {}

/** The lock, as one instance of a storage sees it. */
export class Lock {
  readonly #disk: Disk;
  readonly #clock: Clock;
  /** The name by which we hold it, or by which we gave it back. */
  #name: string | undefined;
  #number = 0;
  #renewals = 0;
  #renewedMs = 0;
  #checkedMs = 0;
  #seen: { readonly name: string; readonly sinceMs: number } | undefined;

  constructor(disk: Disk, clock: Clock) {
    this.#disk = disk;
    this.#clock = clock;
  }

  /**
   * Waits for the lock.
   *
   * @throws {StorageError} If somebody holds it for a minute.
   */
  async take(): Promise<Hold> {
    const endMs = this.#clock.elapsed() + PATIENCE_MS;
    for (let looks = 0;; looks++) {
      const hold = this.#tryTake();
      if (hold !== undefined) return hold;
      if (this.#clock.elapsed() > endMs) {
        throw new StorageError(`the lock ${this.#disk.root}/lock/${this.#seen?.name} stays held`);
      }
      if (looks < QUICK_LOOKS) await new Promise((resolve) => setImmediate(resolve));
      else await sleep(this.#clock, Math.min(looks - QUICK_LOOKS + 1, LONGEST_PAUSE_MS));
    }
  }

  /** Gives the lock back. @param journal What could not be finished. */
  giveBack(counts: Counts, journal: JournalName | undefined): void {
    const words = COUNTED.map((counted) => counts[counted] ?? "x").join("-");
    const left = journal === undefined ? "" : `.${journal.number}.${journal.isolate}`;
    const name = `free.${this.#number}.${words}${left}`;
    this.#disk.mark = undefined;
    // Who was replaced has nothing to give back.
    const isOurs = this.#disk.move(`lock/${this.#name}`, `lock/${name}`);
    this.#name = isOurs && journal === undefined ? name : undefined;
  }

  /** Looks whether the lock is still ours. @throws {LockLost} If not. */
  check(): void {
    const nowMs = this.#clock.elapsed();
    if (nowMs - this.#checkedMs < CHECK_MS) return;
    if (!this.#disk.exists(`lock/${this.#name}`)) throw new LockLost();
    this.#checkedMs = nowMs;
    this.renew();
  }

  /** Shows that we are alive, if a second has passed. To be called now and then by whoever holds the lock for long. @throws {LockLost} If not */
  renew(): void {
    if (this.#clock.elapsed() - this.#renewedMs < RENEW_MS) return;
    const name = this.#heldName(++this.#renewals);
    if (!this.#disk.move(`lock/${this.#name}`, `lock/${name}`)) throw new LockLost();
    this.#name = name;
    this.#disk.mark = `lock/${name}`;
    this.#renewedMs = this.#clock.elapsed();
  }

  /** A number that is another one when somebody has held the lock meanwhile. */
  changeCount(): string | undefined {
    return this.#disk.list("lock")[0];
  }

  #tryTake(): Hold | undefined {
    const before = this.#name;
    // An error of a rename takes much longer than to ask.
    if (before !== undefined && this.#disk.exists(`lock/${before}`)) {
      const ours = FREE.exec(before);
      const hold = ours === null ? this.#keep() : this.#takeFree(before, ours, true);
      if (hold !== undefined) return hold;
    }
    const names = this.#disk.list("lock");
    const name = newest(names);
    if (name === undefined) return void this.#repair();
    const hold = this.#takeNamed(name);
    if (hold !== undefined) { for (const copy of names) if (copy !== name) this.#disk.refuse(`lock/${copy}`); }
    return hold;
  }

  /** It could not be given back, so it is ours still. */
  #keep(): Hold {
    const journal = { number: this.#number, isolate: ownIsolate().id };
    return { number: this.#number, isContinued: false, counts: unknownCounts(), journal };
  }

  #takeNamed(name: string): Hold | undefined {
    const free = FREE.exec(name);
    if (free !== null) return this.#takeFree(name, free, false);
    const [, number, machine = "", pid, start, thread, id = ""] = HELD.exec(name)!;
    const isolate: Isolate = { machine, pid: Number(pid), start: Number(start), isMain: thread === "m", id };
    if (!this.#isGone(name, isolate) || !this.#rename(name, Number(number))) return undefined;
    return {
      number: this.#number,
      isContinued: false,
      counts: unknownCounts(),
      journal: { number: Number(number), isolate: id },
    };
  }

  #takeFree(
    name: string,
    [, number, words = "", journal, isolate = ""]: RegExpExecArray,
    isContinued: boolean,
  ): Hold | undefined {
    if (!this.#rename(name, Number(number))) return undefined;
    const counts = unknownCounts();
    const found = words.split("-");
    COUNTED.forEach((counted, index) => counts[counted] = /^\d+$/.test(found[index] ?? "") ? Number(found[index]) : undefined);
    const left = journal === undefined ? undefined : { number: Number(journal), isolate };
    return { number: this.#number, isContinued, counts, journal: left };
  }

  /** Makes the lock ours. @returns false if somebody else was faster */
  #rename(name: string, number: number): boolean {
    this.#name = undefined;
    this.#number = this.#after(number);
    this.#renewals = 0;
    const held = this.#heldName(0);
    if (!this.#disk.move(`lock/${name}`, `lock/${held}`)) return false;
    this.#name = held;
    this.#disk.mark = `lock/${held}`;
    this.#renewedMs = this.#checkedMs = this.#clock.elapsed();
    this.#seen = undefined;
    return true;
  }

  /** Also above what the clock says, so that a number is not used again that a crash of the machine has made undone. */
  #after(number: number): number {
    const now = Math.trunc(this.#clock.now() * NUMBERS_PER_MS);
    return Math.max(number + 1, now < MOST_NUMBER ? now : 0);
  }

  #heldName(renewal: number): string {
    const { machine, pid, start, isMain, id } = ownIsolate();
    return `held.${this.#number}.${renewal}.${machine}.${pid}.${start}${isMain ? "m" : "w"}.${id}`;
  }

  /** Most holds are over before it is worth while to ask for the process. */
  #isGone(name: string, isolate: Isolate): boolean {
    if (this.#seen?.name !== name) return this.#hasLookedSoFor(name, Infinity);
    return hasEnded(isolate) ?? this.#hasLookedSoFor(name, REPLACE_MS);
  }

  #hasLookedSoFor(name: string, ms: number): boolean {
    const nowMs = this.#clock.elapsed();
    if (this.#seen?.name !== name) this.#seen = { name, sinceMs: nowMs };
    return nowMs - this.#seen.sinceMs >= ms;
  }

  /** There is no lock: nobody has used this folder yet, or somebody has removed it, or has given it another name. */
  #repair(): void {
    const others = this.#disk.list("lock");
    if (others.length > 0 && !this.#hasLookedSoFor("", REPAIR_MS)) return;
    for (const other of others) this.#disk.refuse(`lock/${other}`);
    const journal = this.#disk.list("journals").find((name) => /^[0-9a-f]{12}$/.test(name));
    const name = `free.${this.#after(0)}.x${journal === undefined ? "" : `.0.${journal}`}`;
    this.#disk.publishFolder("lock", `lock~${ownIsolate().id}`, name);
  }
}

/** The lock is the name with the highest number; another one is a copy that somebody has made. */
function newest(names: readonly string[]): string | undefined {
  let best: string | undefined;
  for (const name of names) {
    const number = numberOf(name);
    if (number !== undefined && (best === undefined || number > numberOf(best)!)) best = name;
  }
  return best;
}

function numberOf(name: string): number | undefined {
  const match = FREE.exec(name) ?? HELD.exec(name);
  const number = Number(match?.[1]);
  return Number.isSafeInteger(number) ? number : undefined;
}

function unknownCounts(): Counts {
  return Object.fromEntries(COUNTED.map((counted) => [counted, undefined])) as Counts;
}
