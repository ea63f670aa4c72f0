/**
 * The files that pages load: their types, and addresses that change with what is in them.
 * @module
 */
import { createHash } from "node:crypto";
import { ICON, SCRIPT, THEME } from "./script.ts";
import { STYLE } from "./style.ts";

/** A file. */
export interface AssetFile {
  readonly type: string;
  readonly text: string;
  /** Tells this text from every other. */
  readonly version: string;
}

const SCRIPT_TYPE = "text/javascript; charset=utf-8";

/** Names of the files. */
export type AssetName = "style.css" | "theme.js" | "script.js" | "icon.svg";

/** All files by their names. */
export const FILES: Readonly<Record<AssetName, AssetFile>> = {
  "style.css": file("text/css; charset=utf-8", STYLE),
  "theme.js": file(SCRIPT_TYPE, THEME),
  "script.js": file(SCRIPT_TYPE, SCRIPT),
  "icon.svg": file("image/svg+xml", ICON),
};

function file(type: string, text: string): AssetFile {
  return { type, text, version: createHash("sha256").update(text).digest("base64url").slice(0, 12) };
}

/**
 * The address of a file, with its version: a browser may keep what comes from there.
 *
 * @param base Where the dashboard is mounted, without a slash at its end.
 * @param name Of the file.
 */
export function fileAddress(base: string, name: AssetName): string {
  return `${base}/assets/${name}?v=${FILES[name].version}`;
}
