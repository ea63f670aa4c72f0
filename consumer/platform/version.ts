/**
 * The version of this library.
 * @module
 */

/** As in package.json and deno.json, which the checks compare. */
export const VERSION = "0.2.0";
