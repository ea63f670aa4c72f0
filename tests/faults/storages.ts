/**
 * The storages that the fault tests try, each in a place of its own.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileStorage, MemoryStorage, PriorityRedisStorage, SqliteStorage, type Storage } from "../../mod.ts";
import { type RedisServer, startRedis } from "../redis_server.ts";

/** A storage and how to end it. */
export interface Place {
  readonly storage: Storage;
  end(): Promise<void>;
}

async function inFolder(open: (folder: string) => Storage): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), "huey-faults-"));
  const storage = await Promise.resolve(open(folder));
  const end = async (): Promise<void> => {
    await storage.close();
    // The isolate that renews the lease may still write once.
    rmSync(folder, { recursive: true, maxRetries: 20, retryDelay: 20 });
  };
  return { storage, end };
}

async function onServer(): Promise<Place> {
  const server: RedisServer = await startRedis();
  const storage = new PriorityRedisStorage({ host: server.host, port: server.port });
  const end = async (): Promise<void> => {
    await storage.close();
    await server.stop();
  };
  return { storage, end };
}

/** Opens each. `share` is how much of the full load it gets: those without a disk or a server in between get all. */
export const PLACES: Readonly<Record<string, { readonly share: number; open(): Promise<Place> }>> = {
  memory: {
    share: 1,
    open: () => {
      const storage = new MemoryStorage();
      return Promise.resolve({ storage, end: () => storage.close() });
    },
  },
  SQLite: { share: 1, open: () => inFolder((folder) => new SqliteStorage({ filename: join(folder, "faults.db") })) },
  files: { share: 0.2, open: () => inFolder((path) => new FileStorage({ path })) },
  Redis: { share: 0.05, open: onServer },
};
