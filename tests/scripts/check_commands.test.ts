import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkCommands } from "../../scripts/docs/check_commands.ts";
import { checkFigures } from "../../scripts/docs/figures.ts";
import { splitCommand } from "../../scripts/docs/shell.ts";
import { projectRoot } from "../../scripts/project.ts";
import { withProject } from "./_fixture.ts";
import { kindOf } from "./_shell.ts";

const manifest = { "package.json": readFileSync(join(projectRoot, "package.json"), "utf8") };
const fence = "```";
const inBlock = (command: string): Promise<string[]> =>
  withProject({ ...manifest, "README.md": `${fence}sh\n${command}\n${fence}\n` }, checkCommands);
const inText = (text: string): Promise<string[]> => withProject({ ...manifest, "README.md": text }, checkCommands);
const figures = (text: string): Promise<string[]> => withProject({ "README.md": text, "scripts/bench.ts": "" }, checkFigures);

describe("the commands of the documentation", () => {
  test("are split as a shell does", () => {
    expect(splitCommand(`A=1 call app.ts greet '"Ada"' && b "c d" | jq .e`)).toEqual([
      ["call", "app.ts", "greet", '"Ada"'],
      ["b", "c d"],
      ["jq", ".e"],
    ]);
  });

  test.each([
    ["huey-consumer app.ts -w 4", "consumer"],
    ["deno run -A jsr:@hueyjs/huey/consumer tasks.ts", "consumer"],
    ["huey-consumer status app.ts", "ends"],
    ["bunx huey-consumer call app.ts add 20 22 --wait", "ends"],
    ["huey-consumer health --json app.ts", "ends"],
    ["bun main.ts", "ends"],
  ])("are known to go on or to end, for those who run them: %s", (line, kind) => {
    expect(kindOf({ calls: splitCommand(line) })).toBe(kind as "ends");
  });

  test.each([
    "huey-consumer app.ts -w 4 --grace 30     # with a remark",
    "bunx huey-consumer list app.ts failed --json | jq -r .taskId",
    "deno run -A jsr:@hueyjs/huey/consumer app.ts",
    "npm install @hueyjs/huey redis",
    "npm run demo -- docs",
  ])("may be %s", async (command) => expect(await inBlock(command)).toEqual([]));

  test.each([
    ["huey-consumer app.ts --worker 4", "There is no option --worker, did you mean --workers?"],
    ["npx huey-consumer app.ts -k fibre", "--worker-type must be one of"],
    ["huey-consumer list app.ts broken", "list"],
    ["deno run -A jsr:@hueyjs/huey/consumer app.ts --conc 1", "There is no option --conc"],
    ["bun add hueyjs", "nothing is known of the package hueyjs"],
    ["npm run demos", `package.json has no script "demos"`],
    ["bun scripts/bench/none.ts", "scripts/bench/none.ts does not exist"],
    ["make all", `nothing is known of the program "make"`],
    ["bun main.ts    # Deno: deno run -A main.ts", "a command in a remark needs a line of its own"],
  ])("may not be %s", async (command, problem) => {
    const problems = await inBlock(command);
    expect(problems.length).toBe(1);
    expect(problems[0]).toContain(problem);
    expect(problems[0]).toMatch(/^README\.md:2: /);
  });

  test("are also looked for in sentences, with options that stand by themselves", async () => {
    expect(await inText("Call `huey-consumer app.ts -w 4` with `--grace 30`, or `-v`.\n")).toEqual([]);
    expect(await inText("\nCall `huey-consumer health app.ts --jason`, with `--gracious`.\n")).toEqual([
      expect.stringContaining("README.md:2: huey-consumer health app.ts --jason: There is no option --jason"),
      "README.md:2: there is no option --gracious",
    ]);
  });

  test("a block says its language", async () => {
    expect(await inText(`${fence}\nnpm test\n${fence}\n`)).toEqual([
      expect.stringContaining("README.md:1: the block needs a language"),
    ]);
  });
});

describe("the figures of the documentation", () => {
  test("stand in a section that names its command", async () => {
    expect(await figures("# Speed\n\nMeasured with `bun scripts/bench.ts`.\n\nA call takes 12 us.\n")).toEqual([]);
    expect(await figures("A call takes 12 us ([measured](docs/benchmarks.md)).\n")).toEqual([]);
    expect(await figures("A task has 15 seconds, and `50 ms`.\n")).toEqual([]);
  });

  test.each(["A call takes 12 us.", "It is 5.7 times as fast.", "| | p50 ms |\n| - | - |", "It ends within a millisecond."])(
    "may not stand alone: %s",
    async (text) => {
      expect(await figures(`# One\n\nMeasured with \`bun scripts/bench.ts\`.\n\n# Two\n\n${text}\n`)).toEqual([
        expect.stringContaining("README.md:7: "),
      ]);
    },
  );

  test("name a script that exists", async () => {
    expect(await figures("Measured with `bun scripts/none.ts`: 12 us.\n")).toEqual([
      "README.md:1: Measured with bun scripts/none.ts: there is no such script",
    ]);
  });
});
