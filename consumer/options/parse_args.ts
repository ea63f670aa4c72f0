/**
 * The one file that touches `@std/cli`: gives types to the parts that are used, since the copy on npm has none.
 * @module
 */
// @ts-ignore -- the npm package has no types, that of JSR has
import { parseArgs as untyped } from "#std/cli/parse-args";

/** Options of `parseArgs`. */
export interface ParseOptions {
  readonly boolean?: readonly string[];
  readonly string?: readonly string[];
  /** Keep every value of these, as a list. */
  readonly collect?: readonly string[];
  /** Other names, by name. */
  readonly alias?: Readonly<Record<string, string>>;
  /** Told of what is neither an option that is known nor a value; `key` is missing for a plain argument. */
  readonly unknown?: (argument: string, key?: string, value?: unknown) => unknown;
}

/** What was found: options by name, the other arguments under `_`. */
export type Parsed = Record<string, unknown> & { readonly _: readonly (string | number)[] };

/** Parses the arguments of a command line. */
export const parseArgs: (args: readonly string[], options: ParseOptions) => Parsed = untyped as never;
