/**
 * Loading node-redis at the first use.
 * @module
 */
import process from "node:process";
import { ConfigurationError } from "../../../lib/errors.ts";

/** What is used of the package. */
export interface NodeRedis {
  createClient(options: object): unknown;
}

/**
 * The client of node-redis. The package `redis` wraps it in the commands of four modules of the server, a quarter of the time that
 * loading takes and of no use here, so only the client that the package itself depends on is loaded where its files can be seen.
 *
 * @throws {ConfigurationError} If the package is not installed.
 */
export async function nodeRedis(): Promise<NodeRedis> {
  return innerClient() ?? await wholePackage();
}

function innerClient(): NodeRedis | undefined {
  try {
    const entry = import.meta.resolve("redis");
    return process.getBuiltinModule("node:module").createRequire(entry)("@redis/client") as NodeRedis;
  } catch {
    // Bundled, for example: the whole package does as well, or says what is wrong.
    return undefined;
  }
}

async function wholePackage(): Promise<NodeRedis> {
  try {
    return await import("redis");
  } catch (cause) {
    throw new ConfigurationError(
      'The Redis storages need the package "redis" (node-redis 6): bun add redis, npm install redis, or deno add npm:redis',
      { cause },
    );
  }
}
