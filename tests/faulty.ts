/**
 * A storage in front of another one that fails now and then, as media do: a call fails, takes long, or is carried out and its reply is
 * lost. Which ones is drawn from a seed, so that a run can be repeated.
 *
 * ```ts
 * const faulty = makeFaulty(new MemoryStorage({ name: "tested" }), { seed: 4711 });
 * const huey = new Huey({ name: "tested", storage: faulty.storage });
 * // ... run something, then let it come to rest and look with nothing in the way:
 * faulty.heal();
 * ```
 *
 * The calls of a consumer come in an order that differs from run to run, so a seed repeats the faults, not the run.
 *
 * @module
 */
import { StorageError } from "../lib/errors.ts";
import type { Storage } from "../lib/storage.ts";
import { Dice } from "./dice.ts";

/** What becomes of a call. */
export type Fault = "fails" | "hangs" | "is late" | "is carried out, its reply is lost" | "hangs, then fails" | "none";

/** How often what happens. Shares are of 1; what they leave goes well. */
export interface FaultOptions {
  readonly seed: number;
  /** Rejects at once, and nothing was done. Default 0.05. */
  readonly fail?: number;
  /** Is carried out, and rejects all the same. Default 0.05. */
  readonly lose?: number;
  /** Is begun late, or answered late, or rejects late. Default 0.02. */
  readonly hang?: number;
  /** For how long it hangs at most. Default 50. */
  readonly hangMs?: number;
  /** Which calls are disturbed: `settle`, `results.pop`, `listen`, ... Default all but `check` and `close`. */
  readonly only?: (call: string) => boolean;
}

/** A storage with faults. */
export interface Faulty {
  readonly storage: Storage;
  /** What was done to which call, in order. */
  readonly faults: readonly string[];
  /** No more faults from now on. Calls that hang go on hanging for their time. */
  heal(): void;
  /** Faults again. */
  disturb(): void;
}

const SPACES: readonly string[] = ["results", "locks", "data", "revocations", "meta"];

/** Members that no medium is behind. */
const UNDISTURBED: readonly string[] = ["check", "close"];

type Method = (...values: readonly unknown[]) => unknown;

/** Puts faults in front of a storage. */
export function makeFaulty(storage: Storage, options: FaultOptions): Faulty {
  const faults: string[] = [];
  const dice = new Dice(options.seed);
  let healed = false;
  const draw = (call: string): Fault => {
    if (healed || options.only?.(call) === false) return "none";
    const fault = drawFault(dice, options);
    if (fault !== "none") faults.push(`${call} ${fault}`);
    return fault;
  };
  const hang = (): Promise<void> => sleep(1 + dice.below(options.hangMs ?? 50));
  const disturbed = (call: string, run: () => Promise<unknown>): Promise<unknown> => suffer(draw(call), call, run, hang);
  const spaces = new Map(SPACES.map((name) => [name, wrap(Reflect.get(storage, name), `${name}.`, disturbed)]));
  const outer = new Proxy(wrap(storage, "", disturbed), {
    get: (target, name) => {
      if (name === "listen") return listener(storage, disturbed, () => healed ? undefined : hang());
      return spaces.get(String(name)) ?? Reflect.get(target, name);
    },
  });
  return { storage: outer, faults, heal: () => void (healed = true), disturb: () => void (healed = false) };
}

/** All methods of an object go through `disturbed`; what is no method is left as it is. */
function wrap<T extends object>(
  inner: T,
  prefix: string,
  disturbed: (call: string, run: () => Promise<unknown>) => Promise<unknown>,
): T {
  return new Proxy(inner, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      const method = (member as Method).bind(target);
      if (typeof name === "symbol" || UNDISTURBED.includes(name)) return method;
      return (...values: readonly unknown[]) => disturbed(prefix + name, async () => await method(...values));
    },
  });
}

/** Rings come late, or twice; none is lost, as the contract says. */
function listener(
  storage: Storage,
  disturbed: (call: string, run: () => Promise<unknown>) => Promise<unknown>,
  hang: () => Promise<void> | undefined,
): Method {
  return async (topic, wake) => {
    const ring = wake as () => void;
    const late = (): void => {
      ring();
      void hang()?.then(ring);
    };
    let stop: (() => void) | undefined;
    try {
      return await disturbed("listen", async () => stop = await storage.listen(topic as never, late));
    } catch (error) {
      // Its caller does not know that it listens.
      stop?.();
      throw error;
    }
  };
}

function drawFault(dice: Dice, { fail = 0.05, lose = 0.05, hang = 0.02 }: FaultOptions): Fault {
  const drawn = dice.below(1_000_000) / 1_000_000;
  if (drawn < fail) return "fails";
  if (drawn < fail + lose) return "is carried out, its reply is lost";
  return drawn < fail + lose + hang ? dice.pick(["hangs", "is late", "hangs, then fails"]) : "none";
}

async function suffer(fault: Fault, call: string, run: () => Promise<unknown>, hang: () => Promise<void>): Promise<unknown> {
  if (fault === "hangs" || fault === "hangs, then fails") await hang();
  if (fault === "fails" || fault === "hangs, then fails") throw broken(call);
  const answer = await run();
  if (fault === "is late") await hang();
  if (fault === "is carried out, its reply is lost") throw broken(call);
  return answer;
}

function broken(call: string): StorageError {
  return new StorageError(`The connection broke during ${call}`);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
