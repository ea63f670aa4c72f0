/**
 * Dead letters: messages that nobody could run, or whose task failed for good. Each kind is a shelf, in the order of the burials; records
 * say where the letter of an id is, and which letters a task has.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Burial, DeadLetterBounds, DeadLetterKind, DeadLetterQuery, StoredDeadLetter } from "../../lib/storage.ts";
import { joinBytes } from "../bytes.ts";
import type { Disk } from "./disk.ts";
import { DEAD, numberOf, sortableTime } from "./names.ts";
import { decodeWhole, encodeRecord } from "./record.ts";
import type { Records } from "./records.ts";
import { Shelf, type Shelved } from "./shelf.ts";
import type { Steps } from "./steps.ts";
import type { Tasks } from "./tasks.ts";
import type { Transaction } from "./transaction.ts";

/** All kinds. */
export const KINDS: readonly DeadLetterKind[] = ["failed", "unknown", "unreadable"];
/** Bounds of a burial that says none. */
const WIDE: DeadLetterBounds = { count: 100_000 };
/** So many go with one burial. */
const MOST_TRIMMED = 100;
/** A listing looks at no more. */
const MOST_LISTED = 10_000;
/** So many letters of one task are found by its id. */
const MOST_OF_TASK = 100;
const NOTHING = new Uint8Array();

/** What is known of the item that was set aside. */
export interface Grave {
  readonly itemId: string;
  readonly priority: number;
  readonly track: boolean;
  /** Key of its steps. */
  readonly steps?: string | undefined;
  /** What its settlement says of it. */
  readonly about?: string | undefined;
}

interface Letter {
  readonly kind: DeadLetterKind;
  readonly file: Shelved;
  readonly stored: StoredDeadLetter;
  readonly grave: Grave;
}

/** What dead letters need. */
export interface DeadLetterParts {
  readonly disk: Disk;
  readonly clock: Clock;
  /** Where the files of a letter and of a task are found. */
  readonly names: Records;
  readonly steps: Steps;
  readonly tasks: Tasks;
}

/** All dead letters. */
export class DeadLetters {
  readonly shelves: Readonly<Record<DeadLetterKind, Shelf>>;
  readonly #parts: DeadLetterParts;

  constructor(parts: DeadLetterParts) {
    this.#parts = parts;
    const shelf = (kind: DeadLetterKind): Shelf => new Shelf(parts.disk, `dead/${kind}`, DEAD);
    this.shelves = { failed: shelf("failed"), unknown: shelf("unknown"), unreadable: shelf("unreadable") };
  }

  /** Sets a message aside, and trims its kind. */
  bury(transaction: Transaction, burial: Burial, grave: Grave, bounds: DeadLetterBounds = WIDE): void {
    const { tasks, steps } = this.#parts;
    const { data, error, ...rest } = burial;
    const before = this.#named(transaction, letterKey(burial.id));
    if (before !== undefined) this.#drop(transaction, before);
    const kind = KINDS.includes(burial.kind) ? burial.kind : "unreadable";
    const name = `${sortableTime(burial.atMs)}-${transaction.newOrder()}`;
    const about = { burial: rest, grave, ...error && { errorBytes: error.length } };
    transaction.put(this.shelves[kind].add(transaction, name), encodeRecord(about, joinBytes(error ? [data, error] : [data])));
    this.#names.set(transaction, letterKey(burial.id), NOTHING, { names: [name] });
    const names = [...this.#namesOf(transaction, taskKey(grave.itemId)), name].slice(-MOST_OF_TASK);
    this.#names.set(transaction, taskKey(grave.itemId), NOTHING, { names });
    transaction.count(kind, 1);
    // A task that has failed is known to have failed.
    if (grave.track && kind !== "failed") tasks.buried(transaction, grave.itemId, grave.about);
    if (grave.steps !== undefined) steps.mark(transaction, grave.steps, true);
    this.#trim(transaction, kind, bounds);
  }

  /** A letter by its own id. */
  get(transaction: Transaction, id: string): Letter | undefined {
    return this.#named(transaction, letterKey(id));
  }

  /** A letter by its own id or by that of its task; of several the newest. */
  find(transaction: Transaction, id: string): StoredDeadLetter | undefined {
    return (this.get(transaction, id) ?? this.#named(transaction, taskKey(id)))?.stored;
  }

  /** Deletes a letter. Its task is no longer known to be dead. @param keepSteps They belong to the task again */
  remove(transaction: Transaction, letter: Letter, keepSteps = false): void {
    const { steps, tasks } = this.#parts;
    const { itemId, track, steps: key } = letter.grave;
    this.#drop(transaction, letter);
    if (track) tasks.unburied(transaction, itemId);
    if (key === undefined) return;
    if (keepSteps) steps.mark(transaction, key, false);
    else steps.drop(transaction, key);
  }

  /** Newest first. */
  list(transaction: Transaction, { limit = Infinity, ...query }: DeadLetterQuery): StoredDeadLetter[] {
    const letters: StoredDeadLetter[] = [];
    if (limit <= 0) return letters;
    for (const { stored } of this.#matching(transaction, query)) if (letters.push(stored) >= limit) break;
    return letters;
  }

  /** How many there are. */
  count(transaction: Transaction, query: DeadLetterQuery): number {
    const { kind, taskName, beforeMs, limit = Infinity } = query;
    if (taskName === undefined && beforeMs === undefined) {
      const kinds = kind === undefined ? KINDS : [kind];
      return Math.min(limit, kinds.reduce((sum, one) => sum + transaction.total(one), 0));
    }
    return Math.min(limit, [...this.#matching(transaction, query)].length);
  }

  get #names(): Records {
    return this.#parts.names;
  }

  *#matching(transaction: Transaction, { kind, taskName, beforeMs = Infinity }: DeadLetterQuery): Generator<Letter> {
    let examined = 0;
    for (const { kind: found, file } of newestOf(this.shelves, kind)) {
      if (numberOf(file.name.slice(0, 12)) >= beforeMs) continue;
      if (examined++ >= MOST_LISTED) return;
      const letter = read(transaction, found, file);
      if (letter !== undefined && (taskName === undefined || letter.stored.taskName === taskName)) yield letter;
    }
  }

  #namesOf(transaction: Transaction, key: string): string[] {
    const names = this.#names.get(transaction, key)?.about["names"];
    return Array.isArray(names) ? names.filter((name) => typeof name === "string" && DEAD.test(name)) : [];
  }

  /** The newest letter that is found under a key. */
  #named(transaction: Transaction, key: string): Letter | undefined {
    for (const name of this.#namesOf(transaction, key).reverse()) {
      for (const kind of KINDS) {
        const file = this.shelves[kind].find(name);
        const letter = file && read(transaction, kind, file);
        if (letter !== undefined) return letter;
      }
    }
    return undefined;
  }

  #trim(transaction: Transaction, kind: DeadLetterKind, { count, ageMs = Infinity }: DeadLetterBounds): void {
    const firstMs = this.#parts.clock.now() - ageMs;
    const [files, gone] = [this.shelves[kind].files(), []] as [Generator<Shelved>, Shelved[]];
    let left = transaction.total(kind);
    for (const file of files) {
      if (gone.length >= MOST_TRIMMED || (left <= count && numberOf(file.name.slice(0, 12)) >= firstMs)) break;
      gone.push(file);
      left--;
    }
    for (const file of gone) {
      const letter = read(transaction, kind, file);
      if (letter !== undefined) this.remove(transaction, letter);
      else this.#take(transaction, kind, file);
    }
  }

  #drop(transaction: Transaction, { kind, file, stored, grave }: Letter): void {
    this.#names.delete(transaction, letterKey(stored.id));
    const names = this.#namesOf(transaction, taskKey(grave.itemId)).filter((name) => name !== file.name);
    if (names.length > 0) this.#names.set(transaction, taskKey(grave.itemId), NOTHING, { names });
    else this.#names.delete(transaction, taskKey(grave.itemId));
    this.#take(transaction, kind, file);
  }

  #take(transaction: Transaction, kind: DeadLetterKind, file: Shelved): void {
    this.shelves[kind].take(transaction, file);
    transaction.remove(file.path);
    transaction.count(kind, -1);
  }
}

/** The files of one kind or of all, the newest first. */
function* newestOf(
  shelves: Readonly<Record<DeadLetterKind, Shelf>>,
  kind: DeadLetterKind | undefined,
): Generator<{ readonly kind: DeadLetterKind; readonly file: Shelved }> {
  const heads = KINDS.filter((one) => kind === undefined || one === kind).map((one) => {
    const files = shelves[one].newest();
    return { kind: one, files, next: files.next() };
  });
  for (;;) {
    const [head] = heads.filter(({ next }) => !next.done).sort((left, right) =>
      left.next.value.name > right.next.value.name ? -1 : 1
    );
    if (head === undefined) return;
    yield { kind: head.kind, file: head.next.value };
    head.next = head.files.next();
  }
}

function read(transaction: Transaction, kind: DeadLetterKind, file: Shelved): Letter | undefined {
  const record = decodeWhole(transaction.read(file.path));
  const { burial, grave, errorBytes } = (record?.about ?? {}) as { burial?: Burial; grave?: Grave; errorBytes?: number };
  if (record === undefined || typeof burial?.id !== "string" || typeof grave?.itemId !== "string") return undefined;
  const end = record.data.length - (Number.isSafeInteger(errorBytes) ? errorBytes! : 0);
  const data = record.data.slice(0, Math.max(0, end));
  const error = errorBytes === undefined ? {} : { error: record.data.slice(Math.max(0, end)) };
  return { kind, file, grave, stored: { ...burial, kind, data, ...error, priority: grave.priority } };
}

function letterKey(id: string): string {
  return `l:${id}`;
}

function taskKey(id: string): string {
  return `t:${id}`;
}
