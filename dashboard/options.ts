/**
 * Options of a dashboard, and the rules for them.
 * @module
 */
import { coreOf } from "../lib/core/core.ts";
import { ConfigurationError } from "../lib/errors.ts";
import { checkOptions, rule, type Rules } from "../lib/primitives/option_rules.ts";
import { show as printed } from "../lib/primitives/arguments.ts";
import { tokenFault } from "../lib/primitives/access.ts";
import type { Huey } from "../lib/huey/huey.ts";
import type { TaskInfo } from "../lib/types/calling.ts";
import type { Access } from "./access/access.ts";

/** Where a dashboard is mounted, who may use it, and what it shows. */
export interface DashboardOptions {
  /** Where it is mounted, such as "/huey". Default "/". */
  path?: string;

  /**
   * Who may see (`false`: nobody), and who may act. It replaces all rules. Default: requests whose `Host` is this computer may do
   * both, anything else needs `token`.
   */
  authorize?: (request: Request) => Access | Promise<Access>;

  /** At least 16 characters; as `Authorization: Bearer`, or typed into the login page. With a token everybody needs it. */
  token?: string;

  /** No actions. Default false. */
  readOnly?: boolean;

  /**
   * What is shown of a task. `false`: neither its arguments, values, errors, progress and tags, nor its steps. A function: what it
   * returns, in the place of all of them. Default: all of them, each cut to 2 kB.
   */
  show?: false | ((task: TaskInfo) => unknown);
}

const RULES: Rules<DashboardOptions> = {
  path: checkPath,
  authorize: rule.fn,
  token: checkToken,
  readOnly: rule.boolean,
  show: (value, name) => {
    if (value !== false && typeof value !== "function") {
      throw new TypeError(`${name} must be false or a function: ${printed(value)}`);
    }
  },
};

/**
 * Checks what a dashboard is given.
 *
 * @param hueys The queues.
 * @param options The options.
 * @returns The queues as a list.
 * @throws {TypeError} For what is no Huey, no queue at all, or an unknown option.
 * @throws {ConfigurationError} For a token that can be guessed, or one together with `authorize`.
 */
export function checkBoard(hueys: Huey | readonly Huey[], options: DashboardOptions): readonly Huey[] {
  const list = Array.isArray(hueys) ? hueys as readonly Huey[] : [hueys as Huey];
  if (list.length === 0) throw new TypeError("dashboard needs a Huey, or a list with at least one");
  for (const huey of list) {
    if (coreOf(huey) === undefined) throw new TypeError(`dashboard takes a Huey, or a list of them: ${printed(huey)}`);
  }
  checkOptions<DashboardOptions>(options, "dashboard", RULES);
  if (options.token !== undefined && options.authorize !== undefined) {
    throw new ConfigurationError("Give either token or authorize: authorize replaces all rules");
  }
  return list;
}

function checkToken(value: unknown, name: string): void {
  if (typeof value !== "string") throw new TypeError(`${name} must be a string`);
  const fault = tokenFault(value);
  if (fault !== undefined) throw new ConfigurationError(`${name} ${fault}`);
}

/**
 * The path of a dashboard without a slash at its end.
 *
 * @param path As given.
 * @returns It; empty at the root
 */
export function basePath(path: string = "/"): string {
  return path.replace(/\/+$/, "");
}

function checkPath(value: unknown, name: string): void {
  if (typeof value !== "string") throw new TypeError(`${name} must be a string: ${printed(value)}`);
  if (!/^(\/[\w.~-]+)*\/?$/.test(value) || /\/\.{1,2}(\/|$)/.test(value) || value === "") {
    throw new TypeError(
      `${name} must begin with a slash and have letters, digits, "-", "_", "." and "~" between slashes: ${printed(value)}`,
    );
  }
}
