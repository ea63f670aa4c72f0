/**
 * Runs in a Web Worker: renews the lease of a consumer whose own isolate may be busy with tasks.
 * @module
 */
import type { Lease, Storage, StorageDescriptor } from "../lib/storage.ts";

/** What the consumer says: once what to do, and at the end that it is over. */
export type ToHeart = { readonly descriptor: StorageDescriptor; readonly lease: Lease } | "stop";

/** What it hears: that a renewal worked, or why not; `fatal` if it will never work. After `stopped` nothing is written any more. */
export type FromHeart = "beat" | "stopped" | { readonly error: string; readonly fatal: boolean };

/** What this isolate has of a Web Worker's global object. */
interface Scope {
  postMessage(message: FromHeart): void;
  addEventListener(type: "message", listener: (event: { readonly data: ToHeart }) => void): void;
}

const scope = globalThis as unknown as Scope;

let storage: Storage | undefined;
let timer: ReturnType<typeof setInterval> | undefined;
let beating: Promise<void> = Promise.resolve();
let stopped = false;

async function live(descriptor: StorageDescriptor, lease: Lease): Promise<void> {
  const opened = await open(descriptor);
  if (opened === undefined || stopped) return;
  storage = opened;
  const next = (): void => void (beating = beating.then(() => beat(opened, lease)));
  timer = setInterval(next, lease.ttlMs / 3);
  // The consumer may have been held up while this isolate was made.
  next();
}

async function stop(): Promise<void> {
  stopped = true;
  clearInterval(timer);
  await beating;
  await storage?.close().catch(() => {});
  scope.postMessage("stopped");
}

async function open(descriptor: StorageDescriptor): Promise<Storage | undefined> {
  try {
    const module = await import(descriptor.module) as Record<string, new (options: unknown) => Storage>;
    return new module[descriptor.className]!(descriptor.options);
  } catch (error) {
    scope.postMessage({ error: String(error), fatal: true });
    return undefined;
  }
}

async function beat(storage: Storage, lease: Lease): Promise<void> {
  if (stopped) return;
  try {
    await storage.heartbeat(lease);
    scope.postMessage("beat");
  } catch (error) {
    scope.postMessage({ error: String(error), fatal: false });
  }
}

scope.addEventListener("message", ({ data }) => void (data === "stop" ? stop() : live(data.descriptor, data.lease)));
