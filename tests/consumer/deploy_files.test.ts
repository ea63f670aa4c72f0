import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseCommand } from "../../consumer/cli/arguments.ts";
import { LIBRARY } from "./_folder.ts";

const folder = mkdtempSync(join(tmpdir(), "huey-deploy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string): string => readFileSync(join(LIBRARY, "examples/deploy", name), "utf8");

/** The consumer's arguments in a file: after its program, or as a list. */
function argumentsIn(name: string): string[] {
  const text = file(name);
  const line = /^(?:ExecStart|command)=.*consumer\.ts (.*)$/m.exec(text);
  if (line !== null) return line[1]!.split(" ");
  return JSON.parse(/^\s*(?:CMD|args:) (\[.*\])$/m.exec(text)![1]!);
}

/** The seconds that it lets pass before it kills. */
const PATIENCE: Readonly<Record<string, RegExp>> = {
  "huey.service": /^TimeoutStopSec=(\d+)$/m,
  "supervisord.conf": /^stopwaitsecs=(\d+)$/m,
  "kubernetes.yaml": /terminationGracePeriodSeconds: (\d+)/,
  Dockerfile: /^/,
};

/** Whether a program can be run here. */
function has(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
}

describe("the files for process managers", () => {
  for (const [name, pattern] of Object.entries(PATIENCE)) {
    test(`${name} starts the consumer with arguments that it takes, and waits longer than the grace time`, () => {
      const command = parseCommand(argumentsIn(name));
      if (command.kind !== "run") throw new Error(`It is a command to ${command.kind}`);
      const text = name === "Dockerfile" ? file("compose.yaml") : file(name);
      const patience = Number((name === "Dockerfile" ? /stop_grace_period: (\d+)s/ : pattern).exec(text)![1]);
      expect(patience).toBeGreaterThanOrEqual((command.options.grace as number) + 15);
    });
  }

  const verify = has("systemd-analyze") ? test : test.skip;
  verify("huey.service is what systemd takes (not checked where systemd-analyze is missing)", () => {
    const unit = join(folder, "huey.service");
    // Only the program is not where it will be.
    writeFileSync(unit, file("huey.service").replace("/usr/local/bin/bun", process.execPath));
    const { status, stderr, stdout } = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
    const own = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("huey.service"));
    expect({ status, own }).toEqual({ status: 0, own: [] });
  });
});
