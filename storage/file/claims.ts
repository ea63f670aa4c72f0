/**
 * Claims: messages in the folder of the worker that holds them. The path of the file, below `running`, is the token.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Claim, Item, Owner, StoredRunning } from "../../lib/storage.ts";
import type { DeadLetters } from "./dead_letters.ts";
import type { Disk } from "./disk.ts";
import type { Gates } from "./gates.ts";
import { itemOf, type Message, type Messages, readMessage } from "./messages.ts";
import {
  CLAIM,
  decodeName,
  encodeName,
  FOLDER,
  numberOf,
  parseMessage,
  priorityOf,
  sortableTime,
  waitingName,
} from "./names.ts";
import type { HeldLocks } from "./held_locks.ts";
import type { Records } from "./records.ts";
import type { Shelved } from "./shelf.ts";
import type { Transaction } from "./transaction.ts";
import type { UniqueKeys } from "./unique.ts";

/** A consumer, or one of its workers. */
export interface Target {
  readonly consumer: string;
  readonly worker?: string | undefined;
}

/** The same, by the names of their folders. */
export interface Folder {
  readonly consumer: string;
  readonly worker?: string | undefined;
}

/** The folders of a consumer or worker. */
export function folderOf({ consumer, worker }: Target): Folder {
  return { consumer: encodeName(consumer), worker: worker === undefined ? undefined : encodeName(worker) };
}

/** What claims need. */
export interface ClaimParts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly messages: Messages;
  readonly deadLetters: DeadLetters;
  readonly gates: Gates;
  readonly unique: UniqueKeys;
  /** Tokens of claims that were taken from their holder. */
  readonly lost: Records;
  readonly heldLocks: HeldLocks;
}

const NOTHING = new Uint8Array();
/** How long it is remembered that a claim was taken from its holder. */
const LOST_MS = 86_400_000;
/** A listing looks at no more. */
const MOST_LISTED = 10_000;
/** So long a count of nothing is believed. */
const BELIEVED_MS = 1000;
/** The key under which the last flush of the queue is remembered; no token is like it. */
const FLUSHED = "flushed";

/** All claims. */
export class Claims {
  readonly #parts: ClaimParts;
  /** When it was last looked whether the queue is empty. */
  #foundEmptyMs = -Infinity;

  constructor(parts: ClaimParts) {
    this.#parts = parts;
  }

  /** Hands out the first messages. */
  take(transaction: Transaction, limit: number, owner: Owner): Claim[] {
    const { messages } = this.#parts;
    const claims: Claim[] = [];
    if (limit <= 0 || this.#isEmpty(transaction)) return claims;
    for (const file of messages.waiting.files()) {
      messages.take(transaction, "waiting", file);
      const claim = this.#takeOne(transaction, file, owner);
      if (claim !== undefined && claims.push(claim) >= limit) return claims;
    }
    // Whatever was counted: there is nothing.
    transaction.counts.waiting = 0;
    this.#foundEmptyMs = this.#parts.clock.elapsed();
    return claims;
  }

  /** The count is believed for a while only, since somebody may have put a file there by hand, or a crash of the machine. */
  #isEmpty(transaction: Transaction): boolean {
    return transaction.counts.waiting === 0 && this.#parts.clock.elapsed() - this.#foundEmptyMs < BELIEVED_MS;
  }

  /** Whether a claim is held. */
  isHeld(transaction: Transaction, { token }: Claim): boolean {
    return isToken(token) && transaction.exists(pathOf(token));
  }

  /** Marks a claim as begun. @returns whether it is held */
  begin(transaction: Transaction, claim: Claim): boolean {
    if (!this.isHeld(transaction, claim)) return false;
    if (!transaction.exists(begunPath(claim.token))) transaction.put(begunPath(claim.token), NOTHING, { isNew: true });
    return true;
  }

  /** Ends a claim that is held, with its settlement. */
  end(transaction: Transaction, { token, data, gate }: Claim, locks: "drop" | "forget" | Owner): void {
    const { heldLocks } = this.#parts;
    transaction.remove(pathOf(token), data.length);
    if (transaction.exists(begunPath(token))) transaction.remove(begunPath(token));
    if (locks === "drop") heldLocks.drop(transaction, token);
    else if (locks === "forget") heldLocks.forget(transaction, token);
    else heldLocks.pass(transaction, token, passedHolder(locks), gate && { key: gate.key, name: fileOf(token) });
  }

  /** A function has ended whose claim was settled while it ran. @returns who was admitted in its place */
  leaveGate(transaction: Transaction, claim: Claim): Item[] {
    if (claim.gate === undefined || !isToken(claim.token) || this.isHeld(transaction, claim)) return [];
    return this.#parts.gates.leave(transaction, claim.gate.key, fileOf(claim.token));
  }

  /** Puts back a claim that is taken from its holder, and drops its locks. @returns what it was, if it was held */
  giveBack(transaction: Transaction, token: string, delivery: "counted" | "not counted"): Claim | undefined {
    if (!isToken(token) || !transaction.exists(pathOf(token))) return undefined;
    const { messages, lost, heldLocks, clock } = this.#parts;
    const message = readMessage(transaction.read(pathOf(token)), fileOf(token));
    const name = parseMessage(fileOf(token));
    const { deliveries, begun } = name;
    const isBegun = begun || transaction.exists(begunPath(token));
    heldLocks.drop(transaction, token);
    if (transaction.exists(begunPath(token))) transaction.remove(begunPath(token));
    lost.set(transaction, token, NOTHING, {}, clock.now() + LOST_MS);
    if (message === undefined || typeof message === "string") {
      return void this.setAside(transaction, { path: pathOf(token), name: fileOf(token) }, message);
    }
    const count = Math.max(0, deliveries - (delivery === "counted" ? 0 : 1));
    messages.putBack(transaction, pathOf(token), waitingName({ ...name, deliveries: count, begun: isBegun }));
    return claimOf(message, token, deliveries, isBegun);
  }

  /** Whether a claim that is gone was taken from its holder. */
  wasTaken(transaction: Transaction, { token }: Claim): boolean {
    const flushed = this.#parts.lost.get(transaction, FLUSHED)?.about["order"];
    return typeof flushed === "string" && orderOf(token) < flushed || this.#parts.lost.get(transaction, token) !== undefined;
  }

  /** What somebody holds, oldest first. Looks into folders. */
  of(transaction: Transaction, target: Folder): Claim[] {
    return [...this.tokens(target)].flatMap((token) => this.#read(transaction, token) ?? []);
  }

  /** What is held, longest first; of very many not all are looked at. Looks into folders. */
  running(transaction: Transaction, limit: number): StoredRunning[] {
    const tokens: string[] = [];
    for (const token of this.#allTokens()) if (tokens.push(token) >= MOST_LISTED) break;
    const found: StoredRunning[] = [];
    for (const token of tokens.sort((left, right) => orderOf(left) < orderOf(right) ? -1 : 1)) {
      if (found.length >= limit) break;
      const claim = this.#read(transaction, token);
      if (claim !== undefined) found.push({ claim, ...holderIn(token) });
    }
    return found;
  }

  /** Takes from somebody what it holds, with the locks that were passed to it. Looks into folders. */
  recover(transaction: Transaction, target: Folder): Claim[] {
    const claims: Claim[] = [];
    for (const token of this.tokens(target)) {
      const claim = this.giveBack(transaction, token, "counted");
      if (claim !== undefined) claims.push(claim);
    }
    this.dropPassed(transaction, target);
    for (const folder of this.#folders(target)) transaction.emptied.push(`running/${folder}`);
    if (target.worker === undefined) transaction.emptied.push(`running/${target.consumer}`);
    return claims;
  }

  /** Drops the locks that were passed to workers, and leaves the gates. Looks into folders. */
  dropPassed(transaction: Transaction, target: Folder): void {
    const { heldLocks, gates } = this.#parts;
    for (const folder of this.#folders(target)) {
      const passed = heldLocks.gates(transaction, `${folder}/passed`);
      heldLocks.drop(transaction, `${folder}/passed`);
      for (const { key, name } of passed) gates.leave(transaction, key, name);
    }
  }

  /** The names of all messages that somebody holds, or whose place in a gate was passed to a worker. Looks into folders. */
  *names(transaction: Transaction): Generator<string> {
    for (const token of this.#allTokens()) yield fileOf(token);
    for (const consumer of this.consumers()) {
      for (const folder of this.#folders({ consumer })) {
        for (const { name } of this.#parts.heldLocks.gates(transaction, `${folder}/passed`)) yield name;
      }
    }
  }

  /** The folders of consumers that hold something. */
  consumers(): string[] {
    return this.#parts.disk.folders("running").filter((name) => FOLDER.test(name));
  }

  /** The claim of a message, by the beginning of its name. Looks into folders. */
  find(transaction: Transaction, message: string): StoredRunning | undefined {
    const token = this.tokenOf(message);
    const claim = token === undefined ? undefined : this.#read(transaction, token);
    return claim && { claim, ...holderIn(claim.token) };
  }

  /** The token of a message that is handed out, by the beginning of its name. Looks into folders. */
  tokenOf(message: string): string | undefined {
    for (const token of this.#allTokens()) if (fileOf(token).startsWith(`${message}.`)) return token;
    return undefined;
  }

  /** Everything that is handed out is forgotten, and so are the locks that are held. Looks into folders. */
  flush(transaction: Transaction): void {
    for (const token of [...this.#allTokens()]) this.#parts.heldLocks.drop(transaction, token);
    this.#parts.lost.set(transaction, FLUSHED, NOTHING, { order: transaction.newOrder() }, this.#parts.clock.now() + LOST_MS);
    for (const consumer of this.consumers()) {
      for (const token of this.#tokensIn(consumer)) transaction.remove(pathOf(token));
    }
  }

  /** A message that cannot be read becomes a dead letter. */
  setAside(transaction: Transaction, { path, name }: Shelved, message: Message | string | undefined): void {
    const { disk, deadLetters, gates, unique, clock } = this.#parts;
    // Somebody has taken the file away by hand.
    if (message === undefined && !disk.exists(path)) return;
    const isKnown = message !== undefined && typeof message !== "string";
    const id = `torn-${name}`;
    const { id: itemId, track } = isKnown ? message : { id, track: false };
    const burial = {
      id,
      kind: "unreadable" as const,
      reason: isKnown ? message.torn ?? "The file is torn" : message ?? "The message is no plain file",
      data: isKnown ? message.data : transaction.read(path) ?? NOTHING,
      atMs: clock.now(),
      ...isKnown && { taskId: itemId },
    };
    const steps = isKnown ? message.steps ?? itemId : undefined;
    disk.tell(`${path} in ${disk.root} is set aside as dead letter ${id}: ${burial.reason}`);
    deadLetters.bury(transaction, burial, { itemId, priority: priorityOf(name), track, steps });
    if (transaction.exists(path)) transaction.remove(path);
    else disk.refuse(path);
    if (!isKnown) return;
    unique.free(transaction, message, message.birth);
    if (message.gate !== undefined) gates.leave(transaction, message.gate.key, name);
  }

  /** What somebody holds. Looks into folders. */
  *tokens(target: Folder): Generator<string> {
    for (const folder of this.#folders(target)) yield* this.#tokensOf(folder);
  }

  #takeOne(transaction: Transaction, file: Shelved, owner: Owner): Claim | undefined {
    const message = readMessage(transaction.read(file.path), file.name);
    const isReadable = message !== undefined && typeof message !== "string";
    // Lib sets aside what it cannot decode, and fills its place in the chord; so it gets one that is torn, without data.
    if (!isReadable || (message.torn !== undefined && message.chord === undefined)) {
      return void this.setAside(transaction, file, message);
    }
    const parts = parseMessage(file.name);
    const { deliveries, begun } = parts;
    const since = sortableTime(this.#parts.clock.now());
    const name = `${waitingName({ ...parts, deliveries: deliveries + 1 })}.${since}.${transaction.newOrder()}`;
    const token = `${encodeName(owner.consumer)}/${encodeName(owner.worker)}/${name}`;
    transaction.move(file.path, pathOf(token));
    if (message.unique?.until === "start") this.#parts.unique.free(transaction, message, message.birth);
    return claimOf(message, token, deliveries + 1, begun);
  }

  #read(transaction: Transaction, token: string): Claim | undefined {
    const message = readMessage(transaction.read(pathOf(token)), fileOf(token));
    if (message === undefined || typeof message === "string" || message.torn !== undefined) return undefined;
    const { deliveries, begun } = parseMessage(fileOf(token));
    return claimOf(message, token, deliveries, begun || transaction.exists(begunPath(token)));
  }

  *#allTokens(): Generator<string> {
    for (const consumer of this.consumers()) yield* this.#tokensIn(consumer);
  }

  *#tokensIn(consumer: string): Generator<string> {
    for (const worker of this.#workers(consumer)) yield* this.#tokensOf(`${consumer}/${worker}`);
  }

  *#tokensOf(folder: string): Generator<string> {
    for (const file of this.#parts.disk.list(`running/${folder}`)) if (CLAIM.test(file)) yield `${folder}/${file}`;
  }

  #folders({ consumer, worker }: Folder): string[] {
    return (worker === undefined ? this.#workers(consumer) : [worker]).map((name) => `${consumer}/${name}`);
  }

  #workers(consumer: string): string[] {
    return this.#parts.disk.folders(`running/${consumer}`).filter((name) => FOLDER.test(name));
  }
}

/** Who holds locks that were passed to a worker. */
function passedHolder({ consumer, worker }: Owner): string {
  return `${encodeName(consumer)}/${encodeName(worker)}/passed`;
}

function claimOf(message: Message, token: string, deliveries: number, begun: boolean): Claim {
  const item = message.torn === undefined ? itemOf(message) : { ...itemOf(message), data: NOTHING };
  return { ...item, token, deliveries, ...begun && { begun } };
}

/** Who holds a claim, and since when. */
function holderIn(token: string): Omit<StoredRunning, "claim"> {
  const [consumer = "", worker = "", file = ""] = token.split("/");
  return {
    owner: { consumer: decodeName(consumer), worker: decodeName(worker) },
    sinceMs: numberOf(file.split(".")[3]!),
  };
}

/** Where the file of a claim is. */
function pathOf(token: string): string {
  return `running/${token}`;
}

function begunPath(token: string): string {
  return `running/${token}~begun`;
}

/** The name of the file of a claim. */
export function fileOf(token: string): string {
  return token.slice(token.lastIndexOf("/") + 1);
}

function orderOf(token: string): string {
  return token.slice(token.lastIndexOf(".") + 1);
}

/** Tokens come from outside: one that this driver has not made names no file. */
function isToken(token: string): boolean {
  const [consumer = "", worker = "", file = "", ...rest] = token.split("/");
  return rest.length === 0 && FOLDER.test(consumer) && FOLDER.test(worker) && CLAIM.test(file);
}
