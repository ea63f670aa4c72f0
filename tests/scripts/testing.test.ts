import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, tool } from "../../scripts/project.ts";
import { type Ended, runCommand } from "../../scripts/testing/command.ts";
import { batchCommand, commandJob, testCommand, variablesOf } from "../../scripts/testing/jobs.ts";
import { judgeBatch, judgeBunBatch, judgeTests, type Outcome, type Runtime, runtimes } from "../../scripts/testing/outcome.ts";
import { runJobs } from "../../scripts/testing/pool.ts";
import { countLine, failureExcerpt, failureNames, failureText, progressLine } from "../../scripts/testing/report.ts";
import { withProject } from "./_fixture.ts";

const limitMs = 60_000;
const settings = {
  "deno.json": `{ "nodeModulesDir": "manual", "imports": { "bun:test": "./_bun_test_module.ts" } }`,
  "package.json": readFileSync(join(projectRoot, "package.json"), "utf8"),
  "_bun_test_module.ts": readFileSync(join(projectRoot, "tests/_bun_test_module.ts"), "utf8"),
  "_runner.ts": readFileSync(join(projectRoot, "tests/_runner.ts"), "utf8"),
};

/** Runs one test file and judges it, without its output. */
async function judge(runtime: Runtime, code: string, limit: number = limitMs): Promise<Omit<Outcome, "output" | "durationMs">> {
  const text = `import { expect, test } from "bun:test";\nexport {};\n${code}\n`;
  const command = { argv: testCommand(runtime, "a.test.ts"), limitMs: limit, env: variablesOf(runtime) };
  const ended = await withProject({ ...settings, "a.test.ts": text }, (cwd) => runCommand({ ...command, cwd }));
  const { title, passed, failed, skipped, reason } = judgeTests("a", runtime, ended);
  return { title, passed, failed, skipped, reason };
}

const outcome = (counts: Partial<Outcome>): Outcome => ({
  title: "a",
  passed: 0,
  failed: 0,
  skipped: 0,
  reason: "",
  output: "",
  durationMs: 1,
  ...counts,
});

const passing = `test("one", () => { expect(1).toBe(1); });`;
const failing = `test("two", () => { expect(1).toBe(2); });`;
const skipping = `test.skip("three", () => {}); test.todo("four");`;

for (const runtime of runtimes) {
  describe(`a test file on ${runtime}`, () => {
    test("is counted", async () => {
      expect(await judge(runtime, passing + failing + skipping)).toEqual({
        title: "a",
        passed: 1,
        failed: 1,
        skipped: 2,
        reason: "",
      });
    }, limitMs);

    test("without a test has failed", async () => {
      expect(await judge(runtime, "")).toMatchObject({ passed: 0, failed: 1, reason: "The file has no test" });
    }, limitMs);

    test("that cannot be loaded has failed", async () => {
      expect(await judge(runtime, `${passing} throw new Error("at load");`)).toMatchObject({ failed: 1 });
    }, limitMs);

    test("that ends its process has failed", async () => {
      const { failed } = await judge(runtime, `${passing} test("two", () => { process.exit(0); });`);
      expect(failed).toBe(1);
    }, limitMs);

    test("that never ends is killed and has failed", async () => {
      const { failed, reason } = await judge(runtime, `await new Promise((resolve) => setTimeout(resolve, 600_000));`, 1000);
      expect([failed, reason]).toEqual([1, "Killed because it had not ended after 1 s"]);
    }, limitMs);
  });
}

describe.each(["deno", "node"] as const)("several test files in one process on %s", (runtime) => {
  const texts: Readonly<Record<string, string>> = {
    "a.test.ts": `${passing} beforeAll(() => { process.env.LEFT = "behind"; setSystemTime(0); });`,
    "b.test.ts":
      `${passing} ${failing} test("five", () => expect([process.env.LEFT, Date.now() > 0]).toEqual([undefined, true]));`,
    "c.test.ts": `${passing} test("six", () => process.exit(0));`,
    "d.test.ts": `throw new Error("at load");`,
    "e.test.ts": `test.only("one", () => { expect(1).toBe(1); });`,
    "f.test.ts": passing,
  };
  const imports = `import { beforeAll, expect, setSystemTime, test } from "bun:test";\nimport process from "node:process";\n`;

  test("are told apart, and each that ends it is named", async () => {
    const files = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, imports + text]));
    await withProject({ ...settings, ...files }, async (cwd) => {
      const outcomes: Outcome[] = [];
      const names = Object.keys(files);
      while (outcomes.length < names.length) {
        const left = names.slice(outcomes.length);
        const command = { argv: batchCommand(runtime, left), cwd, limitMs, env: variablesOf(runtime) };
        outcomes.push(...judgeBatch(left, (file) => file, await runCommand(command)));
      }
      expect(outcomes.map(({ title, passed, failed }) => [title, passed, failed])).toEqual([
        ["a.test.ts", 1, 0],
        ["b.test.ts", 2, 1],
        ["c.test.ts", 0, 1],
        ["d.test.ts", 0, 1],
        ["e.test.ts", 1, 1],
        ["f.test.ts", 1, 0],
      ]);
      expect(outcomes[1]!.output).toContain("Received");
      expect(outcomes[1]!.output).not.toContain("at load");
      expect(outcomes[3]!.output).toContain("at load");
    });
  }, limitMs);
});

describe("several test files in one process on bun", () => {
  const imports = `import { expect, test } from "bun:test";\n`;
  const judgeAll = (texts: Readonly<Record<string, string>>): Promise<Outcome[] | undefined> => {
    const files = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, imports + text]));
    const names = Object.keys(files);
    return withProject(
      { ...settings, ...files },
      async (cwd) => judgeBunBatch(names, (file) => file, await runCommand({ argv: batchCommand("bun", names), cwd, limitMs })),
    );
  };

  test("are told apart where none has failed", async () => {
    const outcomes = await judgeAll({ "b.test.ts": passing + skipping, "a.test.ts": passing + passing });
    expect(outcomes?.map(({ title, passed, failed, skipped }) => [title, passed, failed, skipped])).toEqual([
      ["b.test.ts", 1, 0, 2],
      ["a.test.ts", 2, 0, 0],
    ]);
  }, limitMs);

  test.each([
    ["a test fails", failing],
    ["a file has no test", ""],
    ["a file cannot be loaded", `throw new Error("at load");`],
    ["a test ends the process", `test("two", () => process.exit(0));`],
  ])("say nothing where %s", async (_what, text) => {
    expect(await judgeAll({ "a.test.ts": passing, "b.test.ts": text, "c.test.ts": passing })).toBeUndefined();
  }, limitMs);
});

describe("runCommand", () => {
  const run = (code: string, limit: number = limitMs): Promise<Ended> =>
    runCommand({ argv: [tool("bun"), "-e", code], cwd: projectRoot, limitMs: limit });

  test("gives the exit code and both outputs", async () => {
    const ended = await run(`console.log("out"); console.error("err"); process.exit(3);`);
    expect([ended.code, ended.stdout, ended.timedOut]).toEqual([3, "out\n", false]);
    expect(ended.output.split("\n").sort()).toEqual(["", "err", "out"]);
  });

  test("a program that does not exist has failed", async () => {
    const ended = await runCommand({ argv: ["/no/such/program"], cwd: projectRoot, limitMs });
    expect([ended.code, ended.output]).toEqual([127, expect.stringContaining("ENOENT")]);
  });

  test("what the command leaves running ends with it", async () => {
    const { output } = await run(
      `const child = require("node:child_process").spawn("sleep", ["600"], { stdio: "ignore" });
       console.log(child.pid); process.exit(0);`,
    );
    const status = `/proc/${output.trim()}/status`;
    const alive = (): boolean => existsSync(status) && !/^State:\s+[ZX]/m.test(readFileSync(status, "utf8"));
    while (alive()) await new Promise((resolve) => setImmediate(resolve)); // a killed process takes a moment to go
    expect(output).toMatch(/^\d+\n$/);
  });
});

describe("the report", () => {
  test("counts everything, and skipped tests only if there are any", () => {
    expect(countLine([outcome({ passed: 2 }), outcome({ failed: 1 })])).toBe("2 passed, 1 failed");
    expect(countLine([outcome({ passed: 2, skipped: 3 })])).toBe("2 passed, 0 failed, 3 skipped");
  });

  test("has one line for each file", () => {
    const lines = [{ passed: 12 }, { passed: 9, failed: 2, skipped: 1 }].map((counts) => progressLine(outcome(counts)));
    expect(lines.map((line) => line.split(/\s{2,}/))).toEqual([
      ["ok", "a", "12", "0.0 s"],
      ["FAIL", "a", "2 of 11 (1 skipped)", "0.0 s"],
    ]);
  });

  test("shows failures in full", () => {
    const text = failureText([
      outcome({ passed: 1 }),
      outcome({ title: "b", failed: 1, reason: "Because", output: "all of it\n" }),
    ]);
    expect(text).toBe("\n=== FAILED: b\nBecause\nall of it\n");
  });

  test("leaves out what passed", () => {
    const output = "(pass) one [1.00ms]\n(fail) two [2.00ms]\nthree ... ok (3ms)\nfour ... FAILED (4ms)\n";
    expect(failureText([outcome({ failed: 2, output })])).toBe("\n=== FAILED: a\n(fail) two [2.00ms]\nfour ... FAILED (4ms)\n");
  });

  test("names what failed", () => {
    const output = "(pass) one [1.00ms]\n(fail) a > two [2.00ms]\n(fail) three\nfour ... ok (4ms)\nfive ... FAILED (4ms)\n";
    expect(failureNames([
      outcome({ passed: 1 }),
      outcome({ failed: 3, output }),
      outcome({ title: "b", failed: 1, reason: "Because" }),
    ]))
      .toBe("FAIL  a\n        a > two\n        three\n        five\nFAIL  b\n        Because");
    expect(failureNames([outcome({ passed: 1 })])).toBe("");
  });

  test("shows how a failure begins as soon as it is known", () => {
    const output = Array.from({ length: 9 }, (_, index) => `line ${index}\n\n`).join("");
    expect(failureExcerpt(outcome({ failed: 1, output }), 2)).toBe("\n      line 0\n      line 1");
    expect(failureExcerpt(outcome({ passed: 1, output }))).toBe("");
  });

  test("what had no time to run has failed", async () => {
    const [late] = await runJobs([commandJob("late", ["true"])], performance.now() - 1, () => {});
    expect(late).toMatchObject({ failed: 1, reason: "Not run: the time for the whole test run was over" });
  });
});
