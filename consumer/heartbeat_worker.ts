/**
 * Runs in a Web Worker: renews the lease of a consumer whose own isolate may be busy with tasks.
 * @module
 */
import type { Lease, Storage, StorageDescriptor } from "../lib/storage.ts";

/** What the consumer says, once. */
export interface ToHeart {
  readonly descriptor: StorageDescriptor;
  readonly lease: Lease;
}

/** What it hears: that a renewal worked, or why not; `fatal` if it will never work. */
export type FromHeart = "beat" | { readonly error: string; readonly fatal: boolean };

/** What this isolate has of a Web Worker's global object. */
interface Scope {
  postMessage(message: FromHeart): void;
  addEventListener(type: "message", listener: (event: { readonly data: ToHeart }) => void): void;
}

const scope = globalThis as unknown as Scope;

async function live({ descriptor, lease }: ToHeart): Promise<void> {
  const storage = await open(descriptor);
  if (storage === undefined) return;
  setInterval(() => void beat(storage, lease), lease.ttlMs / 3);
  // The consumer may have been held up while this isolate was made.
  await beat(storage, lease);
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
  try {
    await storage.heartbeat(lease);
    scope.postMessage("beat");
  } catch (error) {
    scope.postMessage({ error: String(error), fatal: false });
  }
}

scope.addEventListener("message", ({ data }) => void live(data));
