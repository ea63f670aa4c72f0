/**
 * Names of queues as names of folders.
 * @module
 */
import { nodeCrypto } from "../../lib/primitives/builtin.ts";

/** A longer name is told by a hash. */
const LONGEST = 120;

/** Any text as the name of a folder on any file system. Of a very long one only a hash is left. */
export function encodeName(text: string): string {
  const encoded = text.replace(/[^a-z0-9_-]/gu, (character) => {
    return [...new TextEncoder().encode(character)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
  });
  if (encoded === "") return "%";
  return encoded.length <= LONGEST ? encoded : `%%${nodeCrypto().createHash("sha256").update(text).digest("hex")}`;
}
