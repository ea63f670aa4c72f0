/**
 * Dead letters of the storage in map_storage.ts.
 * @module
 */
import type { DeadLetterQuery, Settlement, StoredDeadLetter, StoredState } from "@hueyjs/huey";

/** A dead letter, the task that has ended with it, and the key of the steps that stay with it. */
export type Letter = { letter: StoredDeadLetter; taskId: string; steps: string };

const MOST = 10_000;

/** Messages that were set aside. */
export class MapLetters {
  /** Newest first. */
  all: Letter[] = [];

  /** Sets a message aside. @returns the letters that make room for it, the oldest of its kind */
  bury({ id, claim, bury, buryBounds }: Settlement, nowMs: number): Letter[] {
    if (bury === undefined) return [];
    const letter = { ...bury, data: new Uint8Array(bury.data), priority: claim?.priority ?? 0 };
    const buried = { letter, taskId: bury.taskId ?? id, steps: claim?.steps ?? claim?.id ?? id };
    this.all = [buried, ...this.all.filter((other) => other.letter.id !== bury.id)].sort((one, other) =>
      other.letter.atMs - one.letter.atMs
    );
    const { count, ageMs = Infinity } = buryBounds ?? { count: Infinity };
    const kind = this.all.filter((other) => other.letter.kind === bury.kind);
    const gone = kind.filter((other, index) => index >= count || other.letter.atMs < nowMs - ageMs);
    this.all = this.all.filter((other) => !gone.includes(other));
    return gone;
  }

  list({ kind, taskName, beforeMs = Infinity, limit }: DeadLetterQuery = {}): StoredDeadLetter[] {
    const letters = this.all.slice(0, MOST).map(({ letter }) => letter).filter((letter) =>
      (kind ?? letter.kind) === letter.kind && (taskName === undefined || letter.taskName === taskName) &&
      letter.atMs < beforeMs
    );
    return letters.slice(0, limit);
  }

  /** By its own id, or the newest of a task. */
  find(id: string): StoredDeadLetter | undefined {
    return (this.all.find(({ letter }) => letter.id === id) ?? this.all.find(({ taskId }) => taskId === id))?.letter;
  }

  /** A task has ended when its message was set aside; one that has failed has left a notice besides. */
  stateOf(id: string): StoredState | undefined {
    return this.all.some(({ letter, taskId }) => taskId === id && letter.kind !== "failed") ? { state: "dead" } : undefined;
  }

  /** Takes out the letter of this id. */
  take(id: string): Letter | undefined {
    const found = this.all.find(({ letter }) => letter.id === id);
    this.all = this.all.filter((letter) => letter !== found);
    return found;
  }

  takeAll(): Letter[] {
    return this.all.splice(0);
  }
}

// Output:
