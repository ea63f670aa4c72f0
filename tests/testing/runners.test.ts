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

  test("gives a case more time where a busy machine looked after a short one was over", async () => {
    const taken: number[] = [];
    testStorage("Late", ({ name }) => late(new MemoryStorage({ name }), taken), runner);
    await cases.get("an entry ends when its time has passed")!();
    expect(taken.length).toBe(2);
    expect(taken[1]! > taken[0]!).toBe(true);
  }, LIMIT_MS);

  test("does not where it looked in time, and found nothing", async () => {
    const taken: number[] = [];
    testStorage("Empty", ({ name }) => late(new MemoryStorage({ name }), taken, 0), runner);
    await expect(cases.get("an entry ends when its time has passed")!()).rejects.toThrow();
    expect(taken.length).toBe(1);
  }, LIMIT_MS);
});

/** Goes by a clock of its own. A look at something short finds nothing: always, or only if it comes after so many milliseconds. */
function late(storage: MemoryStorage, taken: number[], delayMs: number = 500): MemoryStorage {
  const { meta } = storage;
  const [put, peek] = [meta.put.bind(meta), meta.peek.bind(meta)];
  meta.put = async (key, value, ttlMs) => {
    if (key === "short") taken.push(ttlMs!);
    await put(key, value, ttlMs);
  };
  meta.peek = async (key) => {
    if (delayMs === 0) return undefined;
    if (taken.length === 1) await new Promise((resolve) => setTimeout(resolve, delayMs));
    return await peek(key);
  };
  return storage;
}
