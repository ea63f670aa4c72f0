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

/** Several pieces as one. */
export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let start = 0;
  for (const piece of pieces) {
    bytes.set(piece, start);
    start += piece.length;
  }
  return bytes;
}
