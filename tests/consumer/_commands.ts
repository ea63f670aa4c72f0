/** Commands of the command line, run in the process of a test. @module */
import { parseCommandCall } from "../../consumer/commands/arguments.ts";
import { findCommand } from "../../consumer/commands/commands.ts";
import { Printer } from "../../consumer/commands/printer.ts";
import { coreOf } from "../../lib/core/core.ts";
import type { Huey } from "../../mod.ts";

/** What a command left: its exit code, its output, and its complaints. */
export interface Left {
  readonly code: number;
  readonly text: string;
  readonly complaints: readonly string[];
  readonly rows: readonly Record<string, unknown>[];
}

/** Runs a command of a queue in this process. */
export async function run(huey: Huey, name: string, ...args: string[]): Promise<Left> {
  const call = parseCommandCall(findCommand(name)!, ["app.ts", ...args], false);
  const complaints: string[] = [];
  let text = "";
  const code = await call.command.run({
    huey,
    core: coreOf(huey)!,
    args: call.args,
    options: call.options,
    printer: new Printer({ json: call.json, write: (more) => void (text += more), width: undefined, colors: false }),
    complain: (sentence) => void complaints.push(sentence),
  });
  const rows = call.json ? text.trim().split("\n").filter(Boolean).map((line) => JSON.parse(line)) : [];
  return { code: code ?? 0, text, complaints, rows };
}
