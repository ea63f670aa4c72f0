/**
 * Meta: small texts of the application that travel with a message and with what follows from it.
 * @module
 */
import { isOptions, show } from "../primitives/arguments.ts";
import { byteLength, MAX_META_BYTES, MAX_META_KEYS } from "../primitives/limits.ts";
import { isChord } from "./chain.ts";
import type { ChordMessage, Message, Meta, NextStep } from "./message.ts";

/**
 * Refuses what is no meta.
 * @throws {TypeError} If it is no object of texts.
 * @throws {RangeError} If it is too large.
 */
export function checkMeta(value: unknown, name: string): void {
  if (!isOptions(value)) throw new TypeError(`${name} must be an object of texts: ${show(value)}`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") throw new TypeError(`${name}.${key} must be a string: ${show(text)}`);
    if (!key.isWellFormed() || !text.isWellFormed()) {
      throw new TypeError(`${name}.${key} must not have half of a surrogate pair: ${show(text)}`);
    }
  }
  const wrong = tooLarge(value as Meta);
  if (wrong !== undefined) throw new RangeError(`${name} ${wrong}`);
}

/** What travels of a meta that was checked: a copy, since the caller may change its own; nothing for an empty one. */
export function metaField(value: Meta): Meta | undefined {
  return Object.keys(value).length === 0 ? undefined : Object.freeze({ ...value });
}

/** What is wrong with the size of a meta, as the end of a sentence. */
function tooLarge(meta: Meta): string | undefined {
  const entries = Object.entries(meta);
  if (entries.length > MAX_META_KEYS) return `must not have more than ${MAX_META_KEYS} keys: ${entries.length}`;
  const bytes = entries.reduce((sum, [key, text]) => sum + byteLength(key) + byteLength(text), 0);
  return bytes > MAX_META_BYTES
    ? `must not take more than ${MAX_META_BYTES} bytes, names and texts together: ${bytes}`
    : undefined;
}

/** Meta with what it inherits: its own keys win. */
function mergeMeta(own: Meta | undefined, inherited: Meta | undefined): Meta | undefined {
  if (own === undefined || inherited === undefined) return own ?? inherited;
  return { ...inherited, ...own };
}

/**
 * A message that follows from another, with what it inherits from that. More than a message may have, which no composition of ours comes
 * to, is left out: nobody could be told any more.
 */
export function withInheritedMeta(message: Message, inherited: Meta | undefined): Message {
  if (inherited === undefined) return message;
  const meta = mergeMeta(message.meta, inherited)!;
  return tooLarge(meta) === undefined ? { ...message, meta } : message;
}

/**
 * A chord with what its callback inherits from its members: of several that have a key the first.
 *
 * @param meta What the members inherit.
 */
export function withMetaOfMembers(chord: ChordMessage, meta: Meta | undefined): ChordMessage {
  const inherited = metaOfMembers(chord, meta, () => {});
  return inherited === undefined ? chord : { ...chord, callback: withInheritedMeta(chord.callback, inherited) };
}

/** Told of a message, and of the meta that it will have. */
type See = (message: Message, meta: Meta | undefined) => void;

function metaOfMembers({ members }: ChordMessage, inherited: Meta | undefined, see: See): Meta | undefined {
  let meta: Meta | undefined;
  for (const member of members) meta = mergeMeta(meta, metaAtEnd(member, inherited, see));
  return meta;
}

/**
 * The meta that the last step of a chain has.
 *
 * @param inherited What the first step inherits.
 * @param see Told of each message on the way, and of its handlers.
 */
function metaAtEnd(first: NextStep, inherited: Meta | undefined, see: See): Meta | undefined {
  let meta = inherited;
  for (let step: NextStep | undefined = first; step !== undefined;) {
    if (isChord(step)) {
      // Without members the callback follows at once.
      if (step.members.length > 0) meta = metaOfMembers(step, meta, see);
    }
    const message: Message = isChord(step) ? step.callback : step;
    meta = mergeMeta(message.meta, meta);
    see(message, meta);
    for (let handler = message.onError, ofHandler = meta; handler !== undefined; handler = handler.onError) {
      ofHandler = mergeMeta(handler.meta, ofHandler);
      see(handler, ofHandler);
    }
    step = message.next;
  }
  return meta;
}

/**
 * Checks what each message of a composition will have with what it inherits, so that nothing fails later.
 * @throws {RangeError} Naming the task of the first that would have too much.
 */
export function checkMetaOf(step: NextStep): void {
  metaAtEnd(step, undefined, ({ name }, meta) => {
    const wrong = meta && tooLarge(meta);
    if (wrong !== undefined) throw new RangeError(`meta of task ${name}, with what it inherits, ${wrong}`);
  });
}

/**
 * A composition whose first tasks, of which all others inherit, carry more meta: their own keys win. One that would have too much stays
 * as it is.
 */
export function withCarriedMeta<S extends NextStep>(step: S, carried: Meta | undefined): S {
  if (carried === undefined) return step;
  const carrying = withCarried(step, carried);
  try {
    checkMetaOf(carrying);
  } catch {
    // What travels for others must not make a call fail; what the caller has given is checked for itself.
    return step;
  }
  return carrying as S;
}

function withCarried(step: NextStep, carried: Meta): NextStep {
  if (!isChord(step)) return { ...step, meta: Object.freeze({ ...carried, ...step.meta }) };
  const members = step.members.map((member) => withCarried(member, carried));
  return { ...step, members, callback: withCarried(step.callback, carried) as Message };
}
