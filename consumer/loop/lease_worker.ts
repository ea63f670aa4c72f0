/**
 * Runs in a Web Worker: renews the lease of a consumer whose own isolate is held up by a task. It imports little until then, since
 * every byte here is one more in each consumer.
 * @module
 */
import { startInterval, systemClock, type Timer } from "../../lib/primitives/clock.ts";
import type { Lease, Storage, StorageDescriptor } from "../../lib/storage.ts";
import { parentLink } from "../platform/web_worker.ts";

/** What to renew, and when. */
export interface LeaseWatch {
  readonly descriptor: StorageDescriptor;
  readonly lease: Lease;
  /** One number: how often the consumer itself has renewed the lease. */
  readonly renewals: Int32Array<SharedArrayBuffer>;
  /** Renew it also while the consumer does. */
  readonly always: boolean;
}

/** What the consumer says: once what to do, and at the end that it is over. */
export type LeaseWorkerRequest = LeaseWatch | "stop";

/**
 * What it hears: that a renewal worked, or why not; `fatal` if it will never work; lines of the storage for the log. After `stopped`
 * nothing is written any more.
 */
export type LeaseWorkerReply =
  | "renewed"
  | "stopped"
  | { readonly error: string; readonly fatal: boolean }
  | { readonly lines: readonly string[] };

/** Looks within the life of a lease; the consumer renews it three times, so that one of two looks always finds it renewed. */
const LOOKS = 5;

const consumer = parentLink();

let storage: Storage | undefined;
let timer: Timer | undefined;
let renewing: Promise<void> = Promise.resolve();
let stopped = false;

function watchConsumer(watch: LeaseWatch): void {
  let seen = Atomics.load(watch.renewals, 0);
  let silent = 0;
  const next = (): void => void (renewing = renewing.then(() => renew(watch)));
  timer = startInterval(systemClock, watch.lease.ttlMs / LOOKS, () => {
    const renewals = Atomics.load(watch.renewals, 0);
    silent = renewals === seen ? silent + 1 : 0;
    seen = renewals;
    if (watch.always || silent > 1) next();
  });
  // The consumer may have been held up while this isolate was made.
  if (watch.always) next();
}

async function stop(): Promise<void> {
  stopped = true;
  timer?.stop();
  await renewing;
  await storage?.close().catch(() => {});
  reply("stopped");
}

async function renew({ descriptor, lease }: LeaseWatch): Promise<void> {
  if (stopped) return;
  try {
    storage ??= await open(descriptor);
  } catch (error) {
    timer?.stop();
    return reply({ error: String(error), fatal: true });
  }
  if (stopped) return;
  try {
    const lines = await storage.renewLease(lease);
    reply("renewed");
    if (lines !== undefined && lines.length > 0) reply({ lines });
  } catch (error) {
    reply({ error: String(error), fatal: false });
  }
}

async function open({ module, className, options }: StorageDescriptor): Promise<Storage> {
  const exports = await import(module) as Record<string, new (options: unknown) => Storage>;
  return new exports[className]!(options);
}

function reply(message: LeaseWorkerReply): void {
  consumer.post(message);
}

consumer.listen((message) => {
  const request = message as LeaseWorkerRequest | undefined;
  if (request === "stop") void stop();
  else if (request?.renewals !== undefined) watchConsumer(request);
});
