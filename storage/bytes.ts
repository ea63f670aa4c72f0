/**
 * Comparing and copying bytes.
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

/** A copy of bytes, also of a Buffer, whose own `slice` shares them. */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
