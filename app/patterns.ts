/**
 * Patterns of file names: `*` is any part of a name, `**` any folders, `?` one character.
 * @module
 */

/**
 * Makes the test of a pattern.
 *
 * @param pattern Without a slash it is compared with the name of a file, else with its path.
 * @returns Whether a path, relative and with slashes, fits.
 */
export function matcher(pattern: string): (path: string) => boolean {
  const whole = pattern.includes("/");
  const source = pattern.replace(/^\.?\//, "").replace(/\*\*\/|\*\*|\*|\?|[.+^${}()|[\]\\]/g, (part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "**") return ".*";
    if (part === "*") return "[^/]*";
    return part === "?" ? "[^/]" : `\\${part}`;
  });
  const expression = new RegExp(`^${source}$`);
  return (path) => expression.test(whole ? path : path.slice(path.lastIndexOf("/") + 1));
}
