/**
 * From the settings to the options of a Redis storage.
 * @module
 */
import process from "node:process";
import { didYouMean } from "../lib/primitives/arguments.ts";
import { ConfigurationError } from "../lib/errors.ts";
import type { Given } from "./settings.ts";

/** Environment variables that may hold the URL; the first one that is set counts. */
const VARIABLES = ["HUEY_URL", "REDIS_URL"] as const;

/** Ways to say where Redis is. */
const PLACES = ["url", "host", "port", "client", "pool"];

/** Options of node-redis that ours do not stand for; those of a later version go into `clientOptions`. */
const CLIENT_OPTIONS: ReadonlySet<string> = new Set([
  "socket",
  "name",
  "database",
  "modules",
  "scripts",
  "functions",
  "commandsQueueMaxLength",
  "commandOptions",
  "disableOfflineQueue",
  "readonly",
  "pingInterval",
  "disableClientInfo",
  "clientInfoTag",
  "clientSideCache",
  "emitInvalidate",
  "keyPrefix",
  "himportRegistry",
  "maintNotifications",
  "maintEndpointType",
  "maintRelaxedCommandTimeout",
  "maintRelaxedSocketTimeout",
  "credentialsProvider",
  "RESP",
]);

/** What has another name here than elsewhere. */
const RENAMED: Readonly<Record<string, string>> = { connectionPool: "pool", connection_pool: "pool", database: "db" };

/**
 * The options of the storage.
 *
 * @param own `url`, `blocking` and `expireTime`, as given beside `connection`.
 * @param connection As given; options of the client library go there.
 * @param known Options of `connection`.
 * @throws {TypeError} For an option that neither we nor the client library know.
 * @throws {ConfigurationError} If the URL is given twice, or an option of the client library.
 */
export function redisConnection(own: Given, connection: Given, known: readonly string[]): Given {
  if (own.url != undefined && connection.url != undefined) {
    throw new ConfigurationError("url is given twice: beside connection and in it");
  }
  const given = Object.entries({ ...connection, ...own }).filter(([, value]) => value != undefined);
  const ours = Object.fromEntries(given.filter(([key]) => known.includes(key) || key in own));
  const others = Object.fromEntries(given.filter(([key]) => !known.includes(key) && !(key in own)));
  for (const key of Object.keys(others)) refuseUnknown(key, known);
  if (!PLACES.some((place) => ours[place] !== undefined)) ours.url = environmentUrl();
  if (typeof ours.url === "string") ours.url = withDatabase(ours.url);
  return Object.keys(others).length === 0 ? ours : { ...ours, clientOptions: { ...ours.clientOptions as object, ...others } };
}

function refuseUnknown(key: string, known: readonly string[]): void {
  if (CLIENT_OPTIONS.has(key) && RENAMED[key] === undefined) return;
  const renamed = RENAMED[key];
  const hint = didYouMean(renamed ?? key, renamed === undefined ? [...known, ...CLIENT_OPTIONS] : [renamed]) ||
    "; what node-redis takes beside these goes into clientOptions";
  throw new TypeError(`connection has no option "${key}"${hint}`);
}

function environmentUrl(): string | undefined {
  for (const name of VARIABLES) {
    try {
      if (process.env[name]) return process.env[name];
    } catch {
      // Deno without the permission to read the environment: there is nothing to find in it.
    }
  }
  return undefined;
}

/** The database may be given as `?db=1`, which node-redis would overlook. */
function withDatabase(url: string): string {
  if (!URL.canParse(url)) return url;
  const parsed = new URL(url);
  const database = parsed.searchParams.get("db");
  if (database === null) return url;
  if (!/^\d+$/.test(database)) throw new ConfigurationError(`db in the url must be a number: ${JSON.stringify(database)}`);
  parsed.searchParams.delete("db");
  parsed.pathname = `/${database}`;
  return parsed.href;
}
