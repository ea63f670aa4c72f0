/**
 * What immediate mode keeps in place of a queue: the messages that follow from a task, and the chords that are under way.
 * @module
 */
import { withExpiry, withValue } from "../composition/link.ts";
import type { ChordMembership, ChordMessage, Message } from "../message/message.ts";
import type { Clock } from "../primitives/clock.ts";
import { plainValue } from "../serializer/spread.ts";

/** Takes what a settlement would have enqueued. */
export class Inline {
  readonly #chords: Map<string, { readonly chord: ChordMessage; readonly values: Map<number, unknown> }> = new Map();
  readonly #clock: Clock;
  /** To run next, in this order. */
  next: Message[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Keeps chords whose members are about to run. */
  open(chords: readonly ChordMessage[]): void {
    for (const chord of chords) this.#chords.set(chord.chord, { chord, values: new Map() });
  }

  /** Notes the value of a chord member; the callback runs when the last one is there. */
  report({ id, index }: ChordMembership, value: unknown): void {
    const found = this.#chords.get(id);
    if (found === undefined) return;
    const { chord: { members, callback }, values } = found;
    values.set(index, value);
    if (values.size < members.length) return;
    this.#chords.delete(id);
    const list = members.map((_, place) => plainValue(values.get(place)));
    this.next.push(withExpiry(withValue(callback, list) as Message, this.#clock.now()));
  }
}
