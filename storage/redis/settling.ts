/**
 * Settlements on their way: gathered, sent as one, and told apart again.
 * @module
 */
import type { Claim, Item, Moved, Settled, Settlement } from "../../lib/storage.ts";
import { Batch } from "./batch.ts";
import { double } from "./bytes.ts";
import { holdOf } from "./claim.ts";
import type { RedisCore } from "./core.ts";
import type { SettleScripts } from "./lua_settle.ts";
import { packedArguments } from "./pack.ts";
import { itemsOf } from "./record.ts";
import { callbackOf, plainEnd, SettlementColumns, sizeOf } from "./settle.ts";

/** Most settlements that go as one, and their bytes. A script keeps the server from everything else. */
const BATCH_LIMIT = 500;
const BATCH_BYTES = 256 * 1024;

/** What the settle script replies when claims are missing and it was not told which there were. */
const UNTOLD = "?";

const HELD: Settled = { held: true };
const NOT_HELD: Settled = { held: false };

/** Settles for one storage. */
export class Settling {
  readonly #core: RedisCore;
  readonly #scripts: SettleScripts;
  readonly #settlements: Batch<Settlement, Settled>;
  readonly #begun: Batch<Claim, boolean>;

  constructor(core: RedisCore, scripts: SettleScripts) {
    this.#core = core;
    this.#scripts = scripts;
    const common = { limit: BATCH_LIMIT, bytes: BATCH_BYTES };
    this.#settlements = new Batch((batch) => this.#send(batch), { ...common, size: sizeOf, leading: false });
    this.#begun = new Batch((batch) => this.#sendBegun(batch), { ...common, size: () => 0, leading: false });
  }

  /** Ends when the settlements of this turn have been sent; `undefined` if there are none. */
  get turn(): Promise<void> | undefined {
    return this.#settlements.turn;
  }

  /** Settles. What cannot be held was refused before. */
  add(settlement: Settlement): Promise<Settled> {
    return this.#settlements.add(settlement);
  }

  /** Marks a claim as begun. @returns whether it is held */
  async begin(claim: Claim): Promise<boolean> {
    this.#core.assertOpen();
    return await this.#begun.add(claim);
  }

  /** Sends what waits, now. */
  flush(): void {
    this.#begun.flush();
    this.#settlements.flush();
  }

  async #send(batch: readonly Settlement[]): Promise<readonly Settled[]> {
    if (batch.length > 1 && batch.some(({ claim }) => claim === undefined)) return await this.#sendApart(batch);
    const { expireMs } = this.#core.settings;
    const plain = batch.length === 1 ? plainEnd(batch[0]!, expireMs) : undefined;
    if (plain) {
      const { reply, again } = await this.#run("settleOne", plain);
      return reply === "" ? [HELD] : [await this.#lateAnswer(batch[0]!, again)];
    }
    return await this.#sendColumns(batch, new SettlementColumns(expireMs));
  }

  /** Nothing but a kept reply tells whether one without a claim was written, so each of those is on its own. */
  async #sendApart(batch: readonly Settlement[]): Promise<readonly Settled[]> {
    const claimed = batch.filter(({ claim }) => claim !== undefined);
    const together = claimed.length > 0 ? this.#send(claimed) : Promise.resolve([]);
    const alone = batch.map((settlement) => settlement.claim ? undefined : this.#send([settlement]));
    const written = [...await together];
    return await Promise.all(alone.map(async (one) => one ? (await one)[0]! : written.shift()!));
  }

  /** Those whose claim is gone spoil the batch, so the others go again without them. */
  async #sendColumns(batch: readonly Settlement[], columns: SettlementColumns): Promise<readonly Settled[]> {
    const first = batch.map((settlement) => columns.add(settlement));
    if (!batch[0]!.claim) {
      return answers(batch, columns, await this.#core.calls.once(this.#scripts.settleUnclaimed, columns.args(true)));
    }
    let { reply, again } = await this.#run("settle", columns.args(false));
    if (reply === UNTOLD) {
      const told = await this.#run("settle", columns.args(true));
      reply = told.reply;
      again ||= told.again;
    }
    if (typeof reply !== "string") return answers(batch, columns, reply);
    if (reply === "") return first.map((isFirst) => isFirst ? HELD : NOT_HELD);
    const gone = new Set(reply.split(" ").map(Number));
    const isGone = ({ claim }: Settlement): boolean => claim !== undefined && gone.has(holdOf(claim).number);
    const others = batch.filter((settlement, index) => first[index] && !isGone(settlement));
    const written = others.length > 0 ? [...await this.#send(others)] : [];
    return await Promise.all(batch.map((settlement, index) => {
      if (!first[index]) return NOT_HELD;
      return isGone(settlement) ? this.#lateAnswer(settlement, again) : written.shift()!;
    }));
  }

  /** Of a settlement whose claim is gone: it is either written, and its reply was lost, or too late. */
  async #lateAnswer({ claim, chord, again }: Settlement, sentAgain: boolean): Promise<Settled> {
    if (!claim || !(sentAgain || again)) return NOT_HELD;
    const asked = packedArguments([[String(holdOf(claim).number), chord?.id]]);
    const [fate] = await this.#core.calls.repeatable(this.#scripts.fate, () => asked) as [Buffer];
    if (String(fate.subarray(0, 1)) !== "1") return NOT_HELD;
    const callback = fate.length > 1 ? callbackOf(fate.subarray(1)) : undefined;
    return callback ? { held: true, callback } : HELD;
  }

  /** Sends until there is a reply. `again`: more than once, so that an earlier one may have been carried out. */
  async #run(script: "settle" | "settleOne", args: ReturnType<SettlementColumns["args"]>): Promise<Reply> {
    let again = false;
    const reply = await this.#core.calls.repeatable(this.#scripts[script], (isAgain) => {
      again = isAgain;
      return args;
    });
    return { again, reply: Array.isArray(reply) ? reply as Told[] : String(reply) };
  }

  async #sendBegun(batch: readonly Claim[]): Promise<readonly boolean[]> {
    const claims = packedArguments(batch.map((claim) => [holdOf(claim).request, double(holdOf(claim).number)]));
    const held = await this.#core.calls.repeatable(this.#scripts.begin, () => claims) as number[];
    return held.map((one) => one === 1);
  }
}

interface Reply {
  readonly again: boolean;
  /** Text, or what has become of some: words, numbers and values in turn, see the script. */
  readonly reply: string | readonly Told[];
}

type Told = number | Buffer;

/** A `Settled` in the making. */
interface Answer {
  held: boolean;
  callback?: Moved;
  blocked?: Set<number>;
  admitted?: Item[];
}

/** All are written, and of some there is more to tell. */
function answers(batch: readonly Settlement[], columns: SettlementColumns, reply: unknown): readonly Settled[] {
  const told = Array.isArray(reply) ? answersByOne(columns, reply as Told[]) : undefined;
  const seen = new Set<string>();
  return batch.map((settlement) => {
    const token = settlement.claim?.token;
    if (token !== undefined && seen.has(token)) return NOT_HELD;
    if (token !== undefined) seen.add(token);
    return told?.get(settlement) ?? HELD;
  });
}

function answersByOne(columns: SettlementColumns, parts: readonly Told[]): Map<Settlement, Settled> {
  const found = new Map<Settlement, Answer>();
  for (let index = 0; index < parts.length; index += 3) {
    const word = String(parts[index]);
    const number = parts[index + 1] as number;
    const isOfReport = word === "callback" || word === "waits";
    const settlement = isOfReport ? columns.reporter(number) : columns.enterer(number);
    let answer = found.get(settlement);
    if (answer === undefined) found.set(settlement, answer = { held: true });
    addTold(answer, word, parts[index + 2]!);
  }
  return found;
}

function addTold(answer: Answer, word: string, value: Told): void {
  if (word === "blocked") (answer.blocked ??= new Set()).add(value as number);
  else if (word === "admitted") (answer.admitted ??= []).push(...itemsOf([value as Buffer], 0));
  else {
    const callback = callbackOf(value as Buffer);
    if (callback) answer.callback = word === "waits" ? { ...callback, blocked: true } : callback;
  }
}
