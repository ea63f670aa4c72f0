/**
 * The rooms of the house, from the ground up: a room may import those before it, and none after it. `check_house.ts` enforces it,
 * and ARCHITECTURE.md shows it. `.` is the folder itself.
 * @module
 */

/** For each place with rooms, its rooms from the lowest to the highest. */
export const floors: Readonly<Record<string, readonly string[]>> = {
  lib: [
    "primitives",
    "types",
    ".",
    "serializer",
    "message",
    "observe",
    "statistics",
    "task",
    "composition",
    "core",
    "control",
    "periodic",
    "enqueue",
    "attempt",
    "settlement",
    "execution",
    "immediate",
    "result",
    "operation",
    "huey",
  ],
  consumer: ["platform", "options", "log", "loop", "worker", "application", "pool", "child", ".", "health", "commands", "cli"],
  dashboard: ["assets", "access", "queue", "parts", "pages", "actions", "."],
};

/**
 * What is wrong with an import, as far as the floors go.
 *
 * @param from The file that imports, relative to the project, with slashes.
 * @param to The file that it imports.
 * @returns A sentence, or nothing.
 */
export function climb(from: string, to: string): string | undefined {
  const [place = "", ...inside] = from.split("/");
  const rooms = floors[place];
  if (rooms === undefined || !to.startsWith(`${place}/`)) return undefined;
  const own = inside.length > 1 ? inside[0]! : ".";
  const parts = to.split("/");
  const other = parts.length > 2 ? parts[1]! : ".";
  if (!rooms.includes(own)) return `${place}/${own} is no room: house_floors.ts has those there are`;
  if (rooms.indexOf(other) <= rooms.indexOf(own)) return undefined;
  return `${place}/${own} must not import ${place}/${other}, which is above it`;
}
