/**
 * Running scripts: each effect once, also when a connection breaks and the reply is lost.
 * @module
 */
import { StorageError } from "../../lib/errors.ts";
import type { Argument } from "./dial.ts";
import { closedError, type Link, OUTAGE_MS } from "./link.ts";
import { REPLIES_KEPT, type Script } from "./lua.ts";

/** The server has not run the command, and will some time later. */
const LATER = /^(LOADING|BUSY|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|NOREPLICAS)/;
/** The server has not run the command, and is not the one to ask. */
const ELSEWHERE = /^(MOVED|ASK|READONLY)/;

const RETRY_PAUSE_MS = 50;

/** Makes a command. `again`: it was sent before, and may have run. `whole`: with the source of the script. */
type CommandMaker = (again: boolean, whole: boolean) => readonly Argument[];

/** Runs the scripts of one storage. */
export class Calls {
  /** Identifies this instance in the kept replies. */
  readonly instance: string = Buffer.from(crypto.getRandomValues(new Uint8Array(9))).toString("base64url");
  readonly #link: Link;
  readonly #prefix: string;
  /** Places for kept replies that no call uses; the last one is used first, so that few are used at all. */
  readonly #places: number[] = Array.from({ length: REPLIES_KEPT }, (_, place) => place);
  /** Those who wait for a place. */
  readonly #queue: ((place: number) => void)[] = [];
  #requests = 0;
  #underWay = 0;
  #idle: (() => void) | undefined;
  #closing = false;

  constructor(link: Link, prefix: string) {
    this.#link = link;
    this.#prefix = prefix;
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
    const nowMs = String(Date.now());
    try {
      return await this.#run((again, whole) =>
        this.#scriptCall(script, whole, [this.instance, number, again ? "1" : "0", nowMs, ...args])
      );
    } finally {
      // The place goes straight to the next in line, so that nobody who comes meanwhile takes it.
      const next = this.#queue.shift();
      if (next) next(place);
      else this.#places.push(place);
      this.#noteIdle();
    }
  }

  /** Waits for what is under way and refuses what comes later. */
  async close(): Promise<void> {
    while (!this.#isIdle) await new Promise<void>((resolve) => this.#idle = resolve);
    this.#closing = true;
  }

  /** The command that runs a script, for another connection. */
  commandOf(script: Script, args: readonly Argument[]): Argument[] {
    return this.#scriptCall(script, false, args);
  }

  #scriptCall(script: Script, whole: boolean, args: readonly Argument[]): Argument[] {
    const [name, text] = whole ? ["EVAL", script.source] : ["EVALSHA", script.digest];
    return [name!, text!, "1", this.#prefix, ...args];
  }

  /** Sends until there is a reply, for at most `OUTAGE_MS` after the first failure. */
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
    const deadline = performance.now() + OUTAGE_MS;
    let again = false;
    for (let error = failure;;) {
      if (error instanceof StorageError) throw error;
      const unknownScript = (error as Error | undefined)?.message.startsWith("NOSCRIPT") ?? false;
      // A script that the server did not know has not run.
      again ||= error !== undefined && !unknownScript;
      if (error !== undefined && !unknownScript) await this.#afterFailure(error, deadline);
      await this.#link.ready(deadline - performance.now());
      try {
        return await this.#link.send(command(again, unknownScript));
      } catch (reason) {
        error = reason;
      }
    }
  }

  /** Returns if it makes sense to send again. */
  async #afterFailure(error: unknown, deadline: number): Promise<void> {
    if (this.#link.isClosed) throw closedError();
    const { message, name } = error as Error;
    const elsewhere = ELSEWHERE.test(message);
    const later = LATER.test(message);
    if (isReply(error) && !elsewhere && !later) throw explained(error);
    if (performance.now() >= deadline) {
      throw new StorageError(`Redis did not carry out the command: ${message || name}`, { cause: error });
    }
    if (elsewhere) this.#link.drop();
    if (elsewhere || later) await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
  }
}

/** Whether the server answered with an error, or the command could not even be built. */
export function isReply(error: unknown): error is Error {
  return error instanceof TypeError || (error instanceof Error && /^[A-Z]+ /.test(error.message));
}

function explained(error: Error): Error {
  if (error.message.startsWith("WRONGTYPE") || error.message.includes("WRONGTYPE")) {
    return new StorageError(
      "The queue in Redis was made by the other kind of storage (list or priority); empty it before changing over",
      {
        cause: error,
      },
    );
  }
  return new StorageError(`Redis refused the command: ${error.message}`, { cause: error });
}
