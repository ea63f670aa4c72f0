import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { projectRoot } from "../../scripts/project.ts";

const paths = (process.env.PATH ?? "").split(delimiter);
const node = paths.map((folder) => join(folder, "node")).find((path) => existsSync(path)) ?? "node";

/** Programs that only note how they were called; node_modules and everything on the PATH is made of them. */
const fakes: Readonly<Record<string, string>> = {
  "node_modules/.bin/bun": `if [ "$1" = --version ]; then exit 0; fi
    echo "bun $* DENO_DIR=$DENO_DIR cache=$npm_config_cache"; exit 7`,
  "node_modules/.bin/deno": "exit 0",
  "node_modules/.cache/tools/node_modules/.bin/node": "exit 0",
  "node_modules/.cache/tools/node_modules/.bin/tsc": "exit 0",
  "bin/npm": `echo "npm $*" >> log`,
  "bin/apt-get": `echo "apt-get $*" >> log; : > bin/redis-server`,
  "bin/redis-server": "exit 0",
  "bin/pg_ctlcluster": "exit 0",
  "bin/chromium": "exit 0",
};
const lock = JSON.stringify({
  packages: {
    "": {},
    "node_modules/bun": { version: "1.0.0" },
    "node_modules/deno": { version: "2.0.0" },
    "node_modules/expect": { version: "3.0.0" },
    "node_modules/elsewhere": { version: "4.0.0", os: ["no-such-system"] },
  },
});

/** What is different from a project where everything is there. */
interface Difference {
  readonly files?: Readonly<Record<string, string>>;
  readonly missing?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

function makeProject(root: string, { files = {}, missing = [] }: Difference): void {
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    chmodSync(join(root, path), 0o755);
  };
  for (const name of ["scripts/run.mjs", "scripts/setup.mjs"]) write(name, readFileSync(join(projectRoot, name), "utf8"));
  for (const [path, code] of Object.entries({ ...fakes, ...files })) {
    if (!missing.includes(path)) write(path, path.endsWith(".js") ? code : `#!/bin/sh\n${code}\n`);
  }
  write("package-lock.json", lock);
  utimesSync(join(root, "package-lock.json"), 1000, 1000);
  if (!missing.includes("node_modules/.package-lock.json")) write("node_modules/.package-lock.json", lock);
}

/** Runs run.mjs in a project of fakes, with nothing in the environment but a PATH; `log` tells what was installed. */
function run(args: readonly string[], difference: Difference = {}): { code: number | null; output: string; log: string } {
  const root = mkdtempSync(join(realpathSync(tmpdir()), "huey-run-"));
  try {
    makeProject(root, difference);
    const variables = Object.entries({ PATH: join(root, "bin"), ...difference.env }).map(([name, value]) => `${name}=${value}`);
    // env -i, because Deno adds its own environment to the one that spawnSync is given.
    const ended = spawnSync("env", ["-i", ...variables, node, "scripts/run.mjs", ...args], { cwd: root, encoding: "utf8" });
    const log = existsSync(join(root, "log")) ? readFileSync(join(root, "log"), "utf8") : "";
    return { code: ended.status, output: (ended.stdout + ended.stderr).replaceAll(root, "ROOT"), log };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const started = (script: string, cache = "ROOT/.tools/npm-cache"): string =>
  `bun ROOT/scripts/${script} DENO_DIR=ROOT/node_modules/.cache/deno cache=${cache}\n`;

describe("run.mjs", () => {
  test("runs the script with Bun and ends with its exit code; what is there is not installed again", () => {
    expect(run(["test", "a", "b"])).toEqual({ code: 7, output: started("test.ts a b"), log: "" });
    expect(run(["demo"])).toEqual({ code: 7, output: started("demo.ts"), log: "" });
  });

  test("npm keeps its cache at home when there is a home that can be written to", () => {
    expect(run(["demo"], { env: { HOME: tmpdir() } }).output).toBe(started("demo.ts", ""));
  });

  test("an unknown command is refused", () => {
    expect(run(["tset"])).toEqual({
      code: 2,
      output: `Unknown command "tset": use one of test, long, demo, docs, pack, packed\n`,
      log: "",
    });
  });

  test("the packages are installed when they are missing", () => {
    expect(run(["demo"], { missing: ["node_modules/.package-lock.json"] })).toEqual({
      code: 7,
      output: "Installing bun 1.0.0, deno 2.0.0 and 1 other npm packages into node_modules\n" + started("demo.ts"),
      log: "npm ci --include=dev --no-fund --no-audit --loglevel=error\n",
    });
  });

  test("Bun's own install script runs when npm was not allowed to run it", () => {
    const files = {
      "node_modules/.bin/bun": "[ -e ready ]",
      "node_modules/bun/install.js": `require("node:fs").writeFileSync("ready", "");`,
    };
    expect(run(["demo"], { files })).toEqual({ code: 0, output: "", log: "" });
  });

  test("a tool that does not start is named", () => {
    expect(run(["demo"], { files: { "node_modules/.bin/deno": "exit 1" } })).toEqual({
      code: 1,
      output: "Set-up failed: ROOT/node_modules/.bin/deno does not start; remove node_modules and try again\n",
      log: "",
    });
  });

  test("the tests need a Node and a TypeScript of their own, the demo does not", () => {
    const bin = "node_modules/.cache/tools/node_modules/.bin";
    const missing = [`${bin}/node`];
    expect(run(["demo"], { missing })).toMatchObject({ code: 7, log: "" });
    const npm = `echo "npm $*" >> log; /bin/mkdir -p ${bin}; /bin/cp bin/redis-server ${bin}/node`;
    const { code, output, log } = run(["test"], { missing, files: { "bin/npm": npm } });
    expect(output).toMatch(/^Installing node 24\.\d+\.\d+ and typescript 5\.6\.\d for the tests\nbun ROOT/);
    expect(log).toMatch(
      /^npm install --prefix \S+\/\.cache\/tools --no-save .* node-\w+-\w+@24\.\d+\.\d+ typescript@5\.6\.\d\n$/,
    );
    expect(code).toBe(7);
  });

  test("the tests need a Redis server, the demo does not", () => {
    const difference = { missing: ["bin/redis-server", "bin/apt-get"] };
    expect(run(["demo"], difference).code).toBe(7);
    expect(run(["test"], difference)).toEqual({
      code: 1,
      output: "Set-up failed: redis-server (the tests of the Redis storage) is missing and there is no apt-get; " +
        "install it and try again\n",
      log: "",
    });
  });

  test("a Redis server that is missing is installed by root, and asked for from anybody else", () => {
    const { code, output, log } = run(["test"], { missing: ["bin/redis-server"] });
    if (process.getuid?.() === 0) {
      expect(output).toBe("Installing redis-server with apt-get, for the tests of the Redis storage\n" + started("test.ts"));
      const retries = "-qq -o Acquire::Retries=3";
      expect(log).toBe(`apt-get update ${retries}\napt-get install -y ${retries} --no-install-recommends redis-server\n`);
      expect(code).toBe(7);
    } else {
      expect(output).toContain("run: sudo apt-get install redis-server");
      expect(code).toBe(1);
    }
  });

  test("a failing installation is told in full", () => {
    const files = { "bin/npm": "echo no network >&2; exit 3" };
    expect(run(["demo"], { files, missing: ["node_modules/.package-lock.json"] })).toMatchObject({
      code: 1,
      output: expect.stringContaining(
        "Set-up failed: npm ci --include=dev --no-fund --no-audit --loglevel=error ended with 3\nno network",
      ),
    });
  });
});
