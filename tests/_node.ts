/**
 * For Node, which has no import map: resolves names as deno.json says. Loaded with `--import` before a test file, and before the
 * programs that a test starts.
 * @module
 */
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";

const { imports } = JSON.parse(readFileSync(new URL("../deno.json", import.meta.url), "utf8")) as {
  readonly imports: Readonly<Record<string, string>>;
};

registerHooks({
  resolve: (specifier, context, next) => {
    const target = imports[specifier];
    // Packages are found as ever.
    return next(target?.startsWith("./") ? new URL(`.${target}`, import.meta.url).href : specifier, context);
  },
});
