/** The package of JSR, as a user gets it: published in a registry on this machine, and imported from there by an empty project. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, tool } from "../../scripts/project.ts";
import { APPLICATION, LIMIT_MS, Project } from "./_package.ts";
import { publishDependencies, publishToJsr } from "./_publish.ts";
import { Registry } from "./_registry.ts";

const SPECIFIER = /^(?:import|export)\s(?!type\s)[^;]*?\sfrom "([^"]+)";|^import "([^"]+)";|\bimport\("([^"]+)"\)/gm;

// What runs these tests makes no difference to the programs that they start, which take their time.
describe.if("Bun" in globalThis)("the package of JSR", () => {
  const registry = new Registry();
  /** A project whose Deno asks the registry. */
  let app: Project;
  const deno = [tool("deno"), "run", "-A", "--quiet"] as const;

  beforeAll(async () => {
    await registry.start();
    app = new Project({
      ...APPLICATION,
      "deno.json": `{ "nodeModulesDir": "none", "imports": { "@hueyjs/huey": "jsr:@hueyjs/huey" } }`,
    }, registry.environment);
    await publishDependencies(registry, app);
    await publishToJsr(registry);
  }, 2 * LIMIT_MS);
  afterAll(async () => {
    await registry.stop();
    app.remove();
  });

  test("names nothing that only this project resolves", () => {
    const named = new Map<string, string>();
    for (const [file, text] of registry.jsrFiles("@hueyjs/huey")) {
      if (!file.endsWith(".ts") || file.startsWith("/examples/")) continue;
      for (const [, from, alone, later] of text.replace(/\/\*[^]*?\*\//g, "").matchAll(SPECIFIER)) {
        named.set(from ?? alone ?? later ?? "", file);
      }
    }
    const bare = [...named].filter(([name]) => !/^(\.{1,2}\/|node:|npm:|jsr:|bun:)/.test(name));
    expect(bare).toEqual([]);
    expect([...named.keys()].filter((name) => name.startsWith("jsr:"))).toEqual(["jsr:@std/cli@^1/parse-args"]);
    expect([...named.keys()].filter((name) => name.includes("deno-std"))).toEqual(["npm:deno-std@1.4.0/cli/parse_args.js"]);
    expect(named.get("npm:deno-std@1.4.0/cli/parse_args.js")).toBe("/scripts/std_cli/parse_args.ts");
  });

  for (const type of ["greenlet", "thread", "process"]) {
    test(`tasks run in workers of type ${type}`, async () => {
      const consumer = [...deno, "jsr:@hueyjs/huey/consumer", "-k", type, "tasks.ts"] as const;
      expect(await app.whileConsuming(consumer, [...deno, "--check", "main.ts"], true)).toEqual({
        printed: "sum 3\nsum 3\n",
        code: 0,
      });
    }, LIMIT_MS);
  }

  test("every entry point can be imported", async () => {
    const { name, exports } = JSON.parse(readFileSync(join(projectRoot, "deno.json"), "utf8"));
    const doors = Object.keys(exports).filter((door) => door !== "./consumer").map((door) => `jsr:${name}${door.slice(1)}`);
    app.write(
      "doors.ts",
      doors.map((door, index) => `import * as door${index} from "${door}";\nconsole.log(Object.keys(door${index}).length > 0);`)
        .join("\n"),
    );
    expect(await app.ok(...deno, "doors.ts")).toBe("true\n".repeat(doors.length));
  }, LIMIT_MS);
});
