/**
 * Options of the Redis storages, and what becomes of them.
 * @module
 */
import { ConfigurationError } from "../../lib/errors.ts";
import { checkOptions, type Rule, rule, type Rules } from "../../lib/primitives/option_rules.ts";
import { registerSecretsIn } from "../../lib/primitives/secrets.ts";
import { type Clock, systemClock } from "../../lib/primitives/clock.ts";
import { type Duration, durationMs } from "../../lib/primitives/time.ts";

/** More than one of `url`, `host`/`port`, `client`, `pool` is a ConfigurationError. What is `undefined` counts as not given. */
export interface RedisOptions {
  /** `redis://[[user][:password]@]host[:port][/db]`, or `rediss://` for TLS, or `unix:///path`. */
  url?: string;
  /** Default "localhost". */
  host?: string;
  /** Default 6379. */
  port?: number;
  /** Name of the login, where the server knows several. Default: the server's "default" user. */
  username?: string;
  /** Password of the login. Default: none. */
  password?: string;
  /** Number of the database. Default 0. */
  db?: number;
  /** Block on the server instead of polling. Default true. */
  blocking?: boolean;
  /** Longest blocking read. Default 1. */
  readTimeout?: Duration;
  /** Name of the connections, as the server lists them. */
  clientName?: string;
  /** A node-redis client, or a connected cluster or sentinel; the storage makes its own connections after its pattern. */
  client?: object;
  /** A connected pool of node-redis, used as `client` is. */
  pool?: object;
  /** Anything else that node-redis takes. */
  clientOptions?: Readonly<Record<string, unknown>>;
}

/** Options of the storages whose results expire. */
export interface RedisExpireOptions extends RedisOptions {
  /** Life of a result, more than 0; `"forever"`: it has no end. Default a day. */
  expireTime?: Duration | "forever";
}

/** What every class here takes. */
export interface StorageOptions extends RedisExpireOptions {
  /** Name of the queue. Default "huey". */
  readonly name?: string;
  /** Tells the time and sets timers where the server cannot. Default: the clock of the machine. */
  readonly clock?: Clock | undefined;
}

/** Checked options. */
export interface RedisSettings {
  readonly name: string;
  readonly blocking: boolean;
  readonly readTimeoutMs: number;
  /** Life of results of which the settlement does not say it; `undefined`: they have no end. */
  readonly expireMs: number | undefined;
  /** Options for `createClient`; `undefined` when a client or a pool was given. */
  readonly connection: Readonly<Record<string, unknown>> | undefined;
  readonly client: object | undefined;
  /** Host and port for messages; never a password. */
  readonly place: string;
  /** Number of the database, for messages. */
  readonly database: number;
  readonly clock: Clock;
}

/** Names of the ways to say where the server is; only one may be used. */
const SOURCES = { url: ["url"], "host/port": ["host", "port"], client: ["client"], pool: ["pool"] } as const;

/** What a client has of its own, and a URL in part. */
const OF_CONNECTION = ["username", "password", "db", "clientName", "clientOptions"] as const;

const DEFAULT_EXPIRE_SECONDS = 86_400;

/** Of a value of another type only the type is told: what stands at the wrong place may be a password. */
function typed(type: "number" | "string" | "object", rule: Rule): Rule {
  const wanted = type === "object" ? "an object" : `a ${type}`;
  return (value, name) => {
    const found: string = typeof value;
    if (found !== type) throw new TypeError(`${name} must be ${wanted}, not a value of type ${found}`);
    rule(value, name);
  };
}

/** One that an application has failed to make must not mean the server of this machine. */
function checkGiven(value: unknown, name: string): void {
  if (value === null) throw new TypeError(`${name} must be a client of node-redis, not null`);
}

/** The rule for each option of the storages whose results stay; neither a URL nor a password is shown. */
const RULES: Rules<RedisOptions> = {
  url: typed("string", rule.any),
  host: checkHost,
  port: typed("number", rule.whole({ min: 1, max: 65_535 })),
  username: typed("string", rule.text),
  password: typed("string", rule.any),
  db: typed("number", rule.whole({ min: 0 })),
  blocking: rule.boolean,
  readTimeout: rule.duration({ positive: true }),
  clientName: rule.text,
  client: checkGiven,
  pool: checkGiven,
  clientOptions: typed("object", rule.object),
};

/** The rule for each option of the storages whose results expire. */
const EXPIRE_RULES: Rules<RedisExpireOptions> = { ...RULES, expireTime: rule.ttl };

/** Names of the options, for the classes that take them beside those of a Huey. */
export const REDIS_KEYS: readonly string[] = Object.keys(RULES);
/** The same of the classes whose results expire. */
export const REDIS_EXPIRE_KEYS: readonly string[] = Object.keys(EXPIRE_RULES);

/**
 * @throws {TypeError | RangeError} For an unknown option, or a wrong value.
 * @throws {ConfigurationError} If the options contradict each other.
 */
export function redisSettings(options: StorageOptions, expires: boolean): RedisSettings {
  // First of all, so that no error about them tells them.
  registerSecretsIn(options);
  const rules = { name: rule.string, clock: rule.clock, ...(expires ? EXPIRE_RULES : RULES) };
  checkOptions<object>(options, expires ? "A Redis storage" : "A Redis storage whose results stay", rules);
  const name = options.name ?? "huey";
  const given = Object.entries(SOURCES).filter(([, keys]) => keys.some((key) => options[key] != undefined));
  if (given.length > 1) {
    const sources = given.map(([source]) => source).join(" and ");
    throw new ConfigurationError(`Queue "${name}" was given ${sources}; give one of url, host/port, client, pool`);
  }
  refuseIgnored(options, name);
  const client = options.client ?? options.pool;
  const connection = client ? undefined : connectionOptions(options);
  const where: Where = connection ?? (client as { readonly options?: Where }).options ?? {};
  const { expireTime = DEFAULT_EXPIRE_SECONDS } = options;
  return {
    name,
    blocking: options.blocking ?? true,
    readTimeoutMs: durationMs(options.readTimeout ?? 1, "readTimeout"),
    expireMs: expires && expireTime !== "forever" ? durationMs(expireTime, "expireTime") : undefined,
    connection,
    client,
    place: placeOf(where) ?? (client ? "the given client's address" : "localhost:6379"),
    database: databaseInUrl(where.url) ?? where.database ?? 0,
    clock: options.clock ?? systemClock,
  };
}

/** The client would do without an option that its URL says too, and one that was given has all of them already. */
function refuseIgnored(options: RedisOptions, name: string): void {
  const { url, client, pool } = options;
  const [, username, password] = /^\w+:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?/.exec(url ?? "") ?? [];
  const inUrl: Readonly<Record<string, unknown>> = { username, password, db: databaseInUrl(url) };
  const given = client ?? pool;
  const ignored = OF_CONNECTION.find((key) => options[key] != undefined && (given || (inUrl[key] ?? "") !== ""));
  if (ignored === undefined) return;
  throw new ConfigurationError(
    `Queue "${name}" was given ${ignored} beside a ${given ? "client, which has its own" : "url that has one"}`,
  );
}

/** The options as plain data with lengths of time as numbers; `undefined` if they cannot be told in plain data. */
export function plainOptions(options: StorageOptions): Record<string, unknown> | undefined {
  const { readTimeout, expireTime, clock: _, ...rest } = options;
  const plain: Record<string, unknown> = Object.fromEntries(Object.entries(rest).filter(([, value]) => value != undefined));
  if (readTimeout !== undefined) plain.readTimeout = durationMs(readTimeout, "readTimeout") / 1000;
  if (expireTime !== undefined) {
    plain.expireTime = expireTime === "forever" ? expireTime : durationMs(expireTime, "expireTime") / 1000;
  }
  return isPlain(plain) && options.client == undefined && options.pool == undefined ? plain : undefined;
}

function isPlain(value: unknown): boolean {
  if (typeof value === "function" || typeof value === "symbol") return false;
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isPlain);
  const prototype = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isPlain);
}

function connectionOptions(options: RedisOptions): Record<string, unknown> {
  const { url, username, password, db, clientName, clientOptions } = options;
  const socket: Record<string, unknown> = { ...clientOptions?.socket as object | undefined };
  if (options.host != undefined) socket.host = options.host;
  if (options.port != undefined) socket.port = options.port;
  const connection: Record<string, unknown> = { ...clientOptions, socket };
  const named = { url: url == undefined ? undefined : checkedUrl(url), username, password, database: db, name: clientName };
  for (const [key, value] of Object.entries(named)) if (value != undefined) connection[key] = value;
  return connection;
}

/** A URL in its place would be told wherever the server is named. */
function checkHost(value: unknown, name: string): void {
  rule.text(value, name);
  if (/[/@\s]/.test(value as string)) throw new TypeError(`${name} must be a name or an address; a URL is given as url`);
}

/** The message must not show the URL: it may hold a password. */
function checkedUrl(url: string): string {
  const protocol = /^([a-z]+):\/\//i.exec(url)?.[1]?.toLowerCase();
  const known = protocol === "redis" || protocol === "rediss" || protocol === "unix";
  if (!known || (protocol !== "unix" && !URL.canParse(url))) {
    throw new ConfigurationError(`url must look like redis://host:6379/0, rediss://host or unix:///path`);
  }
  return url;
}

/** What options of node-redis say of where the server is; a client tells its own. */
interface Where {
  readonly url?: string;
  readonly database?: number;
  readonly socket?: { readonly host?: string; readonly port?: number; readonly path?: string };
}

function placeOf({ url, socket: { host, port, path } = {} }: Where): string | undefined {
  if (typeof url === "string") return placeOfUrl(url);
  return path ?? (host === undefined && port === undefined ? undefined : `${host ?? "localhost"}:${port ?? 6379}`);
}

function placeOfUrl(url: string): string {
  if (!/^unix:/i.test(url)) return URL.canParse(url) ? new URL(url).host : "the given URL";
  const rest = url.slice("unix://".length).replace(/\?.*$/s, "");
  // What stands before the path is a login.
  return rest.startsWith("/") ? rest : rest.slice(rest.lastIndexOf("@") + 1);
}

function databaseInUrl(url: string = ""): number | undefined {
  const pattern = /^unix:/i.test(url) ? /[?&]db=(\d+)/ : /^[a-z]+:\/\/[^/?#]*\/(\d+)/i;
  const found = pattern.exec(url)?.[1];
  return found === undefined ? undefined : Number(found);
}
