/**
 * The way of a message through Redis: enqueued, claimed, settled, or put back.
 * @module
 */
import type {
  ChordRecord,
  Claim,
  ClaimBatch,
  Enqueued,
  Item,
  Lease,
  Moved,
  Owner,
  Settled,
  Settlement,
} from "../../lib/storage.ts";
import { Batch } from "./batch.ts";
import { double } from "./bytes.ts";
import { ClaimRequest, Claims, holdOf, passedName } from "./claim.ts";
import type { RedisCore } from "./core.ts";
import { checkItem } from "./item.ts";
import { dueAndTail, enteredAnswer, enteredAnswers, entering, mustEnter, type Told } from "./entering.ts";
import { lastIndex, leaseArguments, movedItems } from "./ledger.ts";
import { COUNT, PENDING } from "./lua_data.ts";
import type { QueueKind } from "./lua_kinds.ts";
import type { QueueScripts } from "./lua_queue.ts";
import { cutArgument, packed, packedArguments } from "./pack.ts";
import { itemsOf, STAMP, tail } from "./record.ts";
import { isReply } from "./refusal.ts";
import { Added, packableChord, stateText } from "./settle.ts";
import { Settling } from "./settling.ts";

/** Most settlements, or calls of `enqueue`, that go as one, and their bytes. A script keeps the server from everything else. */
export const BATCH_LIMIT = 500;
export const BATCH_BYTES: number = 256 * 1024;

/** Most items that go as arguments of their own; a server takes no more than a million arguments. */
const MOST_ARGUMENTS = 100_000;

/** After an abort, how long a look that is under way may still take. */
const ANSWER_MS = 100;

/** What one call enqueues. */
interface Enqueuing {
  readonly items: readonly Item[];
  readonly chords: readonly ChordRecord[];
}

/** Messages of one queue. */
export class RedisQueue {
  readonly #core: RedisCore;
  readonly #scripts: QueueScripts;
  readonly #kind: QueueKind;
  readonly #enqueues: Batch<Enqueuing, Enqueued>;
  readonly #settling: Settling;
  #claimRequests = 0;
  /** Requests that were sent, and whose claims nobody has been given yet. */
  readonly #open = new Set<ClaimRequest>();
  /** Those of them whose claims nobody will be given, because the server did not answer in time. */
  readonly #lost = new Set<ClaimRequest>();

  constructor(core: RedisCore, scripts: QueueScripts, kind: QueueKind) {
    this.#core = core;
    this.#scripts = scripts;
    this.#kind = kind;
    const size = ({ items }: Enqueuing): number => items.reduce((sum, { data }) => sum + data.length + 100, 0);
    this.#enqueues = new Batch((batch) => this.#sendItems(batch), {
      limit: BATCH_LIMIT,
      bytes: BATCH_BYTES,
      size,
      leading: true,
    });
    this.#settling = new Settling(core, scripts);
    core.onClose(() => {
      this.#enqueues.flush();
      this.#settling.flush();
    });
  }

  /** @throws if the item can never be held */
  check(item: Item): void {
    checkItem(item, this.#core.settings.name, this.#kind);
  }

  async enqueue(items: readonly Item[], chords: readonly ChordRecord[] = []): Promise<Enqueued> {
    this.#core.assertOpen();
    for (const item of items) this.check(item);
    for (const { callback } of chords) this.check(callback);
    return items.length > 0 || chords.length > 0 ? await this.#enqueues.add({ items, chords }) : NOTHING_TO_TELL;
  }

  async enqueueOnce(key: string, ttlMs: number, item: Item): Promise<Enqueued | undefined> {
    this.#core.assertOpen();
    this.check(item);
    const args = [key, String(Math.ceil(ttlMs)), ...cutArgument(dueAndTail(item))];
    return enteredAnswer(await this.#core.calls.once(this.#scripts.enqueueOnce, args));
  }

  begin(claim: Claim): Promise<boolean> {
    return this.#settling.begin(claim);
  }

  /** Looks once. */
  async claim(limit: number, owner: Owner): Promise<ClaimBatch> {
    this.#core.assertOpen();
    // What ends now may be followed by something that comes first.
    const turn = this.#settling.turn;
    if (turn) await turn;
    const { request, batch } = this.#firstLook(limit, owner);
    return this.#handOut(request, await batch);
  }

  /** Looks, and then waits at the bell. */
  async claimOrWait(limit: number, owner: Owner, waitMs: number, signal: AbortSignal): Promise<ClaimBatch> {
    this.#core.assertOpen();
    const { clock } = this.#core;
    const deadline = clock.elapsed() + waitMs;
    const turn = this.#settling.turn;
    if (turn) await turn;
    let look = signal.aborted ? undefined : this.#firstLook(limit, owner);
    for (;;) {
      const isOver = signal.aborted || this.#core.isClosing;
      if (isOver && look === undefined) return NOTHING;
      const batch = await this.#lookUnlessAborted(look ?? this.#firstLook(limit, owner), signal);
      const remainingMs = deadline - clock.elapsed();
      if (batch.claims.length > 0 || remainingMs <= 0 || isOver) return batch;
      look = await this.#lookAtBell(limit, owner, remainingMs, signal);
    }
  }

  /** Not async: it is called for each task, and each promise costs. */
  settle(settlement: Settlement): Promise<Settled> {
    try {
      this.#core.assertOpen();
      if (settlement.enqueue) { for (const item of settlement.enqueue) this.check(item); }
      if (settlement.chords) { for (const { callback } of settlement.chords) this.check(callback); }
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#settling.add(settlement);
  }

  async release(claims: readonly Claim[]): Promise<void> {
    this.#core.assertOpen();
    if (claims.length === 0) return;
    await this.#giveBack(claims);
  }

  /** Claims of a consumer or of one of its workers. */
  async claimed({ consumer, worker }: { readonly consumer: string; readonly worker?: string }): Promise<Claim[]> {
    const target = [consumer, worker === undefined ? "0" : "1", worker ?? ""];
    const found = await this.#core.run(this.#scripts.claimed, ...target);
    return (found as RecoveredReply[]).flatMap(recoveredClaim);
  }

  async recover(target?: { readonly consumer: string; readonly worker?: string }, own?: Lease): Promise<Claim[]> {
    this.#core.assertOpen();
    const { consumer = "", worker } = target ?? {};
    const which = target === undefined ? "all" : worker === undefined ? "consumer" : "worker";
    const lease = own ? leaseArguments(own) : ["", "", "", ""];
    const unseen = packed(Array.from(this.#open, ({ name }) => name));
    const reply = await this.#core.calls.once(this.#scripts.recover, [consumer, which, worker ?? "", ...lease, unseen]);
    return (reply as RecoveredReply[]).flatMap(recoveredClaim);
  }

  async promoteDue(limit: number): Promise<Moved[]> {
    this.#core.assertOpen();
    if (limit <= 0) return [];
    return movedItems(await this.#core.calls.once(this.#scripts.promoteDue, [String(limit)]) as Buffer[]);
  }

  async promote(id: string): Promise<Moved | undefined> {
    this.#core.assertOpen();
    return movedItems(await this.#core.calls.once(this.#scripts.promote, [id]) as Buffer[])[0];
  }

  async requeueDeadLetter(id: string, item: Item, others: readonly string[] = []): Promise<Enqueued | undefined> {
    this.#core.assertOpen();
    this.check(item);
    const args = [id, packed(others), ...cutArgument(dueAndTail(item))];
    return enteredAnswer(await this.#core.calls.once(this.#scripts.requeue, args));
  }

  async leaveGate(claim: Claim): Promise<readonly Item[]> {
    this.#core.assertOpen();
    return itemsOf(await this.#core.calls.once(this.#scripts.leaveGate, [passedName(claim)]) as Buffer[], 0);
  }

  async endLease(consumer: string): Promise<void> {
    await this.#core.run(this.#scripts.endLease, consumer);
  }

  async pending(limit: number | undefined): Promise<Item[]> {
    if (limit !== undefined && limit <= 0) return [];
    const command = this.#kind === "list" ? "LRANGE" : "ZRANGE";
    return itemsOf(await this.#core.run(PENDING, lastIndex(limit), command) as Buffer[], STAMP);
  }

  async pendingCount(): Promise<number> {
    return await this.#core.run(COUNT, this.#kind === "list" ? "LLEN" : "ZCARD", "queue") as number;
  }

  async #giveBack(claims: readonly Claim[]): Promise<void> {
    if (claims.length === 0) return;
    const held = claims.map((claim) => [double(holdOf(claim).number), holdOf(claim).request, claim.token]);
    await this.#core.calls.repeatable(this.#scripts.release, () => packedArguments(held));
  }

  async #sendItems(batch: readonly Enqueuing[]): Promise<readonly Enqueued[]> {
    const { items: [first], chords } = batch[0]!;
    const isOne = batch.length === 1 && batch[0]!.items.length === 1 && chords.length === 0;
    if (batch.some(({ items }) => items.length > MOST_ARGUMENTS || items.some(isSpecial))) {
      return await this.#sendEntering(batch);
    }
    if (isOne && first!.dueMs === undefined && !first!.retry) {
      const bytes = tail(first!);
      await this.#core.calls.once(this.#scripts.enqueueOne, first!.track ? [bytes, first!.id, stateText(first!)] : [bytes]);
      return ONE_DONE;
    }
    const added = new Added();
    for (const { items } of batch) added.add(items);
    const stored = batch.flatMap((one) => one.chords.map(packableChord));
    const tails = added.queued.map(tail);
    const others = packedArguments([added.scheduled, added.states, stored]);
    await this.#core.calls.once(this.#scripts.enqueue, [String(tails.length), ...tails, ...others]);
    return Array(batch.length).fill(NOTHING_TO_TELL);
  }

  async #sendEntering(batch: readonly Enqueuing[]): Promise<readonly Enqueued[]> {
    const items = batch.flatMap((one) => one.items.map(entering));
    const stored = batch.flatMap((one) => one.chords.map(packableChord));
    const reply = await this.#core.calls.once(this.#scripts.enqueueEntering, packedArguments([items, stored]));
    return enteredAnswers(batch.map((one) => one.items.length), reply as Told[]);
  }

  #request(owner: Owner): ClaimRequest {
    return new ClaimRequest(`${this.#core.calls.instance}.${++this.#claimRequests}`, owner);
  }

  #firstLook(limit: number, owner: Owner): Look {
    const request = this.#request(owner);
    return { request, batch: this.#look(limit, request, false) };
  }

  /** One look. @param sent The request was sent before, and its reply is lost */
  async #look(limit: number, request: ClaimRequest, sent: boolean): Promise<ClaimBatch> {
    const { calls } = this.#core;
    this.#open.add(request);
    try {
      const batch = request.batch(await calls.repeatable(this.#scripts.claim, (again) => request.args(again || sent, limit)));
      if (this.#lost.size > 0) this.#giveBackLost();
      return batch;
    } catch (error) {
      const refused = request.sendings === 1 && isReply((error as Error).cause);
      if (request.sendings === 0 || refused) this.#open.delete(request);
      else this.#lost.add(request);
      throw error;
    }
  }

  /** What a look finds after the abort is given back; a server that does not answer is not waited for. */
  async #lookUnlessAborted({ request, batch }: Look, signal: AbortSignal): Promise<ClaimBatch> {
    const gone = Promise.withResolvers<undefined>();
    const end = (): void => void this.#core.pause(ANSWER_MS).then(() => gone.resolve(undefined));
    signal.addEventListener("abort", end);
    try {
      const found = await Promise.race([batch, gone.promise]);
      if (found && !signal.aborted) return this.#handOut(request, found);
      const released = batch.then((late) => this.#giveBackUnseen(request, late.claims));
      this.#core.background(released);
      if (found !== undefined) await released;
      return NOTHING;
    } finally {
      signal.removeEventListener("abort", end);
    }
  }

  /** @returns the look that the bell has led to; none if there was no ring in time */
  async #lookAtBell(limit: number, owner: Owner, limitMs: number, signal: AbortSignal): Promise<Look | undefined> {
    const request = this.#request(owner);
    const end = await this.#core.bell.wait({
      limitMs,
      signal,
      command: () => {
        this.#open.add(request);
        return this.#core.calls.commandOf(this.#scripts.claim, request.args(false, limit));
      },
      late: (reply) => this.#core.background(this.#giveBackLate(request, reply)),
    });
    if (end === "over") return undefined;
    return { request, batch: end === "lost" ? this.#look(limit, request, true) : Promise.resolve(request.batch(end.reply)) };
  }

  #handOut(request: ClaimRequest, batch: ClaimBatch): ClaimBatch {
    this.#open.delete(request);
    return batch;
  }

  /** Gives back what was claimed for nobody. */
  async #giveBackLate(request: ClaimRequest, reply: unknown): Promise<void> {
    const { claims } = reply === undefined ? await this.#look(0, request, true) : request.batch(reply);
    await this.#giveBackUnseen(request, claims);
  }

  async #giveBackUnseen(request: ClaimRequest, claims: readonly Claim[]): Promise<void> {
    try {
      await this.#giveBack(claims);
      this.#open.delete(request);
    } catch (error) {
      this.#lost.add(request);
      throw error;
    }
  }

  /** The server answers again: what it had claimed for calls that failed meanwhile would otherwise wait for the consumer's end. */
  #giveBackLost(): void {
    for (const request of this.#lost) this.#core.background(this.#giveBackLate(request, undefined));
    this.#lost.clear();
  }
}

/** Whether an item goes the way that is there for all: it has a gate or a key, or is too large to be an argument as it is. */
function isSpecial(item: Item): boolean {
  return mustEnter(item) || item.data.length > BATCH_BYTES / 2;
}

/** A look that is under way. */
interface Look {
  readonly request: ClaimRequest;
  readonly batch: Promise<ClaimBatch>;
}

const NOTHING_TO_TELL: Enqueued = {};
const ONE_DONE: readonly Enqueued[] = [NOTHING_TO_TELL];

const NOTHING: ClaimBatch = { claims: [], revocations: false };

type RecoveredReply = [consumer: Buffer, worker: Buffer, request: Buffer, number: Buffer, record: Buffer];

function recoveredClaim([consumer, worker, request, number, bytes]: RecoveredReply): readonly Claim[] {
  const owner = { consumer: String(consumer), worker: String(worker) };
  return new Claims(String(request), owner).claim(Number(String(number)), bytes);
}
