/**
 * Steps: what a task does once, over all its attempts and deliveries. The value of each is stored, fenced by the claim, before it is
 * handed to the task; a later attempt gets the stored one.
 * @module
 */
import { checkFunction, checkKey, show } from "../primitives/arguments.ts";
import { decodeValue, placeOf } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { WorkerLostError } from "../errors.ts";
import { toError } from "../primitives/error_record.ts";
import { MAX_STEP_NAME } from "../primitives/limits.ts";
import { describeMessage, isLogged } from "../observe/logger.ts";
import type { Message } from "../message/message.ts";
import { isSpread } from "../serializer/spread.ts";
import { stepsKey } from "../steps_key.ts";
import type { Place } from "../types/options.ts";
import type { Attempt } from "./attempt.ts";
import type { Execution } from "./execution.ts";
import type { Outcome } from "./outcome.ts";

/** The steps of one attempt. */
export class Steps {
  readonly #core: Core;
  readonly #attempt: Attempt;
  readonly #names: Set<string> = new Set();
  #kept: Promise<Map<string, Uint8Array>> | undefined;

  constructor(core: Core, attempt: Attempt) {
    this.#core = core;
    this.#attempt = attempt;
  }

  /**
   * See `TaskContext.step`.
   *
   * @throws {TypeError | RangeError} For a wrong name, one that was used before, or a value that cannot be stored.
   * @throws {WorkerLostError} If the claim is lost.
   */
  async run(name: string, fn: () => unknown): Promise<unknown> {
    checkStepName(name);
    checkFunction(fn, `What step ${show(name)} does`);
    if (this.#names.has(name)) {
      throw new TypeError(`Step ${show(name)} of task ${this.#attempt.taskName} was used before in this attempt`);
    }
    this.#names.add(name);
    return this.#attempt.isLocal ? await fn() : await this.#once(name, fn);
  }

  async #once(name: string, fn: () => unknown): Promise<unknown> {
    this.#attempt.throwIfOver();
    this.#attempt.usesSteps = true;
    const stored = (await (this.#kept ??= this.#readKept())).get(name);
    if (stored !== undefined) {
      this.#tell(name, "was done before");
      return await this.#decode(name, stored);
    }
    const data = await this.#encode(name, await fn());
    const { storage } = this.#core;
    if (!await this.#attempt.callStorage(`keep step ${show(name)}`, () => storage.keep(this.#attempt.claim, name, data))) {
      const { taskName, taskId } = this.#attempt;
      throw new WorkerLostError(
        `Step ${show(name)} is not stored: task ${taskName}: ${taskId} was taken over by another worker, or has ended`,
      );
    }
    this.#tell(name, "is done");
    // As a later attempt would get it.
    return await this.#decode(name, data);
  }

  async #readKept(): Promise<Map<string, Uint8Array>> {
    try {
      return await this.#attempt.callStorage("read the steps", () => this.#core.storage.kept(stepsKey(this.#attempt.claim)));
    } catch (error) {
      // The next step asks again.
      this.#kept = undefined;
      throw error;
    }
  }

  /** In an object, since `undefined` alone is nothing that every serializer writes. */
  async #encode(name: string, value: unknown): Promise<Uint8Array> {
    const refusal = (reason: string, cause?: unknown): TypeError =>
      new TypeError(`The value of step ${show(name)} of task ${this.#attempt.taskName} cannot be stored: ${reason}`, { cause });
    if (isSpread(value)) throw refusal("a spread is for the step of a pipeline that follows");
    try {
      return await this.#core.serializer.serialize({ value }, this.#place(name));
    } catch (error) {
      throw refusal(toError(error).message, error);
    }
  }

  async #decode(name: string, data: Uint8Array): Promise<unknown> {
    return (await decodeValue(this.#core, data, this.#place(name)) as { value?: unknown } | null)?.value;
  }

  #place(name: string): Place {
    return stepPlace(this.#core, this.#attempt.message, name);
  }

  #tell(name: string, what: string): void {
    if (isLogged(this.#core.logger, "debug")) {
      this.#core.logger.debug(`Step ${show(name)} of task ${describeMessage(this.#attempt.message)} ${what}`);
    }
  }
}

/**
 * The values of the steps that are done, for those who look.
 *
 * @param invocation Of the task.
 * @returns The values by the names of the steps; without those that cannot be read.
 */
export async function keptSteps(core: Core, invocation: Invocation): Promise<Map<string, unknown>> {
  const values = new Map<string, unknown>();
  for (const [name, data] of await core.storage.kept(invocation.run ?? invocation.id)) {
    try {
      const stored = await decodeValue(core, data, stepPlace(core, invocation, name)) as { value?: unknown } | null;
      values.set(name, stored?.value);
    } catch (error) {
      core.logger.warn(`Step ${show(name)} of task ${invocation.id} cannot be read`, { error });
    }
  }
  return values;
}

/** Whose steps they are, as its message says, which is signed; what the storage says of a claim is not. */
type Invocation = Pick<Message, "id" | "run">;

/** As JSON, because keys and names may contain whatever would separate them. */
function stepPlace(core: Core, { id, run }: Invocation, name: string): Place {
  return placeOf(core, "step", JSON.stringify([run ?? id, name]));
}

function checkStepName(name: unknown): asserts name is string {
  checkKey(name, "The name of a step");
  if (name.length > MAX_STEP_NAME) {
    throw new RangeError(`The name of a step must not have more than ${MAX_STEP_NAME} characters: ${show(name)}`);
  }
}

/**
 * The key of the steps that go with a task that has ended; `undefined` where it has certainly kept none, so that ordinary tasks cost
 * their storage nothing. A task without a context has no steps. One that was interrupted may have kept some, and its delivery is not counted:
 * so of one that did not succeed they are dropped in any case.
 */
export function stepsToDrop({ definition, claim, attempt }: Execution, outcome: Outcome): string | undefined {
  const isFirst = claim.deliveries === 1 && (outcome.message.attempt ?? 0) === 0;
  const mayHave = attempt?.usesSteps || (definition.context && !(isFirst && outcome.kind === "complete"));
  return mayHave ? stepsKey(claim) : undefined;
}
