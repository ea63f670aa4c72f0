/**
 * The way of a message through Redis: enqueued, claimed, settled, or put back.
 * @module
 */
import type { Claim, ClaimBatch, ClaimOptions, Item, Owner, Settlement } from "../../lib/storage.ts";
import { Batch } from "./batch.ts";
import { entry, readRecord, record } from "./bytes.ts";
import { isReply } from "./calls.ts";
import { ClaimRequest, Claims, holdOf } from "./claim.ts";
import type { RedisCore } from "./core.ts";
import { checkItem } from "./item.ts";
import type { QueueKind } from "./lua.ts";
import type { QueueScripts } from "./lua_queue.ts";
import { packed } from "./pack.ts";
import { Added, plainEnd, SettlementColumns } from "./settle.ts";

/** Most settlements, or calls of `enqueue`, that go as one. A script keeps the server from everything else. */
const BATCH_LIMIT = 500;

/** After an abort, how long a look that is under way may still take. */
const ANSWER_MS = 100;

/** Intervals between two looks when nothing else is said. */
const POLL = { initialMs: 100, backoff: 1.15, maxMs: 1000 };

/** Messages of one queue. */
export class RedisQueue {
  readonly #core: RedisCore;
  readonly #scripts: QueueScripts;
  readonly #kind: QueueKind;
  readonly #enqueues: Batch<readonly Item[], undefined>;
  readonly #settlements: Batch<Settlement, boolean>;
  #claimRequests = 0;
  /** Requests that were sent, and whose claims nobody has been given yet. */
  readonly #open = new Set<ClaimRequest>();
  /** Those of them whose claims nobody will be given, because the server did not answer in time. */
  readonly #lost = new Set<ClaimRequest>();

  constructor(core: RedisCore, scripts: QueueScripts, kind: QueueKind) {
    this.#core = core;
    this.#scripts = scripts;
    this.#kind = kind;
    this.#enqueues = new Batch((batch) => this.#sendItems(batch), { limit: BATCH_LIMIT, leading: true });
    this.#settlements = new Batch((batch) => this.#sendSettlements(batch), { limit: BATCH_LIMIT, leading: false });
    core.onClose(() => {
      this.#enqueues.flush();
      this.#settlements.flush();
    });
  }

  /** @throws if the item can never be held */
  check(item: Item): void {
    checkItem(item, this.#core.settings.name, this.#kind);
  }

  async enqueue(items: readonly Item[]): Promise<void> {
    this.#core.assertOpen();
    for (const item of items) this.check(item);
    if (items.length > 0) await this.#enqueues.add(items);
  }

  async enqueueOnce(key: string, ttlMs: number, item: Item): Promise<boolean> {
    this.check(item);
    const slot = entry(new Uint8Array(), Date.now() + ttlMs);
    return await this.#core.calls.once(this.#scripts.enqueueOnce, [packed(new Added().add([item]).columns), key, slot]) === 1;
  }

  async claim(limit: number, options: ClaimOptions): Promise<ClaimBatch> {
    const { signal, owner } = options;
    this.#core.assertOpen();
    if (signal?.aborted) return NOTHING;
    const first = await this.#lookUnlessAborted(this.#firstLook(limit, owner), signal);
    if (first.claims.length > 0 || options.waitMs <= 0 || this.#core.isClosing) return first;
    return this.#core.settings.blocking ? await this.#claimAtBell(limit, options) : await this.#claimByPolling(limit, options);
  }

  /** Not async: it is called for each task, and each promise costs. */
  settle(settlement: Settlement): Promise<boolean> {
    try {
      this.#core.assertOpen();
      if (settlement.enqueue) { for (const item of settlement.enqueue) this.check(item); }
      if (settlement.chord) this.check(settlement.chord.callback);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#settlements.add(settlement);
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
    return (found as RecoveredReply[]).map(recoveredClaim);
  }

  async recover(target?: { readonly consumer: string; readonly worker?: string }): Promise<Claim[]> {
    const { consumer = "", worker } = target ?? {};
    const which = target === undefined ? "all" : worker === undefined ? "consumer" : "worker";
    const args = [consumer, which, worker ?? "", packed(Array.from(this.#open, ({ name }) => name))];
    return (await this.#core.calls.once(this.#scripts.recover, args) as RecoveredReply[]).map(recoveredClaim);
  }

  async promoteDue(nowMs: number, limit: number): Promise<Item[]> {
    this.#core.assertOpen();
    if (limit <= 0) return [];
    const moved = await this.#core.calls.once(this.#scripts.promote, [String(nowMs), String(limit)]) as Buffer[];
    return dueItems(moved);
  }

  async requeueDeadLetter(id: string): Promise<boolean> {
    return await this.#core.calls.once(this.#scripts.requeue, [id]) === 1;
  }

  async pending(limit: number | undefined): Promise<Item[]> {
    if (limit !== undefined && limit <= 0) return [];
    const command = this.#kind === "list" ? "LRANGE" : "ZRANGE";
    const found = await this.#core.calls.command([command, this.#key, "0", lastIndex(limit)]) as Buffer[];
    return found.map((bytes) => readRecord(bytes).item);
  }

  async pendingCount(): Promise<number> {
    return await this.#core.calls.command([this.#kind === "list" ? "LLEN" : "ZCARD", this.#key]) as number;
  }

  async #giveBack(claims: readonly Claim[]): Promise<void> {
    if (claims.length === 0) return;
    const held = claims.map((claim) => [String(holdOf(claim).number), holdOf(claim).request, claim.token]);
    await this.#core.calls.once(this.#scripts.release, [packed(held)]);
  }

  get #key(): string {
    return `${this.#core.prefix}queue`;
  }

  async #sendItems(batch: readonly (readonly Item[])[]): Promise<readonly undefined[]> {
    const [first] = batch[0]!;
    if (batch.length === 1 && batch[0]!.length === 1 && first!.dueMs === undefined && !first!.retry) {
      const bytes = record(first!);
      await this.#core.calls.once(this.#scripts.enqueueOne, first!.track ? [bytes, first!.id] : [bytes]);
      return ONE_DONE;
    }
    const added = new Added();
    for (const items of batch) added.add(items);
    await this.#core.calls.once(this.#scripts.enqueue, [packed(added.columns)]);
    return Array(batch.length).fill(undefined);
  }

  /** Those whose claim is gone spoil the batch, so the others go again without them. */
  async #sendSettlements(batch: readonly Settlement[]): Promise<boolean[]> {
    const { expireMs } = this.#core.settings;
    const plain = batch.length === 1 && expireMs === undefined ? plainEnd(batch[0]!) : undefined;
    if (plain) return [String(await this.#core.calls.once(this.#scripts.settleOne, plain)) === ""];
    const expiresMs = expireMs === undefined ? undefined : Date.now() + expireMs;
    const columns = new SettlementColumns(expiresMs);
    const first = batch.map((settlement) => columns.add(settlement));
    const settle = async (inFull: boolean): Promise<string> =>
      String(await this.#core.calls.once(this.#scripts.settle, [columns.packed(inFull), String(expiresMs ?? 0)]));
    let missing = await settle(false);
    if (missing === UNTOLD) missing = await settle(true);
    if (missing === "") return first;
    const gone = new Set(missing.split(" ").map(Number));
    const isHeld = ({ claim }: Settlement, index: number): boolean =>
      first[index]! && !(claim && gone.has(holdOf(claim).number));
    const again = batch.filter(isHeld);
    const written = again.length > 0 ? await this.#sendSettlements(again) : [];
    return batch.map((settlement, index) => isHeld(settlement, index) && written.shift()!);
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
  async #lookUnlessAborted({ request, batch }: Look, signal: AbortSignal | undefined): Promise<ClaimBatch> {
    if (signal === undefined) return this.#handOut(request, await batch);
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

  async #claimAtBell(limit: number, options: ClaimOptions): Promise<ClaimBatch> {
    return await this.#claimAfter(limit, options, async (remainingMs) => {
      const request = this.#request(options.owner);
      const end = await this.#core.bell.wait({
        limitMs: remainingMs,
        signal: options.signal,
        command: () => {
          this.#open.add(request);
          return this.#core.calls.commandOf(this.#scripts.claim, request.args(false, limit));
        },
        late: (reply) => this.#core.background(this.#giveBackLate(request, reply)),
      });
      if (end === "over") return undefined;
      const batch = end === "lost" ? this.#look(limit, request, true) : Promise.resolve(request.batch(end.reply));
      return { request, batch };
    });
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

  async #claimByPolling(limit: number, options: ClaimOptions): Promise<ClaimBatch> {
    const poll = options.poll ?? POLL;
    let intervalMs = poll.initialMs;
    return await this.#claimAfter(limit, options, async (remainingMs) => {
      await this.#core.pause(Math.min(intervalMs, remainingMs), options.signal);
      intervalMs = Math.min(intervalMs * poll.backoff, poll.maxMs);
      return undefined;
    });
  }

  /** Looks again after each wait, until something is there or the time is over. `wait` may have looked, which is then not to be lost. */
  async #claimAfter(
    limit: number,
    { owner, signal, waitMs }: ClaimOptions,
    wait: (remainingMs: number) => Promise<Look | undefined>,
  ): Promise<ClaimBatch> {
    const deadline = performance.now() + waitMs;
    for (;;) {
      const remainingMs = deadline - performance.now();
      const looked = remainingMs > 0 ? await wait(remainingMs) : undefined;
      const isOver = signal?.aborted || this.#core.isClosing;
      if (isOver && looked === undefined) return NOTHING;
      const batch = await this.#lookUnlessAborted(looked ?? this.#firstLook(limit, owner), signal);
      if (batch.claims.length > 0 || remainingMs <= 0 || isOver) return batch;
    }
  }
}

/** A look that is under way. */
interface Look {
  readonly request: ClaimRequest;
  readonly batch: Promise<ClaimBatch>;
}

const ONE_DONE: readonly undefined[] = [undefined];

const NOTHING: ClaimBatch = { claims: [], revocations: false };

/** What the settle script replies when claims are missing and it was not told which there were. */
const UNTOLD = "?";

type RecoveredReply = [consumer: Buffer, worker: Buffer, request: Buffer, number: Buffer, record: Buffer];

function recoveredClaim([consumer, worker, request, number, bytes]: RecoveredReply): Claim {
  const owner = { consumer: String(consumer), worker: String(worker) };
  return new Claims(String(request), owner).claim(Number(String(number)), bytes);
}

/** Items from a list of due times and records. */
export function dueItems(flat: readonly Buffer[]): Item[] {
  return Array.from({ length: flat.length / 2 }, (_, index) => {
    return { ...readRecord(flat[2 * index + 1]!).item, dueMs: Number(String(flat[2 * index])) };
  });
}

/** Index of the last of `limit` items. */
export function lastIndex(limit: number | undefined): string {
  return limit === undefined || limit === Infinity ? "-1" : String(limit - 1);
}
