/**
 * From what people write to the URL of a module.
 * @module
 */
import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * URL of a module.
 *
 * @param module A URL (`file:`, `https:`, `jsr:` ...), or a path.
 * @param folder What a relative path starts from.
 * @returns The URL, as text.
 */
export function moduleUrl(module: string | URL, folder: string): string {
  if (module instanceof URL) return module.href;
  // One letter before the colon is a drive, not a scheme.
  if (!isAbsolute(module) && /^[a-z][a-z0-9+.-]+:/i.test(module)) return module;
  return pathToFileURL(resolve(folder, module)).href;
}
