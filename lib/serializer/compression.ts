/**
 * Compression of serialized values, with the codecs that both runtimes have.
 * @module
 */
import { zlib } from "../primitives/builtin.ts";

/** A format of compressed data. */
export type CompressionFormat = "gzip" | "zlib";

/**
 * Compresses.
 *
 * @param data Any bytes.
 * @param codec The format.
 * @param level From 0, no compression, to 9, the smallest.
 * @returns The compressed bytes.
 */
export function compress(data: Uint8Array, codec: CompressionFormat, level: number): Uint8Array {
  return codec === "gzip" ? zlib().gzipSync(data, { level }) : zlib().deflateSync(data, { level });
}

/**
 * Decompresses, and stops as soon as the result is too long.
 *
 * @param data Compressed bytes.
 * @param codec Their format.
 * @param maxBytes Longest result.
 * @returns The bytes.
 * @throws {Error} If they are damaged, or the result would be longer (`isTooLong`).
 */
export function decompress(data: Uint8Array, codec: CompressionFormat, maxBytes: number): Uint8Array {
  const options = { maxOutputLength: maxBytes };
  return codec === "gzip" ? zlib().gunzipSync(data, options) : zlib().inflateSync(data, options);
}

/** Whether `decompress` failed because the result would be too long. */
export function isTooLong(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === "ERR_BUFFER_TOO_LARGE";
}

/** By how much data of this length may grow when it is compressed. */
export function overhead(bytes: number): number {
  return 1024 + bytes / 1000;
}

/**
 * The format that data begins like. Tagged JSON never does.
 *
 * @param data Any bytes.
 * @returns The format, or `undefined`.
 */
export function detectCodec(data: Uint8Array): CompressionFormat | undefined {
  const [first = 0, second = 0] = data;
  if (first === 0x1f && second === 0x8b) return "gzip";
  // The header of zlib: deflate with a window of 32 KiB, and a check sum.
  return first === 0x78 && (first * 256 + second) % 31 === 0 ? "zlib" : undefined;
}
