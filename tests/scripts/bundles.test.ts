/** Programs in one file: what works in them, and what is refused. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, tool } from "../../scripts/project.ts";
import { LIMIT_MS, Project } from "./_package.ts";

const PROGRAM = `import { Consumer, SqliteHuey } from "@hueyjs/huey";
import process from "node:process";

export const huey = new SqliteHuey("shop", { filename: "shop.db" });
const add = huey.task("add", (a: number, b: number): number => a + b);

const what = process.argv.at(-1);
if (what === "produce") {
  console.log("sum", await (await add(1, 2)).get({ blocking: true, timeout: 100 }));
  await huey.close();
} else if (what === "greenlet" || what === "thread" || what === "process") {
  const consumer = new Consumer(huey, { workerType: what, module: import.meta.url });
  process.on("SIGTERM", async () => {
    await consumer.stop();
    await huey.close();
    process.exit(0);
  });
  try {
    await consumer.start();
    console.log("Consumer started");
  } catch (error) {
    console.log((error as Error).message);
    process.exit(3);
  }
}
`;

/** What runs a program, by how it was made; on Node from the sources too, since nothing else is here. */
const MADE: Readonly<Record<string, readonly [build: readonly string[], run: readonly [string, ...string[]]]>> = {
  "bun build for Bun": [["--target=bun", "--outfile=out/bun.js"], [tool("bun"), "out/bun.js"]],
  "bun build for Node": [["--target=node", "--conditions=bun", "--outfile=out/node.js"], [tool("node"), "out/node.js"]],
  "bun build --compile": [["--compile", "--outfile=out/program"], ["out/program"]],
};

// What runs these tests makes no difference to the programs that they start, which take their time.
describe.if("Bun" in globalThis)("a program in one file", () => {
  let project: Project;

  beforeAll(() => {
    project = new Project({ "app.ts": PROGRAM, "package.json": `{ "type": "module" }` });
    mkdirSync(join(project.path, "node_modules/@hueyjs"), { recursive: true });
    symlinkSync(projectRoot, join(project.path, "node_modules/@hueyjs/huey"));
  });
  afterAll(() => project.remove());

  describe.each(Object.entries(MADE))("made by %s", (_name, [build, run]) => {
    test("calls tasks, and runs them in greenlets", async () => {
      await project.ok(tool("bun"), "build", "app.ts", ...build);
      const [program, ...args] = run;
      const command = [program.startsWith("out/") ? join(project.path, program) : program, ...args] as const;
      expect(await project.whileConsuming([...command, "greenlet"], [...command, "produce"])).toEqual({
        printed: "sum 3\n",
        code: 0,
      });
    }, LIMIT_MS);

    for (const type of ["thread", "process"]) {
      test(`refuses workers of type ${type} in a sentence`, async () => {
        const { code, output } = await project.run(...run, type);
        expect(code).toBe(3);
        expect(output).toMatch(
          /^(This program is a bundle, which lacks the modules|A compiled program cannot start worker processes).* "greenlet".*\n$/,
        );
      }, LIMIT_MS);
    }
  });

  test(
    "has a graph of modules in which Deno finds all of them, also those of the first use: what deno compile packs",
    async () => {
      const info = [tool("deno"), "info", "--json", "--config", join(projectRoot, "deno.json"), "app.ts"] as const;
      const { modules } = JSON.parse(await project.ok(...info)) as { modules: { specifier: string; error?: string }[] };
      expect(modules.filter(({ error }) => error !== undefined)).toEqual([]);
      const found = new Set(
        modules.map(({ specifier }) => specifier.slice(specifier.indexOf(projectRoot) + projectRoot.length)),
      );
      for (const module of ["storage/sqlite/connection/database.ts", "storage/redis/storage.ts", "consumer/pool/pool.ts"]) {
        expect([...found]).toContain(module);
      }
    },
    LIMIT_MS,
  );

  for (const type of ["thread", "process"]) {
    test(`without the library, which stays in node_modules, has workers of type ${type}`, async () => {
      await project.ok(tool("bun"), "build", "app.ts", "--target=bun", "--packages=external", "--outfile=out/external.js");
      const command = [tool("bun"), "out/external.js"] as const;
      expect(await project.whileConsuming([...command, type], [...command, "produce"])).toEqual({
        printed: "sum 3\n",
        code: 0,
      });
    }, LIMIT_MS);
  }
});
