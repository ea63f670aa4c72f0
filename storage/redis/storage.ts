/**
 * The driver of the Redis storages, put together of its parts: a list or a sorted set as the queue, results that stay until they are read or
 * until they expire.
 * @module
 */
import type { Storage } from "../../lib/storage.ts";
import { Claiming, claimOperations } from "./claiming.ts";
import { RedisCore } from "./connection/core.ts";
import { counting } from "./counts.ts";
import { letters } from "./dead_letters.ts";
import { enqueuing } from "./enqueue.ts";
import { flushing } from "./flush.ts";
import { spaces } from "./key_value.ts";
import { leasing } from "./leases.ts";
import { listings } from "./listings.ts";
import type { QueueKind } from "./lua/library.ts";
import { redisSettings, type StorageOptions } from "./options.ts";
import { pausing, scheduling } from "./schedule.ts";
import { settlements, Settling } from "./settling.ts";
import { stepsAndChords } from "./steps.ts";
import { waits } from "./waits.ts";

/** What differs between the storages. */
export interface Variant {
  /** Whether there are priorities. */
  readonly kind: QueueKind;
  /** Whether results stay when they are read, until they expire. */
  readonly expires: boolean;
}

/**
 * Makes a storage; nothing is connected before its first use.
 *
 * @param options Where the server is, the name of the queue, and the life of results.
 * @param variant Which storage it is.
 * @returns The storage.
 * @throws ConfigurationError if the options contradict each other.
 */
export function redisStorage(options: StorageOptions, { kind, expires }: Variant): Storage {
  const core = new RedisCore(redisSettings(options, expires), kind);
  const adding = enqueuing(core);
  const settling = new Settling(core);
  return {
    name: core.settings.name,
    shared: true,
    descriptor: undefined,
    ...spaces(core, expires),
    ...adding,
    ...claimOperations(core, new Claiming(core, () => settling.turn)),
    ...settlements(core, settling, adding.check),
    ...stepsAndChords(core),
    ...scheduling(core),
    ...pausing(core),
    ...leasing(core),
    ...listings(core),
    ...letters(core),
    ...counting(core),
    ...flushing(core),
    ...waits(core),
    close: () => core.close(),
  };
}
