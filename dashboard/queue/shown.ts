/**
 * What is shown of the data of tasks: arguments, values, errors, progress, tags and steps.
 * @module
 */
import { inspect } from "node:util";
import { beginningOf } from "../../lib/primitives/secrets.ts";
import type { TaskInfo } from "../../lib/types/calling.ts";
import type { Logger } from "../../lib/types/options.ts";

/** How much is shown of one value. */
const MOST = 2000;
const LINE = 120;
/** Lists and objects within one another. */
const DEEPEST = 8;

/** Stands in the place of what must not be seen. */
export const HIDDEN = "hidden";

/** A text to be shown, and whether it is all of it. */
export interface Shown {
  readonly text: string;
  readonly cut: boolean;
}

/** Shows data as the option `show` says. */
export class Show {
  readonly #option: false | ((task: TaskInfo) => unknown) | undefined;
  readonly #logger: Logger;
  #complained = false;

  /**
   * @param option The option of the dashboard.
   * @param logger Is told once that the option's function fails.
   */
  constructor(option: false | ((task: TaskInfo) => unknown) | undefined, logger: Logger) {
    this.#option = option;
    this.#logger = logger;
  }

  /** Whether values, errors, progress, tags and steps may be seen as they are, and searched. */
  get open(): boolean {
    return this.#option === undefined;
  }

  /** Whether nothing at all may be seen. */
  get closed(): boolean {
    return this.#option === false;
  }

  /** The arguments of a task, or what the application shows in their place. */
  args(task: TaskInfo): Shown {
    if (this.#option === undefined) return shown(task.args);
    if (this.#option === false) return { text: HIDDEN, cut: false };
    try {
      const made = this.#option(task);
      return typeof made === "string" ? cutText(made) : shown(made);
    } catch (error) {
      if (!this.#complained) this.#logger.warn("Dashboard: show failed, so the task is not shown", { error });
      this.#complained = true;
      return { text: HIDDEN, cut: false };
    }
  }

  /** The arguments in one line. */
  line(task: TaskInfo): string {
    const { text } = this.args(task);
    const line = text.replace(/\s+/g, " ").replace(/^\[ ?(.*?) ?\]$/, "$1");
    return line.length > LINE ? `${line.slice(0, LINE)}…` : line;
  }

  /** A value, the progress, or a step. */
  value(value: unknown): Shown {
    return this.open ? shown(value) : { text: HIDDEN, cut: false };
  }

  /** The text of an error, or a stack. */
  text(text: string): Shown {
    return this.open ? cutText(text) : { text: HIDDEN, cut: false };
  }
}

function shown(value: unknown): Shown {
  try {
    return cutText(inspect(pruned(value), { depth: DEEPEST, breakLength: 100, maxStringLength: Infinity }));
  } catch {
    return { text: "a value that cannot be shown", cut: false };
  }
}

/** Stands for what is left out. */
const MORE: { readonly [inspect.custom]: () => string } = { [inspect.custom]: () => "…" };

/** The beginning of a value: what is not shown in the end need not be written first. */
function pruned(value: unknown): unknown {
  let left = MOST / 4;
  const prune = (each: unknown, depth: number): unknown => {
    left -= 1;
    if (left < 0) return MORE;
    if (typeof each === "string") return each.length > MOST ? beginningOf(each, MOST + 1) : each;
    if (typeof each !== "object" || each === null || depth > DEEPEST) return each;
    if (Array.isArray(each)) return some(each, (item) => prune(item, depth + 1));
    if (each instanceof Map) {
      return new Map(some(each, ([key, item]) => [prune(key, depth + 1), prune(item, depth + 1)] as const));
    }
    if (each instanceof Set) return new Set(some(each, (item) => prune(item, depth + 1)));
    if (ArrayBuffer.isView(each) && each.byteLength > MOST) return new Uint8Array(each.buffer, each.byteOffset, MOST / 4);
    if (Object.getPrototypeOf(each) !== Object.prototype) return each;
    const kept: Record<string, unknown> = {};
    for (const key in each) {
      if (left < 0) break;
      Object.defineProperty(kept, key, { value: prune((each as Record<string, unknown>)[key], depth + 1), enumerable: true });
    }
    return kept;
  };
  const some = <T, R>(items: Iterable<T>, make: (item: T) => R): R[] => {
    const made: R[] = [];
    for (const item of items) {
      made.push(make(item));
      if (left < 0) break;
    }
    return made;
  };
  return prune(value, 0);
}

function cutText(given: string): Shown {
  const text = beginningOf(given, MOST + 1);
  return text.length > MOST ? { text: text.slice(0, MOST), cut: true } : { text, cut: false };
}
