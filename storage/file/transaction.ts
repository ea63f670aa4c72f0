/**
 * All or nothing without a lock, also when the process is killed at any moment.
 *
 * 1. **Stage.** Everything that is to appear is written as complete files into a folder of this isolate where nobody looks. The
 *    name of each file says what is to become of it (see `steps.ts`). If we die now, nothing has happened; the leftovers are
 *    removed by others once this process is gone.
 * 2. **Commit.** One step of the file system makes the intent, a file in `intents/` named after the transaction:
 *    - with a fence, the claimed message (or the dead letter) itself is renamed into the intent. The claim thereby ends in the
 *      same instant in which everything else is decided. Recovery takes a claim away by a rename of the same file, so exactly one
 *      of the two wins; who loses writes nothing.
 *    - without one, the intent is an empty file.
 *    - if a key must be free, the intent comes first and gets valid by the link that puts the staged entry under the key: it names
 *      the transaction, so that everybody can see whether this one won.
 * 3. **Apply.** Each staged file is *moved* to its place. A move is what makes this repeatable: what was moved is no longer staged,
 *    so a follow-up that somebody has run and settled meanwhile cannot come back. What is not a file (a lock to drop, a chord to
 *    forget) is listed in one staged file, and harmless to do twice.
 * 4. **Finish.** The intent is removed. If we die before, whoever finds the intent does steps 3 and 4. Several may do that at
 *    once, and together with a live owner: of two moves one wins, and the other sees that there is nothing left to do.
 *
 * @module
 */
import { type Disk, pauseAt } from "./disk.ts";
import { codeOf } from "./errors.ts";
import { hasEnded, isolateName, nextNumber } from "./isolate.ts";

/** What is to become of a staged file: the words of its name, none of which has a `~`. */
export type Step = readonly string[];

/** Does one step. Must do no harm when it was done before. */
export type ApplyStep = (staged: string, step: Step) => void | Promise<void>;

/** A transaction that is being prepared. */
export class Draft {
  /** Name of the intent. */
  readonly id: string;
  readonly #disk: Disk;
  readonly #prefix: string;
  readonly #files: string[] = [];

  constructor(disk: Disk) {
    const number = nextNumber();
    this.#disk = disk;
    this.id = `${isolateName()}~${number}`;
    this.#prefix = `staged/${isolateName()}/${number}`;
  }

  /** The staged files, in the order in which they are to be applied. */
  get files(): readonly string[] {
    return this.#files;
  }

  /** Stages a file. @returns its path */
  add(step: Step, bytes: Uint8Array | string): string {
    const path = `${this.#prefix}~${String(this.#files.length).padStart(6, "0")}~${step.join("~")}`;
    this.#files.push(path);
    this.#disk.write(path, bytes);
    return path;
  }

  /** Removes what is still staged. */
  discard(): void {
    for (const file of this.#files) this.#disk.remove(file);
  }
}

/** Commits, applies and replays. */
export class Transactions {
  readonly #disk: Disk;
  readonly #apply: ApplyStep;
  /** Whether something that was committed could not be applied, for lack of space for example. */
  hasUnfinished: boolean = false;

  constructor(disk: Disk, apply: ApplyStep) {
    this.#disk = disk;
    this.#apply = apply;
  }

  /** Begins to stage. */
  draft(): Draft {
    return new Draft(this.#disk);
  }

  /**
   * Makes it happen.
   *
   * @param fence A file that must still be there; it becomes the intent.
   * @returns false, and nothing has happened, if the fence is gone.
   */
  async commit(draft: Draft, fence?: string): Promise<boolean> {
    const isCommitted = this.#decide(draft, fence);
    if (isCommitted) await this.#applyOrLeave(draft);
    else draft.discard();
    return isCommitted;
  }

  /**
   * Makes it happen if a key is free.
   *
   * @param take Puts the draft's last file under its key. @returns whether the key was free
   */
  async commitIf(draft: Draft, take: (staged: string) => Promise<boolean>): Promise<boolean> {
    this.#decide(draft);
    if (await take(draft.files.at(-1)!)) {
      await this.#applyOrLeave(draft);
      return true;
    }
    // The intent first: without its condition the rest would look like a decided transaction.
    this.#disk.remove(intentPath(draft.id));
    draft.discard();
    return false;
  }

  /**
   * Finishes what others (or this isolate, before a failure) have left unfinished, and removes what ended processes had staged.
   *
   * @param isDecided Whether a transaction that needed a free key got it.
   */
  async replay(isDecided: (intent: string, condition: Step) => boolean): Promise<void> {
    this.hasUnfinished = false;
    for (const id of this.#disk.list("intents")) {
      const files = this.#staged(id);
      const condition = files.map(stepOf).find((step) => step[0] === "condition");
      if (condition === undefined || isDecided(id, condition)) await this.#applyAll(id, files);
      else if (hasEnded(isolateOf(id))) this.#disk.remove(intentPath(id));
    }
    for (const isolate of this.#disk.list("staged")) {
      if (hasEnded(isolate)) await this.#clean(isolate);
    }
  }

  #decide(draft: Draft, fence?: string): boolean {
    try {
      const intent = intentPath(draft.id);
      return fence === undefined ? this.#disk.create(intent) : this.#disk.move(fence, intent);
    } catch (error) {
      draft.discard();
      throw error;
    }
  }

  /** What is decided is decided: telling the caller of a failure now would make him try again and do it twice. */
  async #applyOrLeave(draft: Draft): Promise<void> {
    try {
      await this.#applyAll(draft.id, draft.files);
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      this.hasUnfinished = true;
    }
  }

  async #applyAll(id: string, files: readonly string[]): Promise<void> {
    let count = 0;
    for (const file of files) {
      const pending = this.#apply(file, stepOf(file));
      if (pending) await pending;
      await pauseAt(count++);
    }
    this.#disk.remove(intentPath(id));
  }

  #staged(id: string): string[] {
    const [isolate, number] = id.split("~");
    return this.#disk.list(`staged/${isolate}`)
      .filter((name) => name.startsWith(`${number}~`))
      .map((name) => `staged/${isolate}/${name}`);
  }

  /** Nothing is being staged here any more, and what has an intent is left to it. */
  async #clean(isolate: string): Promise<void> {
    const names = this.#disk.list(`staged/${isolate}`);
    const intents = this.#disk.list("intents");
    for (const [count, name] of names.entries()) {
      if (intents.includes(`${isolate}~${name.split("~")[0]}`)) continue;
      const path = `staged/${isolate}/${name}`;
      if (name.endsWith("~trash")) await this.#disk.removeTree(path);
      else this.#disk.remove(path);
      await pauseAt(count);
    }
    this.#disk.removeEmpty(`staged/${isolate}`);
  }
}

function intentPath(id: string): string {
  return `intents/${id}`;
}

function isolateOf(id: string): string {
  return id.split("~")[0]!;
}

function stepOf(staged: string): Step {
  return staged.slice(staged.lastIndexOf("/") + 1).split("~").slice(2);
}
