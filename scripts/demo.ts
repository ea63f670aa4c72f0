/**
 * The main job on real input: a consumer process with two Web Workers measures every file of a folder.
 *
 *     npm run demo [folder]
 *     npm run demo -- --dashboard [folder]
 *
 * With `--dashboard` the consumer goes on after the work, and its dashboard shows what it has done, until Ctrl-C.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { showProgress, table } from "./demo_report.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Where the dashboard is, if it is asked for, and nobody else is there: an address that can be kept. */
const DASHBOARD_PORT = 8137;
const SKIPPED = new Set(["node_modules", ".git", "dist"]);

/** Runs the demo on a folder. @returns the exit code */
async function main(folder: string, withDashboard: boolean): Promise<number> {
  const paths = filesOf(folder);
  if (paths.length === 0) return complain(`There is no file in ${folder}`);
  const home = mkdtempSync(join(tmpdir(), "huey-demo-"));
  process.env["HUEY_DEMO_DATABASE"] = join(home, "demo.db");
  const port = withDashboard ? await freePort(DASHBOARD_PORT) : undefined;
  const consumer = startConsumer(port);
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(new Error("Stopped")));
  const died = once(consumer, "exit", { signal: stop.signal }).then(
    () => stop.abort(new Error("The consumer has ended")),
    () => {},
  );
  try {
    await measureAll(paths, folder, stop.signal);
    if (port === undefined) {
      console.log("See it in the browser: npm run demo -- --dashboard");
      return 0;
    }
    console.log(`The dashboard of this queue is at http://127.0.0.1:${port}/ until Ctrl-C`);
    await new Promise((resolve) => stop.signal.addEventListener("abort", resolve, { once: true }));
    return consumer.exitCode ?? 0;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    return complain(`\n${(stop.signal.reason as Error).message}: the demo ends here`, 130);
  } finally {
    await end(consumer);
    await died;
    rmSync(home, { recursive: true, force: true });
  }
}

async function measureAll(paths: readonly string[], folder: string, signal: AbortSignal): Promise<void> {
  const { huey, measure, rate } = await import("./demo_tasks.ts");
  const startedMs = performance.now();
  console.log(`Measuring ${paths.length} files of ${folder}: two steps each, on two Web Workers`);
  const pipelines = await huey.enqueueMany(paths.map((path) => measure.s(path).andThen(rate)));
  let done = 0;
  showProgress(done, paths.length);
  const files = await Promise.all(
    Array.from(pipelines, async (pipeline) => {
      const [, rated] = await pipeline.get({ blocking: true, signal });
      showProgress(++done, paths.length);
      return { ...rated, path: relative(folder, rated.path) };
    }),
  );
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(`\n${table(files)}\n`);
  console.log(`${2 * files.length} tasks in ${seconds.toFixed(2)} s, start of the workers included`);
  await huey.close();
}

/** @returns the port that is wanted, or any other that is free */
async function freePort(wanted: number): Promise<number> {
  const server = createServer();
  try {
    server.listen(wanted, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  } catch (error) {
    if (wanted === 0) throw error;
    return await freePort(0);
  } finally {
    server.close();
  }
}

function startConsumer(dashboardPort: number | undefined): ChildProcess {
  const args = [join(ROOT, "consumer.ts"), join(ROOT, "scripts/demo_tasks.ts"), "-w", "2", "-k", "thread", "-q"];
  if (dashboardPort !== undefined) args.push("--dashboard", String(dashboardPort));
  const runtime = "Deno" in globalThis ? ["run", "-A"] : [];
  return spawn(process.execPath, [...runtime, ...args], { stdio: ["ignore", "inherit", "inherit"] });
}

async function end(consumer: ChildProcess): Promise<void> {
  if (consumer.exitCode !== null || consumer.signalCode !== null) return;
  const exited = once(consumer, "exit");
  consumer.kill("SIGTERM");
  await exited;
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (SKIPPED.has(entry.name)) return [];
    return entry.isDirectory() ? filesOf(path) : entry.isFile() ? [path] : [];
  });
}

function complain(text: string, code: number = 1): number {
  console.error(text);
  return code;
}

const args = process.argv.slice(2);
const folder = resolve(args.find((each) => each !== "--dashboard") ?? ROOT);
process.exit(
  statSync(folder, { throwIfNoEntry: false })?.isDirectory()
    ? await main(folder, args.includes("--dashboard"))
    : complain(`${folder} is not a folder`),
);
