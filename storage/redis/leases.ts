/**
 * The leases of consumers.
 * @module
 */
import type { Lease, Storage, StoredLease } from "../../lib/storage.ts";
import type { RedisCore } from "./connection/core.ts";
import { script } from "./lua/library.ts";

/**
 * ARGV 1 consumer, 2 life, 3 text and 4 about of its lease. Also removes what has expired, a part at a time. Replies lines for a log: what
 * scripts have set aside.
 */
const RENEW = script(`
goOnIfFull()
renew(ARGV[1], ARGV[2], ARGV[3], ARGV[4])
for space in pairs(SPACES) do sweep(space, 1000) end
setsOf('')
call('ZREMRANGEBYSCORE', P .. 'waiting', '-inf', now)
return call('EXISTS', P .. 'aside') == 1 and call('LPOP', P .. 'aside', 100) or {}`);

/** ARGV 1 consumer. Ends its lease, the locks that went over to its workers, and the gates. */
const END = script(`
goOnIfFull()
dropLease(ARGV[1])
freeLocks(function(consumer, _, number) return consumer == ARGV[1] and sub(number, 1, 1) == 'p' end)
leaveGates(function(consumer) return consumer == ARGV[1] end)
return 1`);

/** Replies the time, then consumer, lease and about of each. */
const LIST = script(`
local reply, all = {string.format('%.0f', now)}, call('HGETALL', P .. 'leases')
for i = 1, #all, 2 do append(reply, all[i], all[i + 1], call('HGET', P .. 'about', all[i]) or '') end
return reply`);

/** The leases of a storage. */
export function leasing(core: RedisCore): Pick<Storage, "renewLease" | "endLease" | "leases"> {
  return {
    async renewLease(lease) {
      const lines = await core.run(RENEW, ...leaseArguments(lease)) as Buffer[];
      return lines.map((line) => `Redis: ${String(line)}`);
    },
    async endLease(consumer) {
      await core.run(END, consumer);
    },
    /** Also those that have run out and were not recovered yet; in the time of this host. */
    async leases() {
      const [serverMs, ...flat] = (await core.run(LIST) as Buffer[]).map(String);
      const behindMs = core.clock.now() - Number(serverMs);
      return flat.flatMap((stored, index) => {
        const lease = index % 3 === 1 ? readLease(stored) : undefined;
        const about = flat[index + 1];
        return lease ? [{ ...lease, expiresMs: lease.expiresMs + behindMs, ...(about && { about }) }] : [];
      });
    },
  };
}

/** Consumer, life, text and about of a lease, as the scripts take them. */
export function leaseArguments({ consumer, ttlMs, host, pid, about = "" }: Lease): [string, string, string, string] {
  return [consumer, String(Math.ceil(ttlMs)), JSON.stringify({ consumer, ttlMs, host, pid }), about];
}

function readLease(stored: string): StoredLease | undefined {
  const space = stored.indexOf(" ");
  const expiresMs = Number(stored.slice(0, space));
  const lease = readJson(stored.slice(space + 1)) as Partial<Lease> | null;
  if (space < 1 || Number.isNaN(expiresMs) || typeof lease !== "object" || lease === null) return undefined;
  const { consumer, ttlMs, host, pid } = lease;
  if (typeof consumer !== "string" || typeof ttlMs !== "number" || typeof host !== "string" || typeof pid !== "number") {
    return undefined;
  }
  return { consumer, ttlMs, host, pid, expiresMs };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
