/**
 * Files in the order of their names, however many there are: in leaves of some hundred files, which stand in branches of some
 * hundred leaves. A leaf holds the names that are not before its own, up to the next leaf; so does a branch; the first of each are
 * called by a name that is before all others. So the first file, the last one and the place of any other are found by reading three
 * folders, and removing or adding one touches its leaf only.
 * @module
 */
import type { Disk } from "./disk.ts";
import type { Change } from "./journal.ts";
import type { Transaction } from "./transaction.ts";

/** Files of a leaf. */
const FULL_LEAF = 128;
/** Leaves of a branch. */
const FULL_BRANCH = 128;
/** So many leaves are remembered. */
const MOST_LEAVES = 64;
/** Folders that this driver has made. Files are found in others too, but put into these only. */
const OURS = /^[0-9a-f]{4,24}-[0-9a-f-]+$/;

interface Leaf {
  readonly path: string;
  readonly name: string;
  readonly isOurs: boolean;
  /** Sorted. */
  names: string[] | undefined;
}

interface Branch {
  readonly name: string;
  readonly isOurs: boolean;
  leaves: Leaf[] | undefined;
}

/** A file on the shelf. */
export interface Shelved {
  readonly name: string;
  readonly path: string;
}

/** One sorted folder. Only whoever holds the lock uses it. */
export class Shelf {
  readonly #disk: Disk;
  readonly #root: string;
  readonly #pattern: RegExp;
  #branches: Branch[] | undefined;
  #loaded = 0;

  /**
   * @param root Its folder.
   * @param pattern Names of its files; what has another name is none of ours.
   */
  constructor(disk: Disk, root: string, pattern: RegExp) {
    this.#disk = disk;
    this.#root = root;
    this.#pattern = pattern;
  }

  /** What is to be moved, since a branch has got too large in its middle. To be asked when no changes are under way. */
  balance(): Change[] {
    if (this.#loaded > MOST_LEAVES) this.forget();
    const large = this.#branches?.find(({ leaves = [] }) => leaves.length >= 2 * FULL_BRANCH);
    if (large === undefined) return [];
    const upper = this.#leavesOf(large).slice(FULL_BRANCH);
    const folder = `${this.#root}/${upper[0]!.name}`;
    return upper.map(({ path, name }) => ({ kind: "move", from: path, to: `${folder}/${name}` }));
  }

  /** Reads everything anew the next time. */
  forget(): void {
    this.#branches = undefined;
    this.#loaded = 0;
  }

  /** All files, in order. @param start Those whose names are not before this */
  *files(start: string = ""): Generator<Shelved> {
    const branches = this.#all();
    for (const branch of branches.slice(placeOf(branches, start))) {
      const leaves = this.#leavesOf(branch);
      for (const leaf of leaves.slice(placeOf(leaves, start))) {
        for (const name of [...this.#namesOf(leaf)]) if (name >= start) yield { name, path: `${leaf.path}/${name}` };
      }
    }
  }

  /** All files, the last one first. */
  *newest(): Generator<Shelved> {
    for (const branch of this.#all().toReversed()) {
      for (const leaf of this.#leavesOf(branch).toReversed()) {
        for (const name of this.#namesOf(leaf).toReversed()) yield { name, path: `${leaf.path}/${name}` };
      }
    }
  }

  /** How many there are, by looking at all. */
  count(): number {
    let count = 0;
    for (const branch of this.#all()) for (const leaf of this.#leavesOf(branch)) count += this.#namesOf(leaf).length;
    return count;
  }

  /** The first file whose name begins so. */
  find(prefix: string): Shelved | undefined {
    const [first] = this.files(prefix);
    return first?.name.startsWith(prefix) ? first : undefined;
  }

  /** Makes room for a new file. @returns where it is to be put */
  add(transaction: Transaction, name: string): string {
    const branches = this.#all();
    const branch = lastUpTo(branches, name) ?? this.#newBranch(floorOf(name));
    let leaf = lastUpTo(this.#leavesOf(branch), name) ?? this.#newLeaf(branch, branch.name);
    if (this.#namesOf(leaf).length >= FULL_LEAF) leaf = this.#split(transaction, branch, leaf, name);
    insert(this.#namesOf(leaf), name);
    return `${leaf.path}/${name}`;
  }

  /** A file leaves. The transaction moves or removes it. */
  take(transaction: Transaction, { name, path }: Shelved): void {
    const folder = path.slice(0, -name.length - 1);
    for (const branch of this.#all()) {
      const leaf = branch.leaves?.find((candidate) => candidate.path === folder);
      if (leaf === undefined) continue;
      leaf.names = this.#namesOf(leaf).filter((other) => other !== name);
      if (leaf.names.length === 0) this.#dropEmpty(transaction, branch, leaf);
      return;
    }
  }

  /** The last leaf stays, so that a queue that is empty most of the time does not make a folder for each message. */
  #dropEmpty(transaction: Transaction, branch: Branch, leaf: Leaf): void {
    if (this.#all().length === 1 && branch.leaves!.length === 1) return;
    transaction.emptied.push(leaf.path);
    branch.leaves = branch.leaves!.filter((other) => other !== leaf);
    if (branch.leaves.length > 0) return;
    transaction.emptied.push(`${this.#root}/${branch.name}`);
    this.#branches = this.#all().filter((other) => other !== branch);
  }

  /** What is added at the end begins a new leaf; else the upper half of a full one moves to a leaf of its own. */
  #split(transaction: Transaction, branch: Branch, leaf: Leaf, name: string): Leaf {
    const names = this.#namesOf(leaf);
    if (name > names.at(-1)!) return this.#newLeaf(branch, name);
    const half = names[names.length >> 1]!;
    const upper = this.#newLeaf(branch, half);
    for (const moved of names.filter((other) => other >= half)) {
      transaction.move(`${leaf.path}/${moved}`, `${upper.path}/${moved}`);
      this.#namesOf(upper).push(moved);
    }
    leaf.names = names.filter((other) => other < half);
    return name < half ? leaf : upper;
  }

  #newBranch(name: string): Branch {
    const branch: Branch = { name: stem(name), isOurs: true, leaves: [] };
    this.#branches = [...this.#all(), branch].sort(byName);
    return branch;
  }

  /** A full branch is followed by another one if the leaf comes last; in its middle it may grow beyond. */
  #newLeaf(branch: Branch, name: string): Leaf {
    const leaves = this.#leavesOf(branch);
    const isLast = leaves.length === 0 || stem(name) > leaves.at(-1)!.name;
    const home = isLast && leaves.length >= FULL_BRANCH ? this.#newBranch(name) : branch;
    const path = `${this.#root}/${home.name}/${stem(name)}`;
    const leaf: Leaf = { name: stem(name), isOurs: true, path, names: [] };
    home.leaves = [...this.#leavesOf(home), leaf].sort(byName);
    return leaf;
  }

  #all(): Branch[] {
    return this.#branches ??= this.#disk.folders(this.#root).map((name) => ({
      name,
      isOurs: OURS.test(name),
      leaves: undefined,
    }));
  }

  #leavesOf(branch: Branch): Leaf[] {
    const folder = `${this.#root}/${branch.name}`;
    return branch.leaves ??= this.#disk.folders(folder).map((name) => {
      return { name, isOurs: OURS.test(name), path: `${folder}/${name}`, names: undefined };
    });
  }

  #namesOf(leaf: Leaf): string[] {
    if (leaf.names === undefined) {
      leaf.names = this.#disk.list(leaf.path).filter((name) => this.#pattern.test(name));
      this.#loaded++;
    }
    return leaf.names;
  }
}

/** Names of folders have no dot, whatever the name of the file. */
function stem(name: string): string {
  return name.split(".")[0]!;
}

function byName(left: { readonly name: string }, right: { readonly name: string }): number {
  return left.name < right.name ? -1 : left.name > right.name ? 1 : 0;
}

/** The last one of ours whose name is not above. */
function lastUpTo<T extends { readonly name: string; readonly isOurs: boolean }>(
  sorted: readonly T[],
  name: string,
): T | undefined {
  return sorted.findLast((one) => one.isOurs && one.name <= name);
}

/** Before all names that are like this one. */
function floorOf(name: string): string {
  return `${"0".repeat(name.indexOf("-"))}-0`;
}

/** Where what is not before a name begins at the latest. */
function placeOf(sorted: readonly { readonly name: string; readonly isOurs: boolean }[], start: string): number {
  return Math.max(0, sorted.findLastIndex(({ name, isOurs }) => isOurs && name <= start));
}

function insert(names: string[], name: string): void {
  const place = names.findLastIndex((other) => other < name) + 1;
  names.splice(place, 0, name);
}
