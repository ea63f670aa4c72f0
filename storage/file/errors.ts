/**
 * What the operating system says of a failed call.
 * @module
 */

/** The code of a failed system call, such as `"ENOENT"`; `undefined` for other errors. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

/**
 * Runs a system call for which some failures are an answer.
 *
 * @param codes The codes that are expected.
 * @param call The call.
 * @returns Whether the call succeeded.
 * @throws What the call throws, unless its code is expected.
 */
export function succeeds(codes: readonly string[], call: () => void): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if (codes.includes(codeOf(error) ?? "")) return false;
    throw error;
  }
}
