/**
 * `npm test` and `npm run demo`: set up what is missing, then run the script with Bun.
 * Plain JavaScript on purpose: Node runs it before anything is installed.
 * @module
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ensurePackages, ensurePrograms, ensureTestTools, ensureTools, environment, requirePackages, root } from "./setup.mjs";

const commands = {
  test: { script: "scripts/test.ts", programs: ["redis-server", "pg_ctlcluster", "chromium"], testTools: true },
  long: { script: "scripts/test_long.ts", programs: ["redis-server", "pg_ctlcluster", "chromium"], testTools: true },
  demo: { script: "scripts/demo.ts", programs: [] },
  docs: { script: "scripts/site.ts", programs: [] },
  // npm pack packs what is there, and installs nothing behind one's back.
  pack: { script: "scripts/pack.ts", programs: [], installs: false },
  packed: { script: "scripts/packed.ts", programs: [], installs: false },
};

/** Runs a script with Bun until it ends, passing signals on, and gives its exit code. */
function run(script, args) {
  const child = spawn(join(root, "node_modules/.bin/bun"), [join(root, script), ...args], {
    env: environment,
    stdio: "inherit",
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      // On a terminal, Ctrl-C has already reached the child, which is in the same process group.
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
  });
}

const [name = "", ...args] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (command === undefined) {
  console.error(`Unknown command "${name}": use one of ${Object.keys(commands).join(", ")}`);
  process.exit(2);
}
try {
  if (command.installs !== false) ensurePackages();
  else requirePackages();
  ensureTools();
  if (command.testTools) ensureTestTools();
  ensurePrograms(command.programs);
  process.exitCode = await run(command.script, args);
} catch (error) {
  console.error(`Set-up failed: ${error.message}`);
  process.exitCode = 1;
}
