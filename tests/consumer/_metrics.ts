/**
 * Reads metrics as a collector would, and refuses what it would refuse.
 * @module
 */

/** Values by the series as it is written. */
export type Series = ReadonlyMap<string, number>;

const LINE = /^([a-z_][a-z0-9_]*)(\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\n"])*",?)*\})? (\S+)$/;
const SUFFIX = /_(bucket|sum|count)$/;

/**
 * Parses text of Prometheus.
 *
 * @throws Error For a line that is none, a series that is there twice, a metric without its type, or one that is not in one block.
 */
export function readMetrics(text: string): Series {
  const series = new Map<string, number>();
  const types = new Map<string, string>();
  let current = "";
  for (const line of text.split("\n").slice(0, -1)) {
    const [, typed, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (typed !== undefined && types.has(typed)) throw new Error(`Metric ${typed} is there twice`);
    if (typed !== undefined) types.set(current = typed, type!);
    if (line.startsWith("#")) continue;
    const [, name, labels = "", value] = LINE.exec(line) ?? [];
    if (name === undefined) throw new Error(`No line of a metric: ${line}`);
    const metric = types.get(current) === "histogram" ? name.replace(SUFFIX, "") : name;
    if (metric !== current) throw new Error(`Metric ${name} has no type, or is among those of ${current}`);
    if (types.get(current) === "counter" && !name.endsWith("_total")) throw new Error(`A counter ends with _total: ${name}`);
    const number = value === "+Inf" ? Infinity : Number(value);
    if (Number.isNaN(number)) throw new Error(`No number: ${line}`);
    if (series.has(name + labels)) throw new Error(`Series ${name}${labels} is there twice`);
    series.set(name + labels, number);
  }
  if (!text.endsWith("\n")) throw new Error("The last line has no end");
  return series;
}
