/**
 * Claims and their tokens. What one request has claimed is kept together, so that it can also be dropped together.
 * @module
 */
import type { Claim, ClaimBatch, Owner } from "../../../lib/storage.ts";
import type { Argument } from "../connection/dial.ts";
import { deliveriesOf, isBegun, isTail, STAMP, StoredItem } from "./record.ts";

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
    const size = found.filter((part) => typeof part !== "number").length;
    const suffix = ownerText(this.name, this.#owner);
    const claims: Claim[] = [];
    let number = 0;
    // A number that is left out is the next one.
    for (const part of found) {
      if (typeof part === "number") number = part;
      else {
        if (isTail(part, STAMP)) claims.push(new StoredClaim({ request: this.name, size, number }, suffix, part));
        number++;
      }
    }
    return { claims, revocations: Number(revocations) > 0 };
  }
}

/** Who holds a claim that a script has listed. */
export function ownerOfRow([consumer, worker]: ClaimRow): Owner {
  return { consumer: String(consumer), worker: String(worker) };
}

/** The claims that a script has listed; what cannot be read is left out. */
export function claimsOfRows(rows: readonly ClaimRow[]): Claim[] {
  return rows.filter((row) => isTail(row[4], STAMP)).map((row) => {
    const [request, number] = [String(row[2]), Number(String(row[3]))];
    return new StoredClaim({ request, size: 0, number }, ownerText(request, ownerOfRow(row)), row[4]);
  });
}

/** Remembers what its token says, and more. */
class StoredClaim extends StoredItem implements Claim {
  readonly token: string;
  readonly deliveries: number;
  readonly begun: boolean;
  readonly #hold: Hold;

  /** @param suffix What stands behind the number in its token. */
  constructor(hold: Hold, suffix: string, record: Buffer) {
    super(record, STAMP);
    this.#hold = hold;
    this.token = `${hold.number}${suffix}`;
    this.deliveries = deliveriesOf(record, STAMP) + 1;
    this.begun = isBegun(record, STAMP);
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
