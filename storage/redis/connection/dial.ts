/**
 * Making connections with node-redis: to one server, or to the present primary of a cluster or a sentinel's set.
 *
 * All keys of a queue carry one hash tag, so that a single node holds them all, and a plain connection to that node does.
 * @module
 */
import { ConfigurationError, StorageError } from "../../../lib/errors.ts";
import { nodeRedis } from "./node_redis.ts";
import type { RedisSettings } from "../options.ts";

/** What an argument of a command may be. */
export type Argument = string | Buffer;

/** What is used of a node-redis client. */
export interface RedisConnection {
  connect(): Promise<unknown>;
  sendCommand(args: readonly Argument[], options?: object): Promise<unknown>;
  subscribe(channels: string[], listener: (message: string, channel: string) => void): Promise<unknown>;
  on(event: string, listener: (error: Error) => void): unknown;
  destroy(): void;
  readonly isReady: boolean;
}

/** Makes a connection that is not open yet. */
export type Dial = () => Promise<RedisConnection>;

type Duplicable = { duplicate(overrides: object): RedisConnection; options?: { socket?: object } };
type Sentinel = { isOpen: boolean; _execute<T>(isReadonly: boolean, use: (client: Duplicable) => Promise<T>): Promise<T> };
type Pool = { isOpen: boolean; execute<T>(use: (client: Duplicable) => T): Promise<T> };
type Cluster = {
  isOpen: boolean;
  getNodeClientForKey(key: string): Promise<Duplicable>;
  sendCommand(key: string, isReadonly: boolean, args: string[]): Promise<unknown>;
};

const CONNECT_TIMEOUT_MS = 5000;

/**
 * How to connect.
 *
 * @param settings What the user said.
 * @param key A key of the queue; tells the node of a cluster.
 * @throws ConfigurationError if the client is of no kind that is known here.
 */
export function dialer(settings: RedisSettings, key: string): Dial {
  const { client, connection } = settings;
  if (connection) return async () => (await nodeRedis()).createClient(withOverrides(connection)) as RedisConnection;
  if (isKind<Cluster>(client, "getNodeClientForKey")) return () => dialCluster(client, key);
  if (isKind<Sentinel>(client, "getMasterNode")) {
    return () => dialThrough(client, (use) => client._execute(false, (node) => Promise.resolve(use(node))));
  }
  if (isKind<Pool>(client, "execute")) return () => dialThrough(client, (use) => client.execute(use));
  checkClient(settings);
  return () => Promise.resolve(duplicate(client as Duplicable));
}

/** @throws {ConfigurationError} If a client was given that is of no kind that is known here. */
export function checkClient({ client, name }: RedisSettings): void {
  const methods = ["getNodeClientForKey", "getMasterNode", "execute", "duplicate"];
  if (client === undefined || methods.some((method) => isKind(client, method))) return;
  throw new ConfigurationError(`client of queue "${name}" must be a client, cluster, sentinel or pool of node-redis`);
}

function isKind<T>(client: object | undefined, method: string): client is T & object {
  return typeof (client as Record<string, unknown> | undefined)?.[method] === "function";
}

/** Reconnecting is left to the link, which knows what to send again and when to give up, and sees when the server is silent. */
function withOverrides(base: { socket?: unknown }): object {
  return {
    maintNotifications: "disabled",
    ...base,
    disableOfflineQueue: true,
    pingInterval: undefined,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      ...base.socket as object | undefined,
      reconnectStrategy: false,
    },
  };
}

function duplicate(client: Duplicable): RedisConnection {
  return client.duplicate(withOverrides({ socket: client.options?.socket }));
}

/** Asks the cluster for the node first, so that it learns of a moved slot. */
async function dialCluster(cluster: Cluster, key: string): Promise<RedisConnection> {
  mustBeOpen(cluster, "cluster");
  await cluster.sendCommand(key, false, ["EXISTS", key]);
  return duplicate(await cluster.getNodeClientForKey(key));
}

async function dialThrough(
  source: { isOpen: boolean },
  use: (pick: (client: Duplicable) => RedisConnection) => Promise<RedisConnection>,
): Promise<RedisConnection> {
  mustBeOpen(source, "sentinel or pool");
  return await use((client) => duplicate(client));
}

function mustBeOpen(source: { isOpen: boolean }, kind: string): void {
  if (!source.isOpen) throw new StorageError(`The given ${kind} is not connected: call its connect() first and close it last`);
}
