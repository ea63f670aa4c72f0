/**
 * Who listens for changes. The state rings its listeners when a command is carried out; so that the commands of others are read
 * soon, whoever has written one rings a bell. Somebody who listens also looks now and then, in case that a ring was lost.
 * @module
 */
import type { Clock, Timer } from "../../lib/primitives/clock.ts";
import type { Topic } from "../../lib/storage.ts";
import { Bell } from "../bell.ts";
import type { Folder } from "./folder.ts";

/** What the bells of one storage need. */
export interface WaitsOptions {
  readonly folder: Folder;
  readonly clock: Clock;
  /** Reads what others have written. Never throws. */
  readonly catchUp: () => void;
}

/** How long a change may go unnoticed when no bell is heard. */
const LOOK_MS = 1000;

type BellName = "bell" | "done";

/** Ends of tasks have a bell of their own: those who wait for work need not hear of them. */
function bellFor(topic: Topic): BellName {
  return topic === "results" ? "done" : "bell";
}

/** The bells of one storage. */
export class Waits {
  readonly #options: WaitsOptions;
  readonly #bells: Partial<Record<BellName, Bell>> = {};
  #listening = 0;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: WaitsOptions) {
    this.#options = options;
  }

  /** Wakes those who listen elsewhere. Called after the change can be seen. */
  ring(topics: ReadonlySet<Topic>): void {
    if (topics.has("results")) this.#bell("done").ring();
    if (topics.size > (topics.has("results") ? 1 : 0)) this.#bell("bell").ring();
  }

  /** Somebody listens for a topic. @returns what ends it */
  listen(topic: Topic): () => void {
    const stopBell = this.#bell(bellFor(topic)).listen(this.#options.catchUp);
    this.#listening++;
    this.#lookLater();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#listening--;
      stopBell();
    };
  }

  /** Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.stop();
    for (const bell of Object.values(this.#bells)) bell.close();
  }

  /** The file gets the mode that all files of the queue have. */
  #bell(name: BellName): Bell {
    const { folder, clock } = this.#options;
    const bell = this.#bells[name];
    if (bell !== undefined) return bell;
    try {
      folder.make();
      folder.touch(name);
    } catch {
      // On a full disk, whoever waits looks now and then.
    }
    return this.#bells[name] = new Bell(folder.at(name), { clock, like: folder.path });
  }

  #lookLater(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = this.#options.clock.startTimer(LOOK_MS, () => {
      this.#timer = undefined;
      if (this.#listening === 0) return;
      this.#options.catchUp();
      this.#lookLater();
    }, { background: true });
  }
}
