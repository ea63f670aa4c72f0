/** Sees each statement of the SQLite binding before it runs, on every runtime. @module */
import process from "node:process";

/** Runs a statement, or does something else. */
export type Watch = (sql: string, run: () => unknown, database: RawDatabase) => unknown;

/** The part of a database of the bindings that is used here. */
export interface RawDatabase {
  exec(sql: string): unknown;
}

type Method = (this: unknown, ...values: unknown[]) => unknown;
type Methods = Record<string, Method>;

const RUNNING = ["run", "get", "all"];

/** Lets somebody see all statements of the connections that are opened from now on. */
export class Statements {
  readonly #prototype: Methods;
  /** What runs a statement without values: `run` on Bun, and `exec` elsewhere. */
  readonly #direct: "run" | "exec";
  readonly #methods: Methods;
  #watch: Watch | undefined;

  constructor() {
    const load = process.getBuiltinModule as (id: string) => Record<string, { readonly prototype: Methods }> | undefined;
    const bun = load("bun:sqlite")?.["Database"];
    const prototype = this.#prototype = (bun ?? load("node:sqlite")?.["DatabaseSync"])!.prototype;
    const direct = this.#direct = bun === undefined ? "exec" : "run";
    const prepare = prototype["prepare"]!;
    const exec = prototype[direct]!;
    this.#methods = { prepare, [direct]: exec };
    const see = (sql: unknown, run: () => unknown, database: unknown): unknown => {
      const watch = this.#watch;
      return watch === undefined ? run() : watch(String(sql), run, { exec: (text) => exec.call(database, text) });
    };
    prototype["prepare"] = function (this: unknown, ...values: unknown[]): unknown {
      const statement = prepare.apply(this, values) as Methods;
      for (const name of RUNNING) {
        const method = statement[name]!;
        statement[name] = (...given) => see(values[0], () => method.apply(statement, given), this);
      }
      return statement;
    };
    prototype[direct] = function (this: unknown, ...values: unknown[]): unknown {
      return see(values[0], () => exec.apply(this, values), this);
    };
  }

  /** Lets `watch` see all that run while something is done. */
  async during<T>(work: () => Promise<T>, watch: Watch): Promise<T> {
    this.#watch = watch;
    try {
      return await work();
    } finally {
      this.#watch = undefined;
    }
  }

  /** Leaves the binding as it was. */
  end(): void {
    Object.assign(this.#prototype, this.#methods);
  }
}
