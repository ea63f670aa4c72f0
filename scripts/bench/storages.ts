/**
 * The storages that the benchmarks measure, each on a medium of its own.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { FileHuey, type Huey, type HueyOptions, MemoryHuey, PriorityRedisHuey, RedisHuey, SqliteHuey } from "../../mod.ts";

/** A storage by the name that the command line uses. */
export type StorageName = "memory" | "sqlite" | "file" | "redis" | "redis-priority";

/** All of them. */
export const STORAGE_NAMES: readonly StorageName[] = ["memory", "sqlite", "file", "redis", "redis-priority"];

/** Where the data of one measurement lives; plain data, so that another process can open the same. */
export interface Place {
  readonly storage: StorageName;
  readonly folder: string;
  readonly redisUrl: string;
}

/** A new, empty place. */
export function makePlace(storage: StorageName): Place {
  const redisUrl = process.env["BENCH_REDIS_URL"] ?? "redis://127.0.0.1:6379";
  return { storage, folder: mkdtempSync(join(tmpdir(), "huey-bench-")), redisUrl };
}

/** Deletes a place. */
export function removePlace(place: Place): void {
  rmSync(place.folder, { recursive: true, force: true });
}

/** Opens the Huey of a place. */
export function openHuey({ storage, folder, redisUrl: url }: Place, more: Pick<HueyOptions, "logger"> = {}): Huey {
  const options = { ...more, name: `bench-${folder.slice(-6)}` };
  if (storage === "memory") return new MemoryHuey(options);
  if (storage === "sqlite") return new SqliteHuey({ ...options, filename: join(folder, "bench.db") });
  if (storage === "file") return new FileHuey({ ...options, path: join(folder, "queue") });
  return storage === "redis" ? new RedisHuey({ ...options, url }) : new PriorityRedisHuey({ ...options, url });
}
