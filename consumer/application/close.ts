/**
 * The end of the Hueys that the command line loaded.
 * @module
 */
import type { Logger } from "../../lib/types/options.ts";
import type { Loaded } from "./load.ts";
import { sleep } from "../loop/outage.ts";

/** A storage that hangs must not keep the process from ending. */
const LIMIT_MS = 5000;

/** Closes the storages, for a few seconds at most. Never rejects. */
export async function closeHueys(loaded: readonly Loaded[], logger?: Logger): Promise<void> {
  const limit = new AbortController();
  const close = loaded.map(({ huey }) => huey.close().catch((error) => logger?.error("Closing the storage failed", { error })));
  await Promise.race([Promise.all(close), sleep(LIMIT_MS, limit.signal)]);
  limit.abort();
}
