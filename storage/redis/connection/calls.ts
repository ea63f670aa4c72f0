/**
 * Running scripts: each effect once, also when a connection breaks and the reply is lost.
 * @module
 */
import { StorageError } from "../../../lib/errors.ts";
import { type Clock, sleep } from "../../../lib/primitives/clock.ts";
import type { Argument } from "./dial.ts";
import { closedError, type Link } from "./link.ts";
import { type QueueKind, REPLIES_KEPT, type Script, type Source } from "../lua/library.ts";
import { adviceFor, explained } from "./refusal.ts";

const RETRY_PAUSE_MS = 50;

/** What a request that was sent again leaves: its first sending may still come. */
const LATE_MS = 600_000;

/** Makes a command. `again`: it was sent before, and may have run. `whole`: with the source of the script. */
type CommandMaker = (again: boolean, whole: boolean) => readonly Argument[];

/** Runs the scripts of one storage. */
export class Calls {
  /** Identifies this instance in the kept replies. */
  readonly instance: string = Buffer.from(crypto.getRandomValues(new Uint8Array(9))).toString("base64url");
  readonly #link: Link;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #kind: QueueKind;
  /** Scripts that were sent in full on the present connection: what is sent after them may count on them, and overtakes nothing. */
  #known = new Set<Source>();
  #connection = 0;
  /** Places for kept replies that no call uses; the last one is used first, so that few are used at all. */
  readonly #places: number[] = Array.from({ length: REPLIES_KEPT }, (_, place) => place);
  /** Those who wait for a place. */
  readonly #queue: ((place: number) => void)[] = [];
  #requests = 0;
  #underWay = 0;
  #sentAgain = false;
  #idle: (() => void) | undefined;
  #closing = false;

  constructor(link: Link, { prefix, clock, kind }: { prefix: string; clock: Clock; kind: QueueKind }) {
    this.#link = link;
    this.#prefix = prefix;
    this.#clock = clock;
    this.#kind = kind;
  }

  /** Runs a script that may run twice without harm. `args` is asked again for each sending. */
  repeatable(script: Script, args: (again: boolean) => readonly Argument[]): Promise<unknown> {
    return this.#run((again, whole) => this.#scriptCall(script, whole, args(again)));
  }

  /** Runs a plain command that may run twice without harm. */
  command(args: readonly Argument[]): Promise<unknown> {
    return this.#run(() => args);
  }

  /** Runs a script made by `once`. */
  async once(script: Script, args: readonly Argument[]): Promise<unknown> {
    const place = this.#places.pop() ?? await new Promise<number>((resolve) => this.#queue.push(resolve));
    // The server finds the place as the remainder.
    const number = String(++this.#requests * REPLIES_KEPT + place);
    try {
      return await this.#run((again, whole) => {
        this.#sentAgain ||= again;
        return this.#scriptCall(script, whole, [this.instance, number, again ? "1" : "0", ...args]);
      });
    } finally {
      // The place goes straight to the next in line, so that nobody who comes meanwhile takes it.
      const next = this.#queue.shift();
      if (next) next(place);
      else this.#places.push(place);
      this.#noteIdle();
    }
  }

  /** Waits for what is under way, refuses what comes later, and leaves nothing of this instance behind. */
  async close(): Promise<void> {
    while (!this.#isIdle) await new Promise<void>((resolve) => this.#idle = resolve);
    this.#closing = true;
    if (!this.#link.isReady || this.#requests === 0) return;
    const replies = `${this.#prefix}replies:${this.instance}`;
    const leave = this.#sentAgain ? ["PEXPIRE", replies, String(LATE_MS)] : ["UNLINK", replies];
    await this.#link.send(leave).catch(() => undefined);
  }

  /** The command that runs a script, for another connection. */
  commandOf(script: Script, args: readonly Argument[]): Argument[] {
    return ["EVALSHA", script[this.#kind].digest, "1", this.#prefix, ...args];
  }

  #scriptCall(script: Script, whole: boolean, args: readonly Argument[]): Argument[] {
    const source = script[this.#kind];
    if (!whole && this.#isKnown(source)) return this.commandOf(script, args);
    this.#known.add(source);
    return ["EVAL", source.text, "1", this.#prefix, ...args];
  }

  #isKnown(source: Source): boolean {
    if (this.#connection !== this.#link.connections) this.#known = new Set();
    this.#connection = this.#link.connections;
    return this.#known.has(source);
  }

  /** Sends until there is a reply, for a few seconds after the first failure. */
  async #run(command: CommandMaker): Promise<unknown> {
    if (this.#closing) throw closedError();
    this.#underWay++;
    try {
      return await (this.#link.isReady ? this.#link.send(command(false, false)) : this.#insist(command));
    } catch (error) {
      return await this.#insist(command, error);
    } finally {
      this.#underWay--;
      this.#noteIdle();
    }
  }

  #noteIdle(): void {
    if (this.#isIdle) this.#idle?.();
  }

  get #isIdle(): boolean {
    return this.#underWay === 0 && this.#places.length === REPLIES_KEPT;
  }

  async #insist(command: CommandMaker, failure?: unknown): Promise<unknown> {
    const deadline = this.#clock.elapsed() + this.#link.patienceMs;
    let again = false;
    for (let error = failure;;) {
      if (error instanceof StorageError) throw error;
      const advice = error === undefined ? undefined : adviceFor(error);
      // Only a command without a reply may have run.
      again ||= advice === "lost";
      if (advice !== undefined && advice !== "script") await this.#afterFailure(error as Error, deadline);
      await this.#link.ready(deadline - this.#clock.elapsed());
      try {
        return await this.#link.send(command(again, advice === "script"));
      } catch (reason) {
        error = reason;
      }
    }
  }

  /** Returns if it makes sense to send again. */
  async #afterFailure(error: Error, deadline: number): Promise<void> {
    if (this.#link.isClosed) throw closedError();
    const advice = adviceFor(error);
    if (advice === "refused") throw explained(error);
    if (this.#clock.elapsed() >= deadline) {
      throw new StorageError(`Redis did not carry out the command: ${error.message || error.name}`, { cause: error });
    }
    if (advice === "elsewhere") this.#link.drop();
    if (advice !== "lost") await sleep(this.#clock, RETRY_PAUSE_MS);
  }
}
