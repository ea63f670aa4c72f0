/**
 * What the commands need: npm packages, Bun, Deno and Node among them, and Debian packages. Each is looked at first and
 * installed only when it is missing; nothing is installed globally except what apt-get installs.
 * @module
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** The environment of everything that is started: works with an empty HOME, and with none. */
export const environment = {
  ...process.env,
  DENO_DIR: process.env.DENO_DIR ?? join(root, "node_modules/.cache/deno"),
  DENO_NO_UPDATE_CHECK: "1",
  ...(isWritable(process.env.HOME) ? {} : { npm_config_cache: join(root, ".tools/npm-cache") }),
};

/** Programs that do not come from npm, by command; `package` is the Debian package that has it. */
const programs = {
  chromium: { package: "chromium", why: "the tests of the dashboard" },
  "redis-server": { package: "redis-server", why: "the tests of the Redis storage" },
  // The server's own programs are not on the PATH of Debian; this one comes with them.
  "pg_ctlcluster": { package: "postgresql", why: "the tests of databases" },
};

/** Runs `npm ci` when node_modules is missing or older than the lock file. */
export function ensurePackages() {
  const lock = join(root, "package-lock.json");
  const installed = join(root, "node_modules/.package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  const { packages } = JSON.parse(readFileSync(lock, "utf8"));
  const version = (name) => `${name} ${packages[`node_modules/${name}`]?.version}`;
  const wanted = Object.values(packages).filter((entry) => fitsHere(entry)).length - 1;
  console.log(`Installing ${version("bun")}, ${version("deno")} and ${wanted - 2} other npm packages into node_modules`);
  execute("npm", ["ci", "--include=dev", "--no-fund", "--no-audit", "--loglevel=error"]);
}

/** Checks that what `npm ci` installs is there. */
export function requirePackages() {
  const missing = ["bun", "deno", "tsc"].filter((tool) => !existsSync(join(root, "node_modules/.bin", tool)));
  if (missing.length > 0) throw new Error(`${missing.join(", ")} is missing in node_modules: run npm ci first`);
}

/** Checks that Bun and Deno start, and runs Bun's install script when npm did not. */
export function ensureTools() {
  const bun = join(root, "node_modules/.bin/bun");
  if (!starts(bun)) execute(process.execPath, [join(root, "node_modules/bun/install.js")]);
  for (const tool of [bun, join(root, "node_modules/.bin/deno")]) {
    if (!starts(tool)) throw new Error(`${tool} does not start; remove node_modules and try again`);
  }
}

/** What only the tests need, in versions of its own: the Node of the machine may be older, and TypeScript is the oldest that is supported. */
const testTools = { node: "24.21.0", typescript: "5.6.3" };

/** Installs the tools of the tests, beside the other packages, where they are no one's `node` and `tsc`. */
export function ensureTestTools() {
  const folder = join(root, "node_modules/.cache/tools");
  const commands = ["node", "tsc"].map((name) => join(folder, "node_modules/.bin", name));
  if (commands.every(starts)) return;
  // Node is a package for each system, so no list of packages can name it.
  const node = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}@${testTools.node}`;
  console.log(`Installing node ${testTools.node} and typescript ${testTools.typescript} for the tests`);
  mkdirSync(folder, { recursive: true });
  const quiet = ["--no-save", "--no-fund", "--no-audit", "--loglevel=error"];
  execute("npm", ["install", "--prefix", folder, ...quiet, node, `typescript@${testTools.typescript}`]);
  const broken = commands.find((command) => !starts(command));
  if (broken !== undefined) throw new Error(`${broken} does not start; remove ${folder} and try again`);
}

/** Installs the programs that are missing, with apt-get. */
export function ensurePrograms(names) {
  const missing = names.filter((name) => !onPath(name));
  if (missing.length === 0) return;
  const packages = missing.map((name) => programs[name].package);
  const reasons = missing.map((name) => `${name} (${programs[name].why})`).join(", ");
  if (!onPath("apt-get")) throw new Error(`${reasons} is missing and there is no apt-get; install it and try again`);
  if (process.getuid?.() !== 0) throw new Error(`${reasons} is missing; run: sudo apt-get install ${packages.join(" ")}`);
  console.log(`Installing ${packages.join(", ")} with apt-get, for ${missing.map((name) => programs[name].why).join(", ")}`);
  // RUNLEVEL=1 keeps Debian from starting the server that it installs.
  const settings = { DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  execute("apt-get", ["update", "-qq", "-o", "Acquire::Retries=3"], settings);
  execute("apt-get", ["install", "-y", "-qq", "-o", "Acquire::Retries=3", "--no-install-recommends", ...packages], settings);
  const absent = missing.filter((name) => !onPath(name));
  if (absent.length > 0) {
    throw new Error(`apt-get installed ${packages.join(", ")}, but ${absent.join(", ")} is not on the PATH`);
  }
}

/** Runs a command, silent unless it fails. */
function execute(command, args, settings = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    env: { ...environment, ...settings },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return;
  throw new Error(`${command} ${args.join(" ")} ended with ${error?.message ?? status}\n${stdout ?? ""}${stderr ?? ""}`);
}

function starts(tool) {
  return existsSync(tool) && spawnSync(tool, ["--version"], { env: environment, stdio: "ignore" }).status === 0;
}

function onPath(command) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, command)));
}

function isWritable(folder) {
  if (!folder) return false;
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false; // no place for npm's cache, which then goes into the project
  }
}

/** Whether npm installs a package of the lock file on this machine. */
function fitsHere({ os, cpu, libc }) {
  const musl = !process.report.getReport().header.glibcVersionRuntime;
  return (!os || os.includes(process.platform)) && (!cpu || cpu.includes(process.arch)) &&
    (!libc || libc.includes(musl ? "musl" : "glibc"));
}
