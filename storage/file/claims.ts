/**
 * Claims: messages in the folder of the worker that holds them. The path of the file is the token; a rename makes it and ends it.
 * @module
 */
import type { Claim, Owner, StoredLease } from "../../lib/storage.ts";
import { DecodeError } from "../../lib/errors.ts";
import { type Disk, pauseAt } from "./disk.ts";
import { ISOLATE_SUFFIX, nextNumber } from "./isolate.ts";
import { deliveriesOf, encodeName, queuePath, sortableTime, stemOf } from "./layout.ts";
import type { FileQueue } from "./queue.ts";
import { decodeRecord, decodeWhole } from "./record.ts";
import { decodeItem } from "./steps.ts";

/** A consumer, or one of its workers, by the names of their folders. */
export interface Holder {
  readonly consumer: string;
  readonly worker?: string | undefined;
}

/** The folders of a consumer or worker. */
export function holderOf(owner: { readonly consumer: string; readonly worker?: string | undefined }): Holder {
  return { consumer: encodeName(owner.consumer), worker: owner.worker === undefined ? undefined : encodeName(owner.worker) };
}

/** What claims need from others. */
export interface ClaimHooks {
  /** Makes a dead letter of a claimed file that cannot be read. */
  setAside(token: string, data: Uint8Array, reason: string): Promise<void>;
  /** Drops the locks that a claim holds. */
  dropLocks(token: string): Promise<void>;
}

/** All claims. */
export class FileClaims {
  readonly #disk: Disk;
  readonly #queue: FileQueue;
  readonly #hooks: ClaimHooks;

  constructor(disk: Disk, queue: FileQueue, hooks: ClaimHooks) {
    this.#disk = disk;
    this.#queue = queue;
    this.#hooks = hooks;
  }

  /** Takes the first messages. */
  async take(limit: number, owner: Owner): Promise<Claim[]> {
    const claims: Claim[] = [];
    let looked = 0;
    for (const priority of this.#queue.priorities()) {
      while (claims.length < limit) {
        const file = this.#queue.next(priority);
        if (file === undefined) break;
        const claim = await this.#takeOne(file, owner);
        if (claim) claims.push(claim);
        await pauseAt(looked++);
      }
    }
    return claims;
  }

  /**
   * Puts a claim back in its place, and drops its locks.
   *
   * @param isCounted Whether the hand-out counts as one.
   * @returns whether the claim was still held
   */
  async putBack(token: string, isCounted: boolean): Promise<boolean> {
    const file = token.slice(token.lastIndexOf("/") + 1);
    const queued = stemOf(file) + Math.max(0, deliveriesOf(file) - (isCounted ? 0 : 1));
    if (!this.#disk.exists(claimPath(token))) return false;
    await this.#hooks.dropLocks(token);
    return this.#disk.move(claimPath(token), queuePath(queued));
  }

  /** What somebody holds, oldest first. */
  async list(holder: Holder): Promise<Claim[]> {
    const claims: Claim[] = [];
    let looked = 0;
    for (const token of this.#tokens(holder)) {
      const record = decodeWhole(this.#disk.read(claimPath(token)));
      if (record) claims.push({ ...decodeItem(record, token.slice(token.lastIndexOf("/") + 1)), token });
      await pauseAt(looked++);
    }
    return claims;
  }

  /**
   * Puts back what somebody holds.
   *
   * @returns What was put back; one that cannot be read is set aside instead.
   */
  async recover(holder: Holder): Promise<Claim[]> {
    const claims: Claim[] = [];
    for (const token of this.#tokens(holder)) {
      const claim = await this.#read(token);
      if (claim === undefined) continue;
      if (await this.putBack(token, true)) claims.push(claim);
      await pauseAt(claims.length);
    }
    return claims;
  }

  /** Consumers that hold something and have no lease (any more). */
  orphans(leases: readonly StoredLease[]): string[] {
    const alive = new Set(leases.filter((lease) => lease.expiresMs > Date.now()).map((lease) => encodeName(lease.consumer)));
    return this.#disk.list("claims").filter((folder) => !alive.has(folder));
  }

  /** Removes the empty folders of a consumer that is gone. */
  tidy(consumer: string): void {
    for (const worker of this.#disk.list(`claims/${consumer}`)) this.#disk.removeEmpty(`claims/${consumer}/${worker}`);
    this.#disk.removeEmpty(`claims/${consumer}`);
  }

  async #takeOne(file: string, owner: Owner): Promise<Claim | undefined> {
    // The number, because a message may be handed out, put back and handed out again within one millisecond.
    const claimed = `${stemOf(file)}${deliveriesOf(file) + 1}.${sortableTime(Date.now())}.${nextNumber()}-${ISOLATE_SUFFIX}`;
    const token = `${encodeName(owner.consumer)}/${encodeName(owner.worker)}/${claimed}`;
    return this.#disk.move(queuePath(file), claimPath(token)) ? await this.#read(token) : undefined;
  }

  async #read(token: string): Promise<Claim | undefined> {
    const bytes = this.#disk.read(claimPath(token));
    if (bytes === undefined) return undefined;
    try {
      return { ...decodeItem(decodeRecord(bytes), token.slice(token.lastIndexOf("/") + 1)), token };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      await this.#hooks.setAside(token, bytes, error.message);
      return undefined;
    }
  }

  *#tokens({ consumer, worker }: Holder): Generator<string> {
    for (const name of worker === undefined ? this.#disk.list(`claims/${consumer}`) : [worker]) {
      for (const file of this.#disk.list(`claims/${consumer}/${name}`)) yield `${consumer}/${name}/${file}`;
    }
  }
}

/** Where the file of a claim is. */
export function claimPath(token: string): string {
  return `claims/${token}`;
}
