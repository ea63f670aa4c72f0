/** The npm package, as a user gets it: packed, published in a registry on this machine, and installed from there into empty projects. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, tool } from "../../scripts/project.ts";
import { APPLICATION, LIMIT_MS, Project } from "./_package.ts";
import { publishToNpm } from "./_publish.ts";
import { Registry } from "./_registry.ts";
import { LONG } from "../sizes.ts";

// What runs these tests makes no difference to the programs that they start, which take their time.
describe.if("Bun" in globalThis)("the npm package", () => {
  const registry = new Registry();
  /** Where it is packed. */
  const bench = new Project({});
  /** A project with the package, installed by npm. */
  let app: Project;
  let installed = "";
  const projects: Project[] = [bench];

  const user = (files: Readonly<Record<string, string>>): Project => {
    const project = new Project(files, registry.environment);
    projects.push(project);
    return project;
  };

  beforeAll(async () => {
    await registry.start();
    await publishToNpm(registry, bench);
    app = user({ ...APPLICATION, "package.json": `{ "type": "module" }` });
    await app.ok("npm", "install", "--no-fund", "--no-audit", "@hueyjs/huey");
    installed = join(app.path, "node_modules/@hueyjs/huey");
  }, 2 * LIMIT_MS);
  afterAll(async () => {
    await registry.stop();
    for (const project of projects) project.remove();
  });

  test("has what it says it has, and no more", () => {
    const { exports, imports, bin } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    const targets = [...Object.values<Record<string, string>>(exports).flatMap((each) => Object.values(each))];
    for (const file of [...targets, ...Object.values<string>(imports), ...Object.values<string>(bin)]) {
      expect([file, existsSync(join(installed, file))]).toEqual([file, true]);
    }
    for (const unwanted of ["tests", "scripts", "dist/tests", "dist/scripts", "dist/tsconfig.json"]) {
      expect(existsSync(join(installed, unwanted))).toBe(false);
    }
    const map = JSON.parse(readFileSync(join(installed, "dist/consumer/cli/cli.js.map"), "utf8")) as { sources: string[] };
    expect(existsSync(join(installed, "dist/consumer/cli", map.sources[0]!))).toBe(true);
  });

  test("brings the one file of the parser of the command line, with its licence, and not all of it", () => {
    expect(existsSync(join(app.path, "node_modules/@logtape/logtape"))).toBe(true);
    expect(existsSync(join(app.path, "node_modules/deno-std"))).toBe(false);
    expect(readdirSync(join(installed, "dist/std")).sort()).toEqual(["LICENSE", "parse_args.js"]);
    expect(readFileSync(join(installed, "dist/std/LICENSE"), "utf8")).toMatch(
      /^MIT License\n\nCopyright [\d-]+ the Deno authors\n\nPermission/,
    );
  });

  test("leaves package.json as it was", () => {
    const [before, after] = [projectRoot, join(bench.path, "copy")].map((root) =>
      readFileSync(join(root, "package.json"), "utf8")
    );
    expect(after).toBe(before);
  });

  test("has the files that its README links to", () => {
    const links = [...readFileSync(join(installed, "README.md"), "utf8").matchAll(/\]\(([^)#\s]+)/g)].map((match) => match[1]!);
    const here = links.filter((link) => !/^[a-z]+:/.test(link));
    expect(here.length).toBeGreaterThan(5);
    expect(here.filter((link) => !existsSync(join(installed, link)))).toEqual([]);
  });

  for (const type of ["greenlet", "thread", "process"]) {
    test(`on Node: tasks run in workers of type ${type}`, async () => {
      const consumer = [tool("node"), "node_modules/.bin/huey-consumer", "-k", type, "tasks.ts"] as const;
      expect(await app.whileConsuming(consumer, [tool("node"), "main.ts"])).toEqual({ printed: "sum 3\n", code: 0 });
    }, LIMIT_MS);

    test(`on Bun, from its TypeScript: tasks run in workers of type ${type}`, async () => {
      const project = user({ ...APPLICATION, "package.json": "{}", ".npmrc": `registry=${registry.npmUrl}` });
      await project.ok(tool("bun"), "add", "@hueyjs/huey");
      const consumer = [tool("bun"), "node_modules/.bin/huey-consumer", "-k", type, "tasks.ts"] as const;
      expect(await project.whileConsuming(consumer, [tool("bun"), "main.ts"])).toEqual({ printed: "sum 3\n", code: 0 });
    }, LIMIT_MS);

    for (const modules of ["none", "auto"]) {
      // Types and programs are checked anew in each project, which takes long: the usual run has each type, and each kind of folder.
      if (!LONG && (type === "thread") !== (modules === "none")) continue;
      test(`on Deno, node_modules ${modules}: tasks run in workers of type ${type}`, async () => {
        const settings = { nodeModulesDir: modules, imports: { "@hueyjs/huey": "npm:@hueyjs/huey" } };
        const project = user({ ...APPLICATION, "deno.json": JSON.stringify(settings) });
        const deno = [tool("deno"), "run", "-A", "--quiet"] as const;
        const consumer = [...deno, "npm:@hueyjs/huey/huey-consumer", "-k", type, "tasks.ts"] as const;
        // The types are the same in every folder.
        const check = LONG || modules === "none" ? ["--check"] : [];
        expect(await project.whileConsuming(consumer, [...deno, ...check, "main.ts"], true)).toEqual({
          printed: "sum 3\nsum 3\n",
          code: 0,
        });
        expect(existsSync(join(project.path, "node_modules"))).toBe(modules === "auto");
      }, LIMIT_MS);
    }
  }

  test("its command means Bun where it was started by Bun, whatever its first line says", async () => {
    const { version } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    app.write("asks.sh", `npm_config_user_agent=bun/1.4.5 npm_execpath=${tool("bun")} exec "$@"`);
    const said = await app.ok("sh", "asks.sh", tool("node"), "node_modules/.bin/huey-consumer", "--version");
    expect(said).toBe(`${version}\n`);
  }, LIMIT_MS);

  test("a runtime that is too old says so in one sentence, also to who starts the command", async () => {
    const sentence =
      /^Huey needs Bun 1.4, Deno 2.9, Node 24, or a later version of one of them: this is (Bun|Deno|Node) [\d.]+\n$/;
    app.write("lacks.mjs", "delete globalThis.AsyncDisposableStack;");
    app.write("old.mjs", `await import("@hueyjs/huey").catch(({ message }) => console.log(message));`);
    const lacks = ["--import", "./lacks.mjs"] as const;
    expect(await app.ok(tool("node"), ...lacks, "old.mjs")).toMatch(sentence);
    expect(await app.ok(tool("bun"), "--preload", "./lacks.mjs", "old.mjs")).toMatch(sentence);
    const command = await app.run(tool("node"), ...lacks, "node_modules/.bin/huey-consumer", "tasks.ts");
    expect([command.code, command.output]).toEqual([1, expect.stringMatching(sentence)]);
    // The Node of the machine, where that is an old one.
    const version = spawnSync("node", ["--version"], { encoding: "utf8" }).stdout ?? "v24";
    if (Number(/\d+/.exec(version)?.[0]) < 24) expect(await app.ok("node", "old.mjs")).toMatch(sentence);
  }, LIMIT_MS);

  describe.each([["5.6", tool("tsc-5.6")], ["the newest", tool("tsc")]])(
    "its types, checked whole by TypeScript %s,",
    (version, tsc) => {
      const ways: [string, string, Record<string, string[]>][] = [
        ["nodenext", "nodenext", {}],
        ["esnext", "bundler", {}],
        ["preserve", "bundler", { customConditions: ["bun"] }],
      ];
      // In the usual run the old one, which takes its time, checks one way, and the newest the others.
      test.each(LONG ? ways : version === "5.6" ? ways.slice(0, 1) : ways.slice(1))(
        "fit: module %s, resolution %s, %j",
        async (module, moduleResolution, more) => {
          app.write(
            "all.ts",
            `import { type Huey, MemoryHuey } from "@hueyjs/huey";
import { defineConfig, task } from "@hueyjs/huey/app";
import { TestHuey } from "@hueyjs/huey/testing";
export const huey: Huey = defineConfig(new MemoryHuey());
export const sum: Promise<number | undefined> = task("add", (a: number, b: number): number => a + b)(1, 2).then((result) => result.get());
export const tested: Huey = new TestHuey();
`,
          );
          const options = {
            noEmit: true,
            strict: true,
            target: "esnext",
            lib: ["esnext", "dom"],
            skipLibCheck: false,
            types: [],
          };
          const compilerOptions = { ...options, exactOptionalPropertyTypes: true, module, moduleResolution, ...more };
          app.write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["all.ts"] }));
          expect((await app.run(tsc, "-p", ".")).output).toBe("");
        },
        LIMIT_MS,
      );
    },
  );
});
