/**
 * The connections of a dashboard's own server: how many there are, and for how long. Anybody can open one, also who is not let in, and
 * the consumer beside it needs descriptors too. The servers of the runtimes bound them differently, or not at all.
 * @module
 */
import type { Socket } from "node:net";
import { type Clock, startInterval, type Timer } from "../lib/primitives/clock.ts";

/** Connections at once. */
const MOST = 300;
/** How long a client may take for a request, its body included. */
const ASK_MS = 15_000;
/** How long it may take to read an answer. */
const READ_MS = 60_000;
const LOOK_MS = 1000;

/** All connections of one server. */
export class Connections {
  readonly #clock: Clock;
  readonly #ends: Map<Socket, number> = new Map();
  readonly #timer: Timer;

  /** @param clock The clock of the machine. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#timer = startInterval(clock, LOOK_MS, () => this.#look(), { background: true });
  }

  /** A new one. If there are too many, the one that has least time left goes; it is the slowest. */
  add(socket: Socket): void {
    if (this.#ends.size >= MOST) {
      const [slowest] = [...this.#ends].reduce((one, other) => other[1] < one[1] ? other : one);
      this.#ends.delete(slowest);
      slowest.destroy();
    }
    this.#ends.set(socket, this.#clock.elapsed() + ASK_MS);
    socket.on("close", () => this.#ends.delete(socket));
  }

  /** An answer begins. @param isStream One that lasts, and ends by itself. */
  answers(socket: Socket, isStream: boolean): void {
    if (this.#ends.has(socket)) this.#ends.set(socket, isStream ? Infinity : this.#clock.elapsed() + READ_MS);
  }

  /** An answer has ended: there is time for another request. */
  ended(socket: Socket): void {
    if (this.#ends.has(socket)) this.#ends.set(socket, this.#clock.elapsed() + ASK_MS);
  }

  /** Drops all of them. */
  close(): void {
    this.#timer.stop();
    for (const socket of this.#ends.keys()) socket.destroy();
  }

  #look(): void {
    const nowMs = this.#clock.elapsed();
    for (const [socket, endMs] of this.#ends) if (endMs <= nowMs) socket.destroy();
  }
}
