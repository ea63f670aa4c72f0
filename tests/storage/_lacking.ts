/**
 * Areas of the contract that a driver does not have yet. A driver that has one takes it out of its list.
 * @module
 */

/** By driver. */
export const LACKING: Readonly<Record<"file", readonly string[]>> = {
  file: [
    "gates",
    "gates that are left",
    "unique keys",
    "steps",
    "pause",
    "what is asked of dead letters",
    "listings",
    "counts",
    "what is said of itself",
  ],
};
