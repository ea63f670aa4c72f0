import { describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { projectRoot } from "../../scripts/project.ts";
import { runCommand } from "../../scripts/testing/command.ts";

const LIMIT_MS = 120_000;
const FOLDER = join(projectRoot, "examples/apps");
const flags = "Deno" in globalThis ? ["run", "-A", "--no-check", "--config", join(projectRoot, "deno.json")] : [];

/** What the README of an application says that it prints. */
function promised(readme: string): string {
  const [, printed = ""] = readme.split("\nPrints:\n\n");
  return printed.replaceAll(/^ {4}/gm, "");
}

describe("applications", () => {
  const names = readdirSync(FOLDER);

  test("there are eight", () => expect(names).toHaveLength(8));

  for (const name of names) {
    test(`${name} prints what its README says`, async () => {
      const readme = readFileSync(join(FOLDER, name, "README.md"), "utf8");
      const cwd = mkdtempSync(join(tmpdir(), "huey-application-"));
      try {
        const argv = [process.execPath, ...flags, join(FOLDER, name, "app.ts")] as const;
        const { code, stdout, output } = await runCommand({ argv, cwd, limitMs: LIMIT_MS });
        // What fails on purpose is told on the console too.
        const printed = stdout.replaceAll(/^huey: .*\n(?: {2}.*\n)*/gm, "");
        expect({ code, printed, ...code === 0 ? {} : { output } }).toEqual({ code: 0, printed: promised(readme) });
        expect(readme.split("\n").length).toBeLessThan(30);
      } finally {
        rmSync(cwd, { recursive: true, force: true });
      }
    }, LIMIT_MS + 5000);
  }
});
