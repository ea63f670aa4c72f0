/**
 * Lengths of time as people read them.
 * @module
 */

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
