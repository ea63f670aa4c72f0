/**
 * Comparing bytes.
 * @module
 */

/**
 * Whether two byte arrays hold the same bytes.
 *
 * @param left One of them; `undefined` stands for nothing there.
 * @param right The other one.
 * @returns `true` if both are there and equal, or both are `undefined`.
 */
export function equalBytes(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
