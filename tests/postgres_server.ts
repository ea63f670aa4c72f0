/**
 * A PostgreSQL server for tests: on loopback, on a free port, with a cluster of its own in a temporary folder, stopped by process id.
 * @module
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { freePort } from "./free_ports.ts";

const HOST = "127.0.0.1";
/** Where Debian keeps each version. */
const VERSIONS = "/usr/lib/postgresql";
/** PostgreSQL refuses to run as root. */
const USER = "postgres";
/** Without what only matters after a crash of the computer. */
const SETTINGS = ["fsync=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=40", "unix_socket_directories="];

/** A server. */
export interface PostgresServer {
  readonly url: string;
  readonly port: number;
  /** Ends it as soon as nobody is connected, so that a connection that was left open is noticed, and removes its folder. */
  stop(): Promise<void>;
}

/** Starts a server with an empty database. */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), "huey-postgres-"));
  const data = join(folder, "data");
  if (process.getuid?.() === 0) execFileSync("chown", [USER, folder]);
  const [initdb, ...initArgs] = asUser(
    program("initdb"),
    "-D",
    data,
    "-U",
    USER,
    "-A",
    "trust",
    "-E",
    "UTF8",
    "--locale=C",
    "--no-sync",
  );
  execFileSync(initdb!, initArgs, { stdio: ["ignore", "ignore", "inherit"] });
  const port = await freePort();
  const settings = SETTINGS.flatMap((setting) => ["-c", setting]);
  const [postgres, ...args] = asUser(program("postgres"), "-D", data, "-p", String(port), "-h", HOST, ...settings);
  const child = spawn(postgres!, args, { stdio: ["ignore", "ignore", "pipe"] });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await ready(child, exited);
  return {
    url: `postgres://${USER}@${HOST}:${port}/postgres`,
    port,
    stop: async () => {
      // SIGTERM is its smart shutdown, which waits for the connections to end.
      process.kill(child.pid!, "SIGTERM");
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function asUser(...command: string[]): string[] {
  if (process.getuid?.() !== 0) return command;
  return ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups", "--", ...command];
}

function program(name: string): string {
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS).sort().reverse() : [];
  const folders = [...versions.map((version) => join(VERSIONS, version, "bin")), ...(process.env.PATH ?? "").split(delimiter)];
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`These tests need ${name}: install PostgreSQL (apt-get install postgresql)`);
  return found;
}

async function ready(child: ChildProcess, exited: Promise<void>): Promise<void> {
  let log = "";
  const accepting = new Promise<void>((resolve) => {
    child.stderr!.on("data", (chunk) => {
      log += String(chunk);
      if (log.includes("ready to accept connections")) resolve();
    });
  });
  await Promise.race([accepting, exited.then(() => Promise.reject(new Error(`PostgreSQL did not start:\n${log}`)))]);
}
