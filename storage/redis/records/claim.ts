/**
 * Claims and their tokens. What one request has claimed is kept together, so that it can also be dropped together.
 * @module
 */
import type { ChordPlace, Claim, ClaimBatch, Gate, Owner, UniqueKey } from "../../../lib/storage.ts";
import type { Argument } from "../connection/dial.ts";
import { type ReadRecord, readTail, STAMP } from "./record.ts";

/** A claim as scripts list it. */
export type ClaimRow = [consumer: Buffer, worker: Buffer, request: Buffer, number: Buffer, record: Buffer, sinceMs: Buffer];

/** Where the server keeps a claim. */
export interface Hold {
  /** The request that claimed it, and how many it claimed; 0 if that is not known here. */
  readonly request: string;
  readonly size: number;
  /** Its number; no other claim of the queue has it. */
  readonly number: number;
}

/** Who made a claim, as its token ends; lengths keep names with any characters apart. */
export function ownerText(request: string, { consumer, worker }: Owner): string {
  return `:${request}:${consumer.length}:${Buffer.byteLength(consumer)}:${consumer}${worker}`;
}

/** One request for claims. Sent again it finds what it has claimed before. */
export class ClaimRequest {
  /** No other request of the queue has it. */
  readonly name: string;
  readonly #owner: Owner;
  readonly #mark: Buffer;
  #sendings = 0;

  /** @param name No other request of the queue has it. */
  constructor(name: string, owner: Owner) {
    this.name = name;
    this.#owner = owner;
    this.#mark = workerMark(owner.worker);
  }

  /** Sendings so far that may have reached the server. */
  get sendings(): number {
    return this.#sendings;
  }

  /**
   * Arguments of the claim script, for one sending.
   * @param again It was sent before, and may have run
   * @param limit 0 only finds what was claimed before
   */
  args(again: boolean, limit: number): Argument[] {
    this.#sendings = again ? this.#sendings + 1 : 1;
    return [this.#mark, String(this.#sendings - 1), String(limit), this.name, this.#owner.consumer];
  }

  /** What the script replied. */
  batch(reply: unknown): ClaimBatch {
    const [revocations, ...found] = reply as (number | Buffer)[];
    const size = found.reduce<number>((count, part) => typeof part === "number" ? count : count + 1, 0);
    const made = new Claims(this.name, this.#owner, size);
    const claims: Claim[] = [];
    let number = 0;
    // A number that is left out is the next one.
    for (const part of found) {
      if (typeof part === "number") number = part;
      else claims.push(...made.claim(number++, part));
    }
    return { claims, revocations: Number(revocations) > 0 };
  }
}

/** The claims of one request, from the number of the first one and the records. */
export class Claims {
  readonly #request: string;
  readonly #size: number;
  readonly #suffix: string;

  /** @param size How many there are; 0 if there may be more than are made here. */
  constructor(request: string, owner: Owner, size: number = 0) {
    this.#request = request;
    this.#size = size;
    this.#suffix = ownerText(request, owner);
  }

  /** The claim of a record; none if that cannot be read. */
  claim(number: number, bytes: Buffer): readonly Claim[] {
    const record = readTail(bytes, STAMP);
    const hold = { request: this.#request, size: this.#size, number };
    return record ? [new StoredClaim(hold, `${number}${this.#suffix}`, record)] : [];
  }
}

/** Who holds a claim that a script has listed. */
export function ownerOfRow([consumer, worker]: ClaimRow): Owner {
  return { consumer: String(consumer), worker: String(worker) };
}

/** The claims that a script has listed; what cannot be read is left out. */
export function claimsOfRows(rows: readonly ClaimRow[]): Claim[] {
  return rows.flatMap((row) => new Claims(String(row[2]), ownerOfRow(row)).claim(Number(String(row[3])), row[4]));
}

/** Remembers what its token says, and more. */
class StoredClaim implements Claim {
  readonly id: string;
  readonly data: Uint8Array;
  readonly priority: number;
  readonly retry: boolean;
  readonly track: boolean;
  readonly chord: ChordPlace | undefined;
  readonly gate: Gate | undefined;
  readonly unique: UniqueKey | undefined;
  readonly steps: string | undefined;
  readonly about: string | undefined;
  readonly token: string;
  readonly deliveries: number;
  readonly begun: boolean;
  readonly #hold: Hold;

  constructor(hold: Hold, token: string, record: ReadRecord) {
    this.#hold = hold;
    this.id = record.id;
    this.data = record.data;
    this.priority = record.priority;
    this.retry = record.retry;
    this.track = record.track;
    this.chord = record.chord;
    this.gate = record.gate;
    this.unique = record.unique;
    this.steps = record.steps;
    this.about = record.about;
    this.token = token;
    this.deliveries = record.deliveries + 1;
    this.begun = record.begun;
  }

  static holdOf(claim: Claim): Hold {
    return #hold in claim ? claim.#hold : { ...partsOf(claim.token), size: 0 };
  }
}

/** Where a claim is, also one that came from another process. */
export function holdOf(claim: Claim): Hold {
  return StoredClaim.holdOf(claim);
}

function partsOf(token: string): { number: number; request: string; worker: string } {
  const [number, request, length] = token.split(":", 3) as [string, string, string];
  const start = token.indexOf(":", number.length + request.length + length.length + 3) + 1;
  return { number: Number(number), request, worker: token.slice(start + Number(length)) };
}

/** The name of a gate that a claim has passed to a worker. */
export function passedName(claim: Claim): string {
  const { request, number } = holdOf(claim);
  return `${number}:${request}`;
}

/** Who holds the locks of a claim once they have gone over to a worker; `p` tells them from those of a claim. */
export function heirOf(claim: Claim, heir: Owner): string {
  const { request, number } = holdOf(claim);
  return `p${number}${ownerText(request, heir)}`;
}

/** The worker, as `state` tells it; the server writes since when in front of it. */
export function workerMark(worker: string): Buffer {
  const name = Buffer.from(worker);
  const length = Buffer.allocUnsafe(2);
  length.writeUInt16BE(name.length);
  return Buffer.concat([length, name]);
}
