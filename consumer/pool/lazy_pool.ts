/**
 * Worker types `thread` and `process`, loaded when they are started: a consumer of type `greenlet` starts faster and stays smaller.
 * @module
 */
import type { Core } from "../../lib/core/core.ts";
import type { Logger } from "../../lib/types/options.ts";
import type { Crew } from "../worker/workers.ts";
import type { ConsumerSettings } from "../options/settings.ts";
import type { OpenWorker } from "./remote_worker.ts";
import type { WorkerPool } from "./pool.ts";

/** A pool of workers in other isolates. */
export class DistantCrew implements Crew {
  readonly #load: () => Promise<WorkerPool>;
  #loading: Promise<WorkerPool> | undefined;
  #pool: WorkerPool | undefined;
  #stopping = false;

  /** @param consumer Id of the consumer. */
  constructor(core: Core, consumer: string, settings: ConsumerSettings, logger: Logger) {
    this.#load = async () => {
      const [{ WorkerPool }, open] = await Promise.all([import("./pool.ts"), opener(settings)]);
      const canKill = settings.workerType === "process" || !("Deno" in globalThis);
      return this.#pool = new WorkerPool(core, { consumer, settings, logger, open, canKill });
    };
  }

  get isTurning(): boolean {
    return this.#pool?.isTurning ?? false;
  }

  async start(): Promise<void> {
    const pool = await (this.#loading ??= this.#load());
    if (!this.#stopping) await pool.start();
  }

  async idle(): Promise<number> {
    return await (await (this.#loading ??= this.#load())).idle();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await (await this.#loading)?.stop();
  }

  async interrupt(graceMs: number): Promise<void> {
    this.#stopping = true;
    await (await this.#loading)?.interrupt(graceMs);
  }

  leaseRenewed(): void {
    this.#pool?.leaseRenewed();
  }

  check(): void {
    this.#pool?.check();
  }
}

async function opener({ workerType }: ConsumerSettings): Promise<OpenWorker> {
  if (workerType === "process") return (await import("./process_link.ts")).openProcess;
  const { openWorker, siblingUrl } = await import("../platform/web_worker.ts");
  return (events) => openWorker(siblingUrl("../child/worker_entry", import.meta.url), events);
}
