/**
 * Redis servers for tests: alone, as a cluster of three primaries, or watched by a sentinel. On loopback, on free ports, with a
 * temporary folder, stopped by process id.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { freePort, freePorts } from "./free_ports.ts";

const HOST = "127.0.0.1";
const BINARIES = ["/usr/bin/redis-server", "/usr/local/bin/redis-server", "/opt/homebrew/bin/redis-server"];
const CLUSTER_SLOTS = 16_384;

/** One server. */
export interface RedisServer {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** Sends one command and gives the raw reply. */
  command(line: string): Promise<string>;
  /** Ends the process at once; nothing of its data is kept. */
  kill(): Promise<void>;
  /** Starts it again on the same port after `kill`. */
  start(): Promise<void>;
  /** Freezes and thaws the process: connections stay, answers do not come. */
  freeze(): void;
  thaw(): void;
  /** Ends it for good and removes its folder. */
  stop(): Promise<void>;
}

/** Starts a server. @param args Further arguments, such as `--requirepass secret`. */
export async function startRedis(args: readonly string[] = [], port?: number): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), "huey-redis-"));
  const server = new Server(folder, port ?? await freePort(), args);
  await server.start();
  return server;
}

/** Three primaries that share the slots. */
export async function startCluster(): Promise<{ nodes: readonly RedisServer[]; stop(): Promise<void> }> {
  const ports = await freePorts(6);
  const members = [0, 1, 2].map((index) => ({ port: ports[index]!, bus: ports[index + 3]! }));
  const nodes = members.map(({ port, bus }, index) => {
    const folder = mkdtempSync(join(tmpdir(), "huey-redis-"));
    // They know each other from the start: to introduce them by CLUSTER MEET takes long on a busy machine.
    writeFileSync(join(folder, "nodes.conf"), clusterFile(members, index));
    return new Server(folder, port, ["--cluster-enabled", "yes", "--cluster-port", String(bus)]);
  });
  await Promise.all(nodes.map((node) => node.start()));
  for (const node of nodes) await until(async () => await isWholeCluster(node));
  return { nodes, stop: async () => void await Promise.all(nodes.map((node) => node.stop())) };
}

/** What a node of a cluster keeps about itself and the others. */
function clusterFile(members: readonly { readonly port: number; readonly bus: number }[], own: number): string {
  const share = Math.ceil(CLUSTER_SLOTS / members.length);
  const lines = members.map(({ port, bus }, index) => {
    const id = String(index + 1).repeat(40);
    const slots = `${index * share}-${Math.min((index + 1) * share, CLUSTER_SLOTS) - 1}`;
    return `${id} ${HOST}:${port}@${bus} ${index === own ? "myself," : ""}master - 0 0 ${index + 1} connected ${slots}`;
  });
  return [...lines, `vars currentEpoch ${members.length} lastVoteEpoch 0`, ""].join("\n");
}

/** A primary, a replica, and a sentinel that knows them as `huey-test`, and that is patient with a busy machine until it is told. */
export async function startSentinel(): Promise<SentinelSet> {
  const primary = await startRedis(["--repl-diskless-sync-delay", "0"]);
  const replica = await startRedis(["--replicaof", primary.host, String(primary.port)]);
  await until(async () => (await replica.command("INFO replication")).includes("master_link_status:up"));
  const folder = mkdtempSync(join(tmpdir(), "huey-redis-"));
  const port = await freePort();
  const file = join(folder, "sentinel.conf");
  const watched = [`monitor huey-test ${HOST} ${primary.port} 1`, "down-after-milliseconds huey-test 600000"];
  const lines = [...watched, "failover-timeout huey-test 3000"].map((line) => `sentinel ${line}`);
  writeFileSync(file, [`port ${port}`, `bind ${HOST}`, `dir ${folder}`, ...lines, ""].join("\n"));
  const sentinel = new Server(folder, port, [], [file, "--sentinel"]);
  await sentinel.start();
  await until(async () => (await sentinel.command("SENTINEL replicas huey-test")).includes(String(replica.port)));
  return { name: "huey-test", primary, replica, sentinel, stop: () => stopAll([sentinel, primary, replica]) };
}

/** What `startSentinel` started. */
export interface SentinelSet {
  readonly name: string;
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  readonly sentinel: RedisServer;
  stop(): Promise<void>;
}

/** Looks again and again until a condition holds; the time limit of the test ends it otherwise. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!await condition().catch(() => false)) await new Promise((resolve) => setTimeout(resolve, 10));
}

class Server implements RedisServer {
  readonly host: string = HOST;
  readonly port: number;
  readonly #folder: string;
  readonly #args: readonly string[];
  #process: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #running = false;

  constructor(folder: string, port: number, args: readonly string[], whole?: readonly string[]) {
    this.port = port;
    this.#folder = folder;
    const own = ["--port", String(port), "--bind", HOST, "--save", "", "--appendonly", "no", "--dir", folder];
    this.#args = whole ?? [...own, ...args];
  }

  get url(): string {
    return `redis://${this.host}:${this.port}`;
  }

  command(line: string): Promise<string> {
    return ask(this.port, line);
  }

  async start(): Promise<void> {
    const child = spawn(binary(), [...this.#args], { stdio: ["ignore", "pipe", "ignore"] });
    let log = "";
    child.stdout.on("data", (chunk) => void (log = (log + String(chunk)).slice(-2000)));
    this.#process = child;
    this.#running = true;
    this.#exited = new Promise<void>((resolve) => child.once("exit", () => resolve())).then(() => void (this.#running = false));
    // A server with a password answers too: it says that it wants one.
    const answers = until(async () => !this.#running || /^(\+PONG|-NOAUTH)/.test(await this.command("PING")));
    await Promise.race([answers, this.#exited]);
    if (!this.#running) throw new Error(`redis-server ended at its start on port ${this.port}:\n${log}`);
  }

  async kill(): Promise<void> {
    this.#send("SIGKILL");
    await this.#exited;
  }

  freeze(): void {
    this.#send("SIGSTOP");
  }

  thaw(): void {
    this.#send("SIGCONT");
  }

  /** Not by the child's own `kill`, which on Deno sends one signal only. */
  #send(signal: NodeJS.Signals): void {
    if (this.#running) process.kill(this.#process!.pid!, signal);
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function binary(): string {
  const found = BINARIES.find(existsSync);
  if (found === undefined) throw new Error("These tests need redis-server: install it (apt-get install redis-server)");
  return found;
}

async function isWholeCluster(node: RedisServer): Promise<boolean> {
  const info = await node.command("CLUSTER INFO");
  return info.includes("cluster_state:ok") && info.includes("cluster_known_nodes:3");
}

async function stopAll(servers: readonly RedisServer[]): Promise<void> {
  for (const server of servers) await server.stop();
}

/** One command in the inline form, over a connection of its own. */
function ask(port: number, line: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(port, HOST, () => socket.write(`${line}\r\n`));
  let reply = "";
  socket.on("error", reject);
  socket.on("close", () => reject(new Error(`No reply to ${line}`)));
  socket.on("data", (chunk) => {
    reply += String(chunk);
    if (!isWholeReply(reply)) return;
    resolve(reply);
    socket.destroy();
  });
  return promise;
}

/** Good enough for what is asked here: a line, or a bulk string, or a list that came in one piece. */
function isWholeReply(reply: string): boolean {
  if (!reply.endsWith("\r\n")) return false;
  const length = /^\$(\d+)\r\n/.exec(reply);
  return length === null || reply.length >= length[0].length + Number(length[1]) + 2;
}
