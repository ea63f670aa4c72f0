/**
 * Lengths of time as people type them.
 * @module
 */

const UNIT_MS: Readonly<Record<string, number>> = {
  "": 1000,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * The milliseconds of a text such as `10`, `10s`, `1.5h`, `2d`; a bare number is seconds.
 *
 * @param text As typed.
 * @returns `undefined` if it is none
 */
export function readDurationMs(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|)$/.exec(text.trim()) ?? [];
  if (number === undefined) return undefined;
  const ms = Number(number) * UNIT_MS[unit ?? ""]!;
  return Number.isFinite(ms) ? ms : undefined;
}

/**
 * A length of time for people, in its two largest units.
 *
 * @param seconds How long; `undefined` is shown as a dash.
 */
export function showSeconds(seconds: number | undefined): string {
  if (seconds === undefined) return "-";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${Number(seconds.toFixed(seconds < 10 ? 2 : 1))} s`;
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  const parts: string[] = [];
  if (days > 0) parts.push(`${days} d`);
  if (hours > 0) parts.push(`${hours} h`);
  if (days === 0 && minutes > 0) parts.push(`${minutes} min`);
  if (days === 0 && hours === 0) parts.push(`${Math.floor(seconds % 60)} s`);
  return parts.join(" ");
}
