/**
 * What all commands of the model tests share.
 * @module
 */
import type { AsyncCommand } from "fast-check";
import { compare } from "./compare.ts";
import type { Model } from "./model.ts";
import type { World } from "./world.ts";

/** One generated step: what it does to both sides; afterwards everything is compared. */
export abstract class Command<P> implements AsyncCommand<Model, World> {
  /** What was generated. */
  readonly given: P;

  constructor(given: P) {
    this.given = given;
  }

  /** Whether it makes sense now. */
  check(_model: Readonly<Model>): boolean {
    return true;
  }

  /** Does it to both. */
  abstract act(model: Model, world: World): Promise<void>;

  async run(model: Model, world: World): Promise<void> {
    await this.act(model, world);
    await compare(model, world);
  }

  toString(): string {
    return `${this.constructor.name}(${JSON.stringify(this.given)})`;
  }
}

/** Picks one of a list by a generated number. */
export function pick<T>(list: readonly T[], at: number): T {
  return list[at % list.length]!;
}
