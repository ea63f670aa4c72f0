/**
 * One attempt on its way from its claim to its settlement: what each of the steps between is handed.
 * @module
 */
import type { Attempt } from "./attempt.ts";
import type { Core, Running } from "../core/core.ts";
import type { Message } from "../message/message.ts";
import type { Outcome } from "./outcome.ts";
import type { Claim, Owner } from "../storage.ts";
import type { Definition } from "../task/registry.ts";

/** A claim that can be run. */
export interface OpenedClaim {
  /** With the values of its chord as an argument, if it is the callback of one. */
  readonly message: Message;
  readonly definition: Definition;
  /** The chord whose values were read. */
  readonly dropChord: string | undefined;
}

/** One attempt on its way to its settlement. */
export interface Execution extends OpenedClaim {
  readonly core: Core;
  readonly claim: Claim;
  readonly options: ExecuteOptions;
  /** Once it runs. */
  attempt: Attempt | undefined;
  /** The trace that it belongs to, if it is traced. */
  traceId: string | undefined;
}

/** How to run a claim. */
export interface ExecuteOptions {
  /** Who holds the claim. `undefined` in immediate mode: nobody else knows of it. */
  readonly owner: Owner | undefined;
  /** Whether any revocation exists (`ClaimBatch.revocations`). */
  readonly revocations: boolean;
  /** Told just before the function runs. */
  readonly onStart?: ((running: Running) => void) | undefined;
  /** Told in the tick in which the settlement is sent, so that the next claim can travel with it. */
  readonly onSettle?: ((claim: Claim) => void) | undefined;
  /** Told when the attempt is settled and everybody else was told. Not if its message was set aside, or left to other consumers. */
  readonly onEnd?: ((end: AttemptEnd) => void) | undefined;
  /** Ends the patience with a storage that is down. */
  readonly stop?: AbortSignal | undefined;
}

/** Holds the claims of tasks that run in their call, and of those whose worker is gone: there is none to recover them from. */
export const NOBODY: Owner = { consumer: "", worker: "" };

/** How an attempt has ended. */
export interface AttemptEnd {
  readonly outcome: Outcome;
  /** Another attempt follows. */
  readonly retries: boolean;
}
