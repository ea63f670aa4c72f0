/**
 * Dead letters of the memory storage.
 * @module
 */
import type { Burial, DeadLetterBounds, DeadLetterKind, DeadLetterQuery, StoredDeadLetter } from "../../lib/storage.ts";
import { MOST_EXAMINED } from "../../lib/storage.ts";
import { copyBytes } from "../bytes.ts";
import { Heap } from "../heap.ts";

/** A dead letter and what goes with it. */
export interface Grave {
  readonly letter: StoredDeadLetter;
  /** Id of the task that has ended with the burial. */
  readonly taskId: string;
  /** Key of the steps that are kept for it. */
  readonly steps: string;
  /** Order of the burials. */
  readonly place: number;
}

/** Dead letters as they are saved. */
export interface SavedDeadLetters {
  readonly nextPlace: number;
  /** In the order of the burials. */
  readonly graves: readonly Grave[];
}

/** So many letters go with one burial at most; more would keep the others waiting. */
const TRIMS_AT_ONCE = 100;

/** How many deleted graves an order may carry before it is cleaned. */
const SLACK = 1024;

const isOlder = (left: Grave, right: Grave): number => left.letter.atMs - right.letter.atMs || left.place - right.place;

/** Messages that were set aside. */
export class MemoryDeadLetters {
  readonly #graves = new Map<string, Grave>();
  readonly #byTask = new Map<string, Set<Grave>>();
  readonly #kinds: Record<DeadLetterKind, Kind> = { failed: new Kind(), unknown: new Kind(), unreadable: new Kind() };
  #nextPlace = 0;

  /** Sets a message aside. A letter of the same id is replaced. */
  bury(burial: Burial, { priority, taskId, steps }: { priority: number; taskId: string; steps: string }): void {
    this.take(burial.id);
    const letter = { ...burial, data: copyBytes(burial.data), error: burial.error && copyBytes(burial.error), priority };
    this.#add({ letter, taskId, steps, place: this.#nextPlace++ });
  }

  /** Takes what is beyond the bounds of a kind, oldest first. @returns what was taken */
  trim(kind: DeadLetterKind, { count, ageMs = Infinity }: DeadLetterBounds, nowMs: number): Grave[] {
    const trimmed: Grave[] = [];
    const graves = this.#kinds[kind];
    while (trimmed.length < TRIMS_AT_ONCE) {
      const oldest = graves.oldest((grave) => this.#isThere(grave));
      if (oldest === undefined || graves.size <= count && oldest.letter.atMs >= nowMs - ageMs) break;
      this.take(oldest.letter.id);
      trimmed.push(oldest);
    }
    return trimmed;
  }

  /** Finds a letter by its id, or the newest one of a task. */
  find(id: string): Grave | undefined {
    return this.#graves.get(id) ?? [...this.#byTask.get(id) ?? []].sort(isOlder).at(-1);
  }

  /** Whether there is a letter of this id. */
  has(id: string): boolean {
    return this.#graves.has(id);
  }

  /** Takes a letter out, by its id. @returns `undefined` if there is no such letter */
  take(id: string): Grave | undefined {
    const grave = this.#graves.get(id);
    if (grave === undefined) return undefined;
    this.#graves.delete(id);
    const ofTask = this.#byTask.get(grave.taskId)!;
    ofTask.delete(grave);
    if (ofTask.size === 0) this.#byTask.delete(grave.taskId);
    this.#kinds[grave.letter.kind].remove((other) => this.#isThere(other));
    return grave;
  }

  /** See `Storage.deadLetters`. */
  list({ kind, taskName, beforeMs = Infinity, limit = Infinity }: DeadLetterQuery): StoredDeadLetter[] {
    const graves = [...this.#graves.values()].filter(({ letter }) => kind === undefined || letter.kind === kind);
    return graves.sort((left, right) => isOlder(right, left))
      .slice(0, MOST_EXAMINED)
      .map(({ letter }) => letter)
      .filter((letter) => (taskName === undefined || letter.taskName === taskName) && letter.atMs < beforeMs)
      .slice(0, limit);
  }

  /** See `Storage.deadLetterCount`. */
  count(query: DeadLetterQuery): number {
    if (query.taskName !== undefined || query.beforeMs !== undefined) return this.list({ ...query, limit: undefined }).length;
    return query.kind === undefined ? this.#graves.size : this.#kinds[query.kind].size;
  }

  /** The keys of the steps that are kept for letters. */
  stepsKeys(): string[] {
    return [...this.#graves.values().map(({ steps }) => steps)];
  }

  /** Takes all out. */
  takeAll(): Grave[] {
    const graves = [...this.#graves.values()];
    this.#graves.clear();
    this.#byTask.clear();
    for (const kind of Object.values(this.#kinds)) kind.clear();
    return graves;
  }

  /** Everything there is. */
  saved(): SavedDeadLetters {
    return { nextPlace: this.#nextPlace, graves: [...this.#graves.values()] };
  }

  /** Takes over what was saved, in place of everything. */
  restore({ nextPlace, graves }: SavedDeadLetters): void {
    this.takeAll();
    for (const grave of graves) this.#add(grave);
    this.#nextPlace = nextPlace;
  }

  #add(grave: Grave): void {
    this.#graves.set(grave.letter.id, grave);
    const ofTask = this.#byTask.get(grave.taskId);
    if (ofTask === undefined) this.#byTask.set(grave.taskId, new Set([grave]));
    else ofTask.add(grave);
    this.#kinds[grave.letter.kind].add(grave);
  }

  #isThere(grave: Grave): boolean {
    return this.#graves.get(grave.letter.id) === grave;
  }
}

/** The letters of one kind. */
class Kind {
  /** Oldest first; also such as were taken out meanwhile. */
  readonly #order = new Heap<Grave>(isOlder);
  size = 0;

  add(grave: Grave): void {
    this.#order.push(grave);
    this.size++;
  }

  remove(isThere: (grave: Grave) => boolean): void {
    this.size--;
    if (this.#order.size > 2 * this.size + SLACK) this.#order.retain(isThere);
  }

  oldest(isThere: (grave: Grave) => boolean): Grave | undefined {
    while (this.#order.size > 0 && !isThere(this.#order.peek()!)) this.#order.pop();
    return this.#order.peek();
  }

  clear(): void {
    this.#order.clear();
    this.size = 0;
  }
}
