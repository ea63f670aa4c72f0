/**
 * Random calls that change a queue, for tests that carry them out twice.
 * @module
 */
import type { Burial, Claim, DeadLetterKind, Ending, Item, Settlement } from "../../lib/storage.ts";
import type { MemorySpace } from "../../storage/memory/space.ts";
import type { MemoryStore } from "../../storage/memory/store.ts";
import { bytes } from "../../testing/contract/helpers.ts";
import type { Dice } from "../dice.ts";

/** A call of a store: the name of a method, with that of a space before it if it is one of a space; and its arguments. */
export interface Command {
  readonly name: string;
  readonly args: readonly unknown[];
}

type Methods = Record<string, (...args: readonly unknown[]) => unknown>;

/** Carries a command out. @returns what the store answers */
export function carryOut(store: MemoryStore, { name, args }: Command): unknown {
  const [first, second] = name.split(".") as [string, string?];
  const target = second === undefined ? store : store[first as "data"] as MemorySpace;
  return (target as unknown as Methods)[second ?? first]!(...args);
}

/** Everything that only looks. */
export function look(store: MemoryStore): unknown[] {
  const spaces = [store.results, store.locks, store.data, store.revocations, store.meta];
  const letters = store.deadLetters();
  return [
    ...spaces.flatMap((space) => [space.size(), space.entries(), space.peekMany(["key0", "task1", "lock0"])]),
    ...["task0", "task1", "task2"].flatMap((id) => [store.state(id), store.kept(id), store.deadLetter(id)]),
    store.endedOf(["task0", "task1", "task2", "task3"]),
    store.collect("chord0"),
    [store.pending(), store.scheduled(), store.running(), store.blocked(), store.claimed({ consumer: "consumer0" })],
    [store.pendingCount(), store.scheduledCount(), store.blockedCount(), store.oldestMs(), store.dueMs(), store.paused()],
    [letters, store.deadLetterCount(), store.deadLetterCount({ kind: "failed" }), store.leases()],
    [store.counts({ step: "minute", fromMs: 0, toMs: Infinity, limit: 100 }), store.recent(10)],
    store.saved(),
  ];
}

const ENDINGS: readonly Ending[] = ["complete", "empty", "failed", "revoked", "expired", "canceled"];
const SPACES = ["results", "locks", "data", "revocations", "meta"] as const;

/** Draws commands. It knows the claims that were handed out, also such as are no longer held. */
export class Commands {
  readonly #dice: Dice;
  readonly #claims: Claim[] = [];
  #lastNumber = 0;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  /** Learns what a command was answered. */
  answered({ name }: Command, answer: unknown): void {
    if (name === "claim") this.#claims.push(...(answer as { claims: Claim[] }).claims);
    if (this.#claims.length > 40) this.#claims.splice(0, 20);
  }

  /** The next one. @param nowMs The time of whoever calls. */
  draw(nowMs: number): Command {
    const draws = [
      this.#enqueue,
      this.#claim,
      this.#settle,
      this.#settle,
      this.#onClaim,
      this.#onSpace,
      this.#onSpace,
      this.#rest,
    ];
    const [name, ...args] = this.#dice.pick(draws).call(this, nowMs);
    return { name: name as string, args };
  }

  item(nowMs: number): Item {
    const dice = this.#dice;
    const track = this.#chance(2);
    return {
      id: this.#id(),
      data: dice.bytes(dice.below(20)),
      priority: dice.below(3),
      track,
      ...this.#chance(4) && { dueMs: nowMs + dice.below(4000) - 500 },
      ...this.#chance(4) && { retry: true },
      ...this.#chance(2) && { gate: { key: `gate${dice.below(3)}`, limit: 1 + dice.below(3) } },
      ...this.#chance(2) && { unique: this.#unique() },
      ...this.#chance(6) && { steps: `task${dice.below(9)}` },
      ...this.#chance(6) && { chord: { id: `chord${dice.below(3)}`, index: dice.below(3) } },
      ...track && this.#chance(2) && { about: `about ${this.#lastNumber}` },
    };
  }

  #unique(): Item["unique"] {
    const dice = this.#dice;
    const from = this.#chance(4) ? `task${dice.below(9)}` : undefined;
    return {
      key: `unique${dice.below(4)}`,
      until: dice.pick<"start" | "end" | number>(["start", "end", 500]),
      ...from && { from },
    };
  }

  #chance(one: number): boolean {
    return this.#dice.below(one) === 0;
  }

  #id(): string {
    return this.#chance(3) ? `task${this.#dice.below(9)}` : `task${9 + this.#lastNumber++}`;
  }

  #owner(): { consumer: string; worker: string } {
    return { consumer: `consumer${this.#dice.below(3)}`, worker: `worker${this.#dice.below(2)}` };
  }

  #ttlMs(): number | undefined {
    return this.#dice.pick([undefined, 100, 1000, 1000, 3000, Infinity]);
  }

  #lease(): unknown {
    const about = this.#chance(2) ? `about ${this.#lastNumber}` : undefined;
    return { consumer: this.#owner().consumer, ttlMs: 500 + this.#dice.below(2000), host: "host", pid: 1, about };
  }

  #chord(nowMs: number): unknown {
    return { id: `chord${this.#dice.below(3)}`, size: 1 + this.#dice.below(3), callback: this.item(nowMs) };
  }

  #enqueue(nowMs: number): unknown[] {
    const items = Array.from({ length: this.#dice.below(4) }, () => this.item(nowMs));
    if (this.#chance(4)) return ["enqueueOnce", `once${this.#lastNumber % 5}`, 700, this.item(nowMs)];
    return ["enqueue", items, this.#chance(3) ? [this.#chord(nowMs)] : []];
  }

  #claim(): unknown[] {
    return ["claim", this.#dice.pick([0, 1, 2, 3, Infinity]), this.#owner()];
  }

  #settle(nowMs: number): unknown[] {
    const dice = this.#dice;
    const claim = this.#chance(8) ? undefined : dice.pick(this.#claims);
    const id = claim?.id ?? this.#id();
    const settlement: Settlement = {
      ...claim && { claim },
      id,
      ...this.#chance(6) && { again: true },
      ...this.#chance(2) && { result: bytes(`result ${this.#lastNumber}`), resultTtlMs: this.#ttlMs() },
      ...this.#chance(2) && { ending: dice.pick(ENDINGS), about: "ended" },
      noticeTtlMs: dice.pick([100, 1000, 5000]),
      ...this.#chance(4) && { dropRevocations: [`r:${this.#id()}`, "key1"] },
      ...this.#chance(4) && { enqueue: [this.item(nowMs), this.item(nowMs)], chords: [this.#chord(nowMs) as never] },
      ...this.#chance(4) && { next: { ...this.item(nowMs), id, ...claim?.gate && { gate: claim.gate } } },
      ...this.#chance(3) && { chord: { id: `chord${dice.below(3)}`, index: dice.below(4), value: bytes("value") } },
      ...this.#chance(8) && { canceled: [{ id: this.#id(), result: bytes("canceled") }, { id: this.#id() }] },
      ...this.#chance(8) && { dropChord: `chord${dice.below(3)}` },
      ...this.#chance(4) && { bury: this.#burial(id, nowMs), buryBounds: { count: 4, ageMs: 3000 } },
      ...this.#chance(4) && { dropSteps: `task${dice.below(9)}` },
      ...this.#chance(2) && { dropLocks: true },
      ...this.#chance(4) && { passLocks: this.#owner() },
    };
    return ["settle", settlement];
  }

  #burial(taskId: string, nowMs: number): Burial {
    const kind = this.#dice.pick<DeadLetterKind>(["failed", "unknown", "unreadable"]);
    const at = { atMs: nowMs, data: bytes("dead"), reason: "because" };
    return {
      ...at,
      kind,
      id: `letter${this.#dice.below(12)}`,
      ...this.#chance(2) && { taskId, taskName: "task", error: bytes("error") },
    };
  }

  #onClaim(): unknown[] {
    const dice = this.#dice;
    const claim = dice.pick(this.#claims);
    if (claim === undefined) return ["renewLease", this.#lease()];
    return dice.pick([
      ["begin", claim],
      ["keep", claim, `step${dice.below(3)}`, bytes("kept")],
      ["leaveGate", claim],
      ["release", [claim, dice.pick(this.#claims)]],
      ["locks.change", `lock${dice.below(4)}`, undefined, bytes("lock"), { ttlMs: this.#ttlMs(), holder: claim.token }],
    ]);
  }

  #onSpace(): unknown[] {
    const dice = this.#dice;
    const space = dice.pick(SPACES);
    const key = space === "locks" ? `lock${dice.below(4)}` : space === "results" ? this.#id() : `key${dice.below(6)}`;
    const value = bytes(dice.pick(["a", "b"]));
    return dice.pick([
      [`${space}.put`, key, value, this.#ttlMs()],
      [`${space}.put`, key, value, this.#ttlMs()],
      [`${space}.pop`, key],
      [`${space}.change`, key, dice.pick([undefined, bytes("a")]), dice.pick([undefined, value]), { ttlMs: this.#ttlMs() }],
      ["increment", key, dice.below(5), this.#ttlMs()],
      ...this.#chance(20) ? [[`${space}.flush`]] : [],
    ]);
  }

  #rest(nowMs: number): unknown[] {
    const dice = this.#dice;
    const row = { step: dice.pick(["minute", "hour"]), atMs: nowMs - nowMs % 1000, taskName: `task${dice.below(3)}` };
    return dice.pick<unknown[]>([
      ["renewLease", this.#lease()],
      ["endLease", this.#owner().consumer],
      ["recover", ...dice.pick([[], [this.#owner()], [undefined, this.#lease()]])],
      ["promoteDue", dice.pick([1, 5, Infinity])],
      ["promoteDue", 3],
      ["promote", this.#id()],
      ["pause", { untilMs: dice.pick([undefined, nowMs + 300]) }],
      ["resume"],
      ["requeueDeadLetter", `letter${dice.below(12)}`, this.item(nowMs), [this.#id()]],
      ["deleteDeadLetter", `letter${dice.below(12)}`],
      ["count", [{ ...row, sums: { b: 1, a: dice.below(3), 1: 2 }, maxima: { wait: dice.below(90) } }], [bytes("end")], {
        minuteAgeMs: 3000,
        hourAgeMs: 9000,
        recent: 5,
      }],
      ...this.#chance(12)
        ? [["flush", dice.pick([undefined, ["queue"], ["schedule"], ["results", "deadLetters"], ["locks", "stats"]])]]
        : [],
    ]);
  }
}

/** A value as a text, in which two are equal if they say the same. */
export function told(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => {
    if (one instanceof Uint8Array) return `bytes ${[...one].join(" ")}`;
    if (one instanceof Map) return { map: [...one] };
    if (one instanceof Set) return { set: [...one] };
    if (typeof one === "number" && !Number.isFinite(one)) return String(one);
    if (typeof one !== "object" || one === null || Array.isArray(one)) return one;
    return Object.fromEntries(Object.entries(one).sort(([left], [right]) => left < right ? -1 : 1));
  }, 1);
}

/** A copy of plain data as a medium gives it back: what was one object in two places is two objects. */
export function copyOf<T>(value: T): T {
  if (value instanceof Uint8Array) return value.slice() as T;
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (typeof value !== "object" || value === null) return value;
  const there = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(there.map(([key, one]) => [key, copyOf(one)])) as T;
}
