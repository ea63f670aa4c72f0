/** The kit under other test runners than that of this run. @module */
import { describe, expect, test } from "bun:test";
import { MemoryStorage } from "../../storage/memory/storage.ts";
import { testStorage } from "../../testing/mod.ts";
import { projectRoot, tool } from "../../scripts/project.ts";
import { runCommand } from "../../scripts/testing/command.ts";

const LIMIT_MS = 120_000;

describe("node --test", () => {
  test("runs the kit and the suite of storages", async () => {
    const ended = await runCommand({
      argv: [tool("node"), "--test", "tests/testing/node_runner.ts"],
      cwd: projectRoot,
      limitMs: LIMIT_MS,
    });
    expect({ code: ended.code, output: /^. fail (\d+)/m.exec(ended.output)?.[1] }).toEqual({ code: 0, output: "0" });
  }, LIMIT_MS + 5000);
});

describe("testStorage in a runner that only knows test, as Deno.test", () => {
  const cases = new Map<string, () => Promise<void>>();
  const runner = {
    describe: (_name: string, body: () => void): void => body(),
    test: (name: string, body: () => Promise<void>): unknown => cases.set(name, body),
    expect,
  };

  test("passes for a storage that keeps the contract", async () => {
    testStorage("MemoryStorage", (options) => Promise.resolve(new MemoryStorage(options)), runner);
    expect(cases.size).toBeGreaterThan(200);
    for (const [name, run] of cases) if (name.includes("place")) await run();
  }, LIMIT_MS);

  test("fails for one that does not, and closes what it has opened", async () => {
    const opened: Forgetful[] = [];
    class Forgetful extends MemoryStorage {
      isClosed = false;
      override begin(): Promise<boolean> {
        return Promise.resolve(true);
      }
      override async close(): Promise<void> {
        this.isClosed = true;
        await super.close();
      }
    }
    testStorage("Forgetful", (options) => opened[opened.push(new Forgetful(options)) - 1]!, runner);
    const failed: string[] = [];
    for (const [name, run] of cases) {
      if (name.includes("begin") || name.includes("begun")) await run().catch(() => failed.push(name));
    }
    expect(failed.length).toBeGreaterThan(1);
    expect(opened.every(({ isClosed }) => isClosed)).toBe(true);
  }, LIMIT_MS);
});
