/**
 * Every command of the README and of the pages is run, block by block, in a project that has the package from a registry on this machine.
 * scripts/docs/check_commands.ts checks the form of all of them, in each run; this takes minutes, and is for the long run.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findBlocks } from "../../scripts/docs/markdown.ts";
import { readShell, type ShellBlock, type ShellCommand, splitCommand } from "../../scripts/docs/shell.ts";
import { projectRoot, tool } from "../../scripts/project.ts";
import { freePorts } from "../free_ports.ts";
import { LIMIT_MS, Project } from "./_package.ts";
import { publishToJsr, publishToNpm } from "./_publish.ts";
import { Registry } from "./_registry.ts";
import { runInClone, Shell } from "./_shell.ts";

/** Commands that are not run here, and why. */
const NOT_RUN: readonly (readonly [command: RegExp, why: string])[] = [
  [/^npm test/, "it is what runs this"],
  [/^(bun|deno run -A) scripts\/bench\//, "it takes as long as it is told, and says something on a quiet machine only"],
  [/^bun scripts\/soak\.ts/, "the long run has it"],
];
/** Commands that are run in the clone. */
const IN_CLONE = /^npm run /;

const QUEUE = (name: string, variable: string): string =>
  `export const ${variable} = new SqliteHuey("${name}", { filename: "shared.db" });
${variable}.task("add", (a: number, b: number) => a + b);
${variable}.task("greet", (name: string) => "hello " + name);
export const fail_${variable} = ${variable}.task("fail", () => { throw new Error("on purpose"); });
`;
const IMPORT = `import { SqliteHuey } from "@hueyjs/huey";\n`;
const FILES: Readonly<Record<string, string>> = {
  "app.ts": IMPORT + QUEUE("shop", "huey"),
  "tasks.ts": IMPORT + QUEUE("shop", "huey"),
  "shop.ts": IMPORT + QUEUE("shop", "huey"),
  "crm.ts": IMPORT + QUEUE("crm", "huey"),
  "fail.ts": `import { Consumer } from "@hueyjs/huey";
import { fail_huey, huey } from "./app.ts";
const { id } = await fail_huey();
await using consumer = new Consumer(huey);
await consumer.start();
await consumer.waitFor("idle");
console.log(id);
`,
};

/** The files of a page's project: those that it shows, and others that its commands name. */
function filesOf({ document, commands }: ShellBlock): Record<string, string> {
  const shown = findBlocks(readFileSync(join(projectRoot, document), "utf8"));
  // A folder that only a server has stands for that of the project.
  const named = shown.flatMap(({ file, code }) =>
    file === undefined ? [] : [[file, code.replaceAll("/var/lib/app/", "")] as const]
  );
  const several = commands.some(({ text }) => /app\.ts#|--all app/.test(text));
  return {
    ...FILES,
    ...(several ? { "app.ts": IMPORT + QUEUE("mail", "mail") + QUEUE("reports", "reports") } : {}),
    ...Object.fromEntries(named),
  };
}

// What runs these tests makes no difference to the programs that they start, which take their time.
describe.if("Bun" in globalThis)("the commands of", () => {
  const registry = new Registry();
  const bench = new Project({});
  /** Has the package, installed by npm. */
  let installed: Project;
  const projects = [bench];

  const user = (files: Readonly<Record<string, string>>): Project => {
    const project = new Project(files, registry.environment);
    projects.push(project);
    return project;
  };

  beforeAll(async () => {
    await registry.start();
    await publishToNpm(registry, bench, ["redis"]);
    await publishToJsr(registry);
    installed = user({ "package.json": `{ "type": "module" }` });
    await installed.ok("npm", "install", "--no-fund", "--no-audit", "@hueyjs/huey");
  }, 2 * LIMIT_MS);
  afterAll(async () => {
    await registry.stop();
    for (const project of projects) project.remove();
  });

  /** A project for the commands of a runtime: Deno has its own form of it. */
  function projectFor(files: Readonly<Record<string, string>>, deno: boolean, empty: boolean): Project {
    if (empty) return user({});
    if (deno) {
      return user({
        ...files,
        "deno.json": `{ "imports": { "@hueyjs/huey": "jsr:@hueyjs/huey" } }`,
      });
    }
    const project = user({ ...files, ".npmrc": `registry=${registry.npmUrl}` });
    for (const name of ["package.json", "node_modules"]) {
      cpSync(join(installed.path, name), join(project.path, name), { recursive: true, verbatimSymlinks: true });
    }
    return project;
  }

  async function runBlock(block: ShellBlock): Promise<void> {
    const files = filesOf(block);
    const [port, second] = await freePorts(2);
    const empty = block.commands[0]!.text.startsWith("mkdir ");
    const all = block.commands.filter(({ text }) => !NOT_RUN.some(([command]) => command.test(text)));
    const shells = new Map<boolean, Shell>();
    const shellOf = (deno: boolean, project = projectFor(files, deno, empty)): Shell => {
      const shell = shells.get(deno) ?? new Shell(project, registry.environment);
      return shells.set(deno, shell), shell;
    };
    let failed = "";
    if (all.some(({ text }) => /\bID\b|\bhealth\b|--wait/.test(text))) {
      const project = projectFor(files, false, false);
      const shell = shellOf(false, project);
      failed = (await project.ok(tool("bun"), "fail.ts")).trim();
      await shell.keep(commandOf(block, "huey-consumer app.ts"));
    }
    try {
      for (const command of all) {
        const text = command.text.replace(/\bID\b/, failed).replaceAll("8080", String(port)).replaceAll("9090", String(second))
          .replace("bun consumer.ts", `bun ${projectRoot}consumer.ts`);
        const deno = /\bdeno (run|add|test)\b/.test(text) || (!/\b(bun|bunx|npx|npm|node)\b/.test(text) && shells.has(true));
        if (IN_CLONE.test(text)) await runInClone({ ...command, text });
        else await shellOf(deno).run(commandOf(block, text, command));
      }
    } finally {
      for (const shell of shells.values()) await shell.close();
    }
  }

  for (const block of readShell(projectRoot).blocks) {
    const [first] = block.commands;
    test(first!.source, () => runBlock(block), 2 * LIMIT_MS);
  }

  test("what is not run has a reason, and is there", () => {
    const texts = readShell(projectRoot).blocks.flatMap(({ commands }) => commands.map(({ text }) => text));
    expect(NOT_RUN.filter(([command]) => !texts.some((text) => command.test(text)))).toEqual([]);
  });
});

function commandOf(
  block: ShellBlock,
  text: string,
  { source }: Pick<ShellCommand, "source"> = { source: block.document },
): ShellCommand {
  return { source, text, calls: splitCommand(text) };
}
