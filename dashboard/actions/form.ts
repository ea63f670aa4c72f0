/**
 * What a form has sent.
 * @module
 */

/** A mistake of who has sent a form, in a sentence for them. */
export class Mistake extends Error {
  override name = "Mistake";
}

/** So many tasks may be chosen at once. */
const MOST_IDS = 1000;
const LONGEST_ID = 4000;

/**
 * The ids of the tasks that were chosen.
 *
 * @param form What was sent.
 * @throws {Mistake} If it is none, too many, or no id.
 */
export function idsOf(form: URLSearchParams): string[] {
  const ids = [...new Set(form.getAll("id"))];
  if (ids.length === 0) throw new Mistake("No task was chosen");
  if (ids.length > MOST_IDS) throw new Mistake(`At most ${MOST_IDS} tasks can be chosen at once`);
  if (ids.some((id) => id === "" || id.length > LONGEST_ID)) throw new Mistake("That is no id of a task");
  return ids;
}

/**
 * The page to go back to, with what was done. Only pages of this dashboard are gone to.
 *
 * @param form What was sent.
 * @param base Where the dashboard is mounted.
 * @param other Where to go if the form names no page.
 * @param done What was done.
 */
export function backTo(form: URLSearchParams, base: string, other: string, done: Readonly<Record<string, string>>): string {
  const given = form.get("back") ?? "";
  const own = given.startsWith(`${base}/`) && !given.startsWith("//") && /^[\x21-\x7e]{1,8000}$/.test(given) &&
    !/[\\#]|\/(?:\.|%2e){1,2}(?:\/|\?|$)/i.test(given);
  const [path = "", query = ""] = (own ? given : other).split("?", 2);
  const params = new URLSearchParams(query);
  for (const [key, value] of Object.entries(done)) params.set(key, value);
  return `${path}?${params}`;
}
