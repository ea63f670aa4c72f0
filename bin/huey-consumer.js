#!/usr/bin/env node
/**
 * The command of the npm package. The first line names Node, as that of every package does; who starts it with bunx, or in a script
 * of `bun run`, means Bun all the same.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const { versions, env, argv } = process;
const isNode = versions.bun === undefined && versions.deno === undefined;

if (isNode && (env.npm_config_user_agent ?? "").startsWith("bun/")) await runWithBun();
else await runHere();

async function runHere() {
  try {
    await import("../dist/lib/primitives/support.js");
  } catch (error) {
    // The runtime is too old: the sentence says it all.
    console.error(error.message);
    process.exit(1);
  }
  if (isWorker()) await import("../dist/consumer/child/process_entry.js");
  else await import("../dist/consumer.js");
}

/** Whether a consumer starts a worker process: from its cache of npm, Deno runs the commands of a package, and no other module. */
function isWorker() {
  try {
    return env.HUEY_WORKER_PROCESS === String(process.ppid);
  } catch {
    return false; // Whoever may not read it was not started by a consumer.
  }
}

/** Runs this file with Bun in place of this process, or beside it where a process cannot be replaced. */
async function runWithBun() {
  const beside = join(dirname(env.npm_execpath ?? ""), process.platform === "win32" ? "bun.exe" : "bun");
  const bun = existsSync(beside) ? beside : env.npm_execpath?.endsWith("bun.exe") ? env.npm_execpath : "bun";
  const args = [fileURLToPath(import.meta.url), ...argv.slice(2)];
  const child = spawn(bun, args, { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"]) process.on(signal, () => child.kill(signal));
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once("error", (cause) => reject(new Error(`Bun cannot be started: ${cause.message}`, { cause })));
    child.once("exit", (...ended) => resolve(ended));
  });
  if (signal !== null) process.kill(process.pid, signal);
  process.exitCode = code ?? 1;
}
