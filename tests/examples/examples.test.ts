import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { findFiles, projectRoot } from "../../scripts/project.ts";
import { type Ended, runCommand } from "../../scripts/testing/command.ts";

const LIMIT_MS = 120_000;
const MARKER = "\n// Output:\n";

/** Flags between the runtime and the file. */
const flags = "Deno" in globalThis ? ["run", "-A", "--no-check", "--config", join(projectRoot, "deno.json")] : [];

/** Runs an example in an empty folder. */
async function runExample(file: string): Promise<Ended> {
  const cwd = mkdtempSync(join(tmpdir(), "huey-example-"));
  try {
    return await runCommand({ argv: [process.execPath, ...flags, join(projectRoot, file)], cwd, limitMs: LIMIT_MS });
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

/** What an example says that it prints: the comment at its end. */
function expectedOutput(file: string): string {
  const text = readFileSync(join(projectRoot, file), "utf8");
  const at = text.lastIndexOf(MARKER);
  if (at === -1) throw new Error(`${file} has no "// Output:" at its end`);
  return text.slice(at + MARKER.length).replace(/^\/\/ ?/gm, "");
}

/** Without the failures that a program without logging tells on its console, each with its stack. */
function withoutLog(output: string): string {
  return output.replace(/^huey: .*\n(?: {2}.*\n)*/gm, "");
}

describe("examples", () => {
  // The applications have a test of their own.
  const files = findFiles(projectRoot, "examples", ".ts").filter((file) => !file.includes("/apps/"));

  test("there are some", () => expect(files.length).toBeGreaterThan(0));

  for (const file of files) {
    test(file, async () => {
      const expected = expectedOutput(file);
      const { code, output, stdout } = await runExample(file);
      expect({ code, stdout, output: withoutLog(output) }).toEqual({ code: 0, stdout: expected, output: expected });
    }, LIMIT_MS + 5000);
  }
});
