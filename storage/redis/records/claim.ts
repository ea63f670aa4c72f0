/**
 * Claims and their tokens. What one request has claimed is kept together, so that it can also be dropped together.
 * @module
 */
import type { Claim, ClaimBatch, Owner } from "../../../lib/storage.ts";
import type { Argument } from "../connection/dial.ts";
import { sizedText } from "./bytes.ts";
import { readTail, STAMP } from "./record.ts";

/** A claim as scripts list it. */
export type ClaimRow = [consumer: Buffer, worker: Buffer, request: Buffer, number: Buffer, record: Buffer, sinceMs: Buffer];

/** Where the server keeps a claim. */
export interface Hold {
  /** The request that claimed it. */
  readonly request: string;
  /** Its number; no other claim of the queue has it. */
  readonly number: number;
}

/** Who made a claim, as its token ends; the length keeps names with any characters apart. */
export function ownerText(request: string, { consumer, worker }: Owner): string {
  return `:${request}:${Buffer.byteLength(consumer)}:${consumer}${worker}`;
}

/**
 * One request for claims. Each sending has a name of its own and tells those of the earlier ones: what these have claimed goes back in the same step,
 * and if the server gets round to one of them only later, it finds that it is over.
 */
export class ClaimRequest {
  readonly #name: string;
  readonly #owner: Owner;
  readonly #mark: Buffer;
  readonly #sent: string[] = [];

  /** @param name No other request of the queue has it. */
  constructor(name: string, owner: Owner) {
    this.#name = name;
    this.#owner = owner;
    // As `state` tells it; the server writes since when in front of it.
    this.#mark = sizedText(owner.worker);
  }

  /** Names of the sendings so far that may have reached the server. */
  get sent(): readonly string[] {
    return this.#sent;
  }

  /**
   * Arguments of the claim script, for one sending.
   * @param again It was sent before, and may have run
   * @param limit Most claims
   */
  args(again: boolean, limit: number): Argument[] {
    if (!again) this.#sent.length = 0;
    const earlier = [...this.#sent];
    this.#sent.push(`${this.#name}.${earlier.length}`);
    return [this.#mark, String(limit), this.#sent.at(-1)!, this.#owner.consumer, ...earlier];
  }

  /** What the script replied to the last sending. */
  batch(reply: unknown): ClaimBatch {
    const [revocations, first, ...records] = reply as [number, number?, ...Buffer[]];
    const suffix = ownerText(this.#sent.at(-1)!, this.#owner);
    const claims = records.flatMap((record, index) => claimOf(`${first! + index}${suffix}`, record, records.length));
    return { claims, revocations: revocations > 0 };
  }
}

/** A claim knows how many its request has claimed: the server is asked once for all of them. */
const SIZE = Symbol("size");

/** The claim of a record; none if that cannot be read. @param size How many the request has claimed, if that is known */
function claimOf(token: string, bytes: Buffer, size?: number): Claim[] {
  const record = readTail(bytes, STAMP);
  return record ? [{ ...record, token, deliveries: record.deliveries + 1, [SIZE]: size } as Claim] : [];
}

/** How many the request of a claim has claimed; `undefined` if that is not known. */
export function sizeOfRequest(claim: Claim): number | undefined {
  return (claim as { [SIZE]?: number })[SIZE];
}

/** Who holds a claim that a script has listed. */
export function ownerOfRow([consumer, worker]: ClaimRow): Owner {
  return { consumer: String(consumer), worker: String(worker) };
}

/** The claims that a script has listed; what cannot be read is left out. */
export function claimsOfRows(rows: readonly ClaimRow[]): Claim[] {
  return rows.flatMap((row) => claimOf(`${row[3]}${ownerText(String(row[2]), ownerOfRow(row))}`, row[4]));
}

/** Where a claim is, also one that came from another process. */
export function holdOf({ token }: Claim): Hold {
  const [number, request] = token.split(":", 2) as [string, string];
  return { number: Number(number), request };
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
