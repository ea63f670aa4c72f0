/**
 * What the last action has done, as the address of the page after it says.
 * @module
 */
import { plural } from "../../lib/operation/words.ts";

/** For each word of an address its sentence; an address cannot bring any other text. */
const SENTENCES: Readonly<Record<string, (number: number) => string>> = {
  retried: (number) => `${plural(number, "task")} enqueued again`,
  canceled: (number) => `${plural(number, "task")} canceled: what waits is dropped when its turn comes, what runs is aborted`,
  restored: (number) => `${plural(number, "task")} will run after all`,
  promoted: (number) => `${plural(number, "task")} moved to the queue`,
  deleted: (number) => `${plural(number, "task")} deleted`,
  paused: () => "Paused: consumers finish what they run and take nothing more",
  resumed: () => "Resumed",
  enqueued: () => "Enqueued",
  held: () => "Held: it will not run until it is released",
  released: () => "Released",
};

/**
 * The sentence for what was done.
 *
 * @param query Of the address.
 * @returns `undefined` if it names nothing
 */
export function doneText(query: URLSearchParams): string | undefined {
  const word = query.get("done") ?? "";
  if (!Object.hasOwn(SENTENCES, word)) return undefined;
  const [number = 0, asked = number] = ["n", "of"].map((key) => readNumber(query.get(key)) ?? undefined);
  if (number === 0 && asked > 0) return "Nothing was done: they are not there any more";
  const sentence = SENTENCES[word]!(number ?? 0);
  return asked > number ? `${sentence}; ${plural(asked - number, "was", "were")} not there any more` : sentence;
}

function readNumber(text: string | null): number | undefined {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
