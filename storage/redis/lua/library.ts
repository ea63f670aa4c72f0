/**
 * The functions that Lua scripts share, and how a script is made: it gets those that it uses, so that a server makes no others at each call.
 *
 * KEYS[1] is `huey2:{name}:`, the beginning of all keys of a queue; the braces keep them in one slot of a cluster.
 * Keys: `queue` list or sorted set of records · `schedule` sorted set of numbers and tails · `requests` request -> mark, consumer ·
 * `claims:<request>` number -> record · `leases` and `about` by consumer · `state` id -> letter, with what stands behind it ·
 * `notices:<ttl>:<n>` and `results:<ttl>:<n>` by id, and `sets` with their ends · `locks` `data` `revocations` `meta` `counters` key -> entry,
 * each with `:ttl` expiry -> key · `held` token -> locks · `chord:<id>` size, callback, filled, index -> value · `chords` set ·
 * `recovered` numbers of claims that were put back · `over:<request>` how often it was sent again · `waiting` ids somebody waits for ·
 * `bell` list · `replies:<instance>` · `numbers` the last numbers given · `aside` lines for a log · `damaged` records · `aside:<key>` keys
 * of a wrong type · `pause`. Those of gates, unique keys, steps, dead letters and counts stand in the files of these.
 *
 * The server's time is the only one that is stored or compared.
 * @module
 */
import { nodeCrypto } from "../../../lib/primitives/builtin.ts";
import { BASICS } from "./basics.ts";
import { CLAIMS_AND_CHORDS } from "./claims.ts";
import { ENDS } from "./ends.ts";
import { ENTRIES } from "./entries.ts";
import { GATES_AND_KEYS } from "./gates.ts";
import { LIST, SORTED } from "./kinds.ts";
import { LETTERS_AND_STEPS } from "./letters.ts";

/** Which kind of queue. */
export type QueueKind = "list" | "sorted";

/** A script, as it is for each kind of queue. */
export type Script = Readonly<Record<QueueKind, Source>>;

/** Requests of one instance that may be on their way at once. */
export const REPLIES_KEPT = 64;

/** Texts of what is defined, by its name. */
type Library = ReadonlyMap<string, string>;

const COMMON = BASICS + ENDS + ENTRIES + CLAIMS_AND_CHORDS + LETTERS_AND_STEPS + GATES_AND_KEYS;

const libraries: Readonly<Record<QueueKind, () => Library>> = {
  list: lazily(() => definitionsIn(COMMON + LIST)),
  sorted: lazily(() => definitionsIn(COMMON + SORTED)),
};

/** The text of a script for one kind of queue, and its digest; both are made when they are first needed. */
export class Source {
  readonly #text: () => string;
  readonly #digest: () => string;

  constructor(kind: QueueKind, body: string) {
    this.#text = lazily(() => assembled(kind, body));
    this.#digest = lazily(() => nodeCrypto().hash("sha1", this.text));
  }

  get text(): string {
    return this.#text();
  }

  get digest(): string {
    return this.#digest();
  }
}

/** Makes a script. @param body Its text; functions of the library are used by their names, rare ones as `rare().name` */
export function script(body: string): Script {
  return { list: new Source("list", body), sorted: new Source("sorted", body) };
}

/**
 * Makes a script whose second run would do harm: ARGV 1 instance, 2 number of the request, 3 "1" if it is sent again. The reply is kept,
 * so that a request whose reply was lost gets the same one instead of a second effect; also if the server, which may have been frozen,
 * gets round to the first sending only then. The body defines `main`; its own arguments begin at 4. (Claims and settlements need no such
 * thing: what they claim, and the claim that they drop, tell.)
 */
export function once(body: string): Script {
  // What is kept: the number of the request, a space, the reply. Who finds another number there finds another request's reply.
  return script(`
local replies, slot = P .. 'replies:' .. ARGV[1], ARGV[2] % ${REPLIES_KEPT}
local kept = call('HGET', replies, slot)
local last = kept and tonumber(string.match(kept, '^%d+ ')) or 0
if ARGV[3] == '1' and last == tonumber(ARGV[2]) then return (cmsgpack.unpack(string.sub(kept, #ARGV[2] + 2))) end
if last >= tonumber(ARGV[2]) and last < tonumber(ARGV[2]) + 1e9 then return redis.error_reply('ERR This was sent again meanwhile') end
${body}
local reply = main()
kept = ARGV[2] .. ' ' .. cmsgpack.pack(reply)
local isNew = redis.pcall('HSET', replies, slot, kept)
-- Memory is full, and nothing was written but this; or the key is none of ours.
if type(isNew) == 'table' then
  redis.call('DEL', replies)
  isNew = redis.call('HSET', replies, slot, kept)
end
if isNew == 1 then redis.call('PEXPIRE', replies, 86400000) end
return reply`);
}

/** A text in front of which stands what it uses. What is rare is only defined when a run of the script comes to it. */
function assembled(kind: QueueKind, body: string): string {
  const library = libraries[kind]();
  const defined = new Set<string>();
  const texts = textsFor(body, library, defined);
  const whole = [...texts, body].join("\n");
  const rare = new Set(Array.from(whole.matchAll(/\brare\(\)\.(\w+)/g), ([, name]) => name!));
  const head = "local P = KEYS[1]";
  if (rare.size === 0) return `${head}\n${whole}`;
  const names = [...rare];
  const inside = textsFor(names.join(" "), library, defined);
  const table = names.map((name) => `${name} = ${name}`).join(", ");
  return `${head}
local rare, rareFunctions
${texts.join("\n")}
function rare()
  if rareFunctions then return rareFunctions end
${inside.join("\n")}
  rareFunctions = {${table}}
  return rareFunctions
end
${body}`;
}

/** The definitions that a text uses, each behind those that it uses itself. @param defined Names that are there; grows */
function textsFor(text: string, library: Library, defined: Set<string>): string[] {
  const plain = text.replace(/--.*$|'[^'\n]*'/gm, "");
  const texts: string[] = [];
  // What is given a value is none of them: a key of a table may have the name of a function that is not wanted here.
  for (const [name] of plain.matchAll(/(?<![\w.])[A-Za-z_]\w*\b(?! *=(?!=))/g)) {
    const found = library.get(name);
    if (found === undefined || defined.has(name)) continue;
    defined.add(name);
    texts.push(...textsFor(found, library, defined), found);
  }
  return texts;
}

/** Each definition begins with `local` at the beginning of a line. Comments are left out. */
function definitionsIn(text: string): Library {
  const parts = text.replace(/^ *--.*\n/gm, "").split(/^(?=local )/m).filter((part) => part.startsWith("local "));
  return new Map(parts.map((part) => [/^local (?:function )?(\w+)/.exec(part)![1]!, part.trimEnd()]));
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
