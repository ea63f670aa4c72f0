/**
 * The core of one Huey: its parts, and the storage that its mode asks for.
 * @module
 */
import type { Core, Running, Settings } from "../core/core.ts";
import { StorageError } from "../errors.ts";
import { type Hooks, makeHooks } from "../observe/hooks.ts";
import { hueyLogger, hueySerializer, hueySettings } from "./options.ts";
import { runInCall } from "../immediate/run_in_call.ts";
import { openImmediateStorage } from "../immediate/storage.ts";
import { type Clock, systemClock } from "../primitives/clock.ts";
import { Registry } from "../task/registry.ts";
import { endWaits } from "../result/waits.ts";
import { Signals } from "../observe/signals.ts";
import { Statistics } from "../statistics/statistics.ts";
import type { Tracing } from "../observe/tracing.ts";
import type { Storage } from "../storage.ts";
import type { HueyOptions, Logger, SerializerLike } from "../types/options.ts";

/** What a Huey is given as its storage: an instance, or a function that opens one when it is first used. */
export type StorageSource = Storage | ((name: string, clock: Clock) => Storage);

/** Holds the parts together; opens the storage when it is first asked for. */
export class HueyInternals implements Core {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly serializer: SerializerLike;
  readonly logger: Logger;
  readonly registry: Registry = new Registry();
  readonly hooks: Hooks = makeHooks();
  readonly signals: Signals;
  readonly locks: Map<string, number> = new Map();
  readonly running: Map<string, Running> = new Map();
  readonly statistics: Statistics | undefined;
  tracing: Tracing | undefined = undefined;
  readonly #source: StorageSource;
  readonly #immediateUseMemory: boolean;
  #live: Storage | undefined;
  #memory: Storage | undefined;
  #immediate: boolean;
  #closed: Promise<void> | undefined;

  constructor(options: HueyOptions, source: StorageSource) {
    this.settings = hueySettings(options);
    this.clock = options.clock ?? systemClock;
    this.serializer = hueySerializer(options);
    this.logger = hueyLogger(options);
    this.signals = new Signals(this.logger);
    this.#source = source;
    this.#immediate = options.immediate ?? false;
    this.#immediateUseMemory = options.immediateUseMemory ?? true;
    if (options.stats !== false) this.statistics = new Statistics(this, (...counted) => this.#open().count(...counted));
  }

  get immediate(): boolean {
    return this.#immediate;
  }

  /** Each switch starts with an empty memory. */
  set immediate(on: boolean) {
    if (on === this.#immediate) return;
    this.#immediate = on;
    this.#memory = undefined;
  }

  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /** @throws {StorageError} If the Huey is closed. */
  get storage(): Storage {
    if (this.#closed !== undefined) throw new StorageError(`Huey "${this.settings.name}" is closed`);
    return this.#open();
  }

  #open(): Storage {
    if (this.#immediate && this.#immediateUseMemory) {
      return this.#memory ??= openImmediateStorage(this.settings.name, this.clock);
    }
    return this.#live ??= typeof this.#source === "function" ? this.#source(this.settings.name, this.clock) : this.#source;
  }

  runInCall<T>(enqueue: (core: Core) => Promise<T>): Promise<T> {
    return runInCall(this, openImmediateStorage(this.settings.name, this.clock), enqueue);
  }

  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    await this.statistics?.close();
    for (const storage of [this.#memory, this.#live]) {
      if (storage === undefined) continue;
      endWaits(storage);
      await storage.close();
    }
  }
}
