/**
 * The one name of package.json that is another in the package: the parser of the command line. In the project it comes from a package
 * for development; the npm package brings that one file along, so that its users need not install all of it.
 * @module
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const developed = `"#std/cli/parse-args": "deno-std/cli/parse_args.js"`;
const packed = `"#std/cli/parse-args": "./dist/std/parse_args.js"`;

/**
 * Puts the parser into dist/, with its licence, and points package.json at it.
 * @param root The project's folder.
 * @throws {Error} when package.json or the parser is not as expected.
 */
export function bringParser(root: string): void {
  const source = join(root, "node_modules/deno-std/cli/parse_args.js");
  const text = readFileSync(source, "utf8");
  const copyright = /^\/\/ Copyright (.+)\. MIT license\.$/m.exec(text)?.[1];
  if (copyright === undefined || /^\s*(import|export .* from)\b/m.test(text)) {
    throw new Error(`${source} is no longer one file under the MIT license`);
  }
  mkdirSync(join(root, "dist/std"), { recursive: true });
  copyFileSync(source, join(root, "dist/std/parse_args.js"));
  // The terms are those of the project; who holds the copyright is not.
  const license = readFileSync(join(root, "LICENSE"), "utf8").replace(/^Copyright .*$/m, `Copyright ${copyright}`);
  writeFileSync(join(root, "dist/std/LICENSE"), license);
  change(root, developed, packed);
}

/**
 * Points package.json at the package for development again.
 * @param root The project's folder.
 * @throws {Error} when package.json is not as expected.
 */
export function restoreManifest(root: string): void {
  change(root, packed, developed);
}

function change(root: string, from: string, to: string): void {
  const file = join(root, "package.json");
  const text = readFileSync(file, "utf8");
  // It is there already when packing was broken off.
  if (text.includes(to)) return;
  if (!text.includes(from)) throw new Error(`package.json has no ${from}`);
  writeFileSync(file, text.replace(from, to));
}
