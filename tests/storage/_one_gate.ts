/**
 * The gate behind which functions go on after their settlements, in a random history. There is one at a time: which of several gates
 * admits first when the workers of such functions are recovered is open, and histories compare the order in which items wait.
 * @module
 */
import type { Item } from "../../lib/storage.ts";

/** Says for which claims a settlement may have `passLocks`. */
export class OneGate {
  #key: string | undefined;

  /** Whether the gate of a claim may stay taken; it is the one from now on. */
  mayPass({ gate }: Pick<Item, "gate">): boolean {
    if (gate === undefined) return true;
    this.#key ??= gate.key;
    return this.#key === gate.key;
  }

  /** No gate is taken by such a function any more. */
  reset(): void {
    this.#key = undefined;
  }
}
