/**
 * A storage whose driver is loaded when it is first used, so that a program pays only for the drivers that it uses.
 * @module
 */
import type { Storage } from "../lib/storage.ts";
import { CalledStorage, type KnownStorage, STORAGE_ANSWERS } from "./calls.ts";

/** What is known of a storage before its driver is loaded. */
export interface LazyOptions extends KnownStorage {
  /** Whether the driver has `Storage.claimOrWait`. */
  readonly canWait?: boolean | undefined;
  /** Loads the driver. Everything that can be wrong with the options was found before. */
  readonly load: () => Promise<Storage>;
}

/** Uses what may not be there yet; who comes first is served first. */
type Use<T> = <R>(call: (loaded: T) => Promise<R>) => Promise<R>;

/** Hands everything to the driver, which it loads at the first call. */
export class LazyStorage extends CalledStorage {
  override readonly claimOrWait?: NonNullable<Storage["claimOrWait"]>;

  /** @param options What the driver's own class knows before it is loaded. */
  constructor(options: LazyOptions) {
    const use = atFirstUse(options.load, (driver) => callDirectly(this, driver));
    super(options, (name, values, space) =>
      use((driver) => {
        const target = space === undefined ? driver : driver[space];
        return (Reflect.get(target, name) as (...values: never[]) => Promise<unknown>).apply(target, values);
      }));
    if (options.canWait) this.claimOrWait = (...asked) => use((driver) => driver.claimOrWait!(...asked));
  }
}

/** Puts the driver's methods in place of those that lead to them, but for what metrics, tests or a subclass have put there. */
function callDirectly(storage: LazyStorage, driver: Storage): void {
  // The application may have frozen it.
  if (!Object.isExtensible(storage)) return;
  for (const name of Object.keys(STORAGE_ANSWERS) as (keyof typeof STORAGE_ANSWERS)[]) {
    if (storage[name] !== CalledStorage.prototype[name]) continue;
    Object.defineProperty(storage, name, { value: driver[name].bind(driver), writable: true, configurable: true });
  }
}

/** @param ready Told of what is loaded, before anybody uses it. */
function atFirstUse<T>(load: () => Promise<T>, ready: (loaded: T) => void): Use<T> {
  let loaded: T | undefined;
  let loading: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    const begun = load();
    // Apart from the promise that calls wait for, so that none gets ahead of them between its loading and their turn.
    begun.then((made) => ready(loaded = made), () => loading = undefined);
    return begun;
  };
  return (call) => {
    if (loaded !== undefined) return call(loaded);
    loading ??= begin();
    return loading.then(call);
  };
}
