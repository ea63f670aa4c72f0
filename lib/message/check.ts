/**
 * Whether the fields of a message are what they should be: it may come from anybody.
 * @module
 */
import { show } from "../primitives/arguments.ts";
import { DecodeError } from "../errors.ts";
import { CARRIED_CHECKS } from "./carried_options.ts";
import { isHistory } from "./history.ts";
import { isCount, isName, isRecord, MAX_CHORD_MEMBERS } from "../primitives/limits.ts";
import { isTime } from "../primitives/time.ts";

type Check = (value: unknown) => boolean;

/** Each field that is there must pass; fields of later versions are left alone. */
const FIELDS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ["v", (value) => value === 1],
  ["id", isName],
  ["name", isName],
  ["args", Array.isArray],
  ["eta", isTime],
  ...Object.entries(CARRIED_CHECKS),
  ["expiresAt", isTime],
  ["enqueuedAt", isTime],
  ["run", isName],
  ["attempt", isCount],
  ["first", isFirst],
  ["history", isHistory],
  ["quick", isCount],
  ["next", isStep],
  ["onError", isMessage],
  ["chord", isMembership],
  ["valuesOf", isName],
  ["places", (value) => isCount(value) && value <= MAX_CHORD_MEMBERS],
  ["unknown", isCount],
  ["periodic", (value) => typeof value === "boolean"],
]);

/** The name of each field that a message of this version may have. */
export const MESSAGE_FIELDS: readonly string[] = [...FIELDS.keys()];

/** @throws {DecodeError} Naming the first field of a message that is wrong. */
export function checkMessageFields(message: object): void {
  // A loop over the keys: this runs for every message.
  for (const field in message) {
    const value = (message as Record<string, unknown>)[field];
    if (value !== undefined && FIELDS.get(field)?.(value) === false) {
      throw new DecodeError(`A message must not have ${field}: ${show(value)}`);
    }
  }
}

function isMessage(value: unknown): boolean {
  if (!isRecord(value) || value["v"] !== 1 || !isName(value["id"]) || !isName(value["name"]) || !Array.isArray(value["args"])) {
    return false;
  }
  return Object.entries(value).every(([field, part]) => part === undefined || FIELDS.get(field)?.(part) !== false);
}

function isStep(value: unknown): boolean {
  if (!isRecord(value) || !("members" in value)) return isMessage(value);
  return isName(value["chord"]) && isMembers(value["members"]) &&
    isMessage(value["callback"]);
}

function isFirst(value: unknown): boolean {
  return isRecord(value) &&
    (["retries", "retryDelay"] as const).every((field) => value[field] === undefined || CARRIED_CHECKS[field](value[field]));
}

function isMembers(value: unknown): boolean {
  return Array.isArray(value) && value.length <= MAX_CHORD_MEMBERS && value.every(isStep);
}

function isMembership(value: unknown): boolean {
  return isRecord(value) && isName(value["id"]) && isCount(value["index"]) && value["index"] < MAX_CHORD_MEMBERS;
}
