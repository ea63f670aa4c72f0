/**
 * Where tracked tasks are. One small file for each that is not ended, written when its message gets a new place, says where that
 * is; claims write nothing, because a claimed message keeps its name. A track that outlives its message does no harm: the message
 * is not found, and the task's result or notice tells the rest.
 * @module
 */
import type { StoredState } from "../../lib/storage.ts";
import type { Disk } from "./disk.ts";
import { decodeName, hashOf, queuePath, schedulePath, stemOf, timeOf } from "./layout.ts";
import type { Notices } from "./notices.ts";
import { entryPath, type FileValues } from "./values.ts";

/** Where a message is. */
export interface Place {
  readonly where: "queue" | "schedule" | "dead";
  /** Name of its file. */
  readonly file: string;
}

/** How often a message may move while it is looked for. */
const LOOKS = 3;
const decoder = new TextDecoder();

/** All tracks. */
export class Tracks {
  readonly #disk: Disk;
  readonly #levels: number;
  readonly #data: FileValues;
  readonly #notices: Notices;

  constructor(disk: Disk, levels: number, data: FileValues, notices: Notices) {
    this.#disk = disk;
    this.#levels = levels;
    this.#data = data;
    this.#notices = notices;
  }

  /**
   * Notes where a task's message is going to be.
   *
   * @param hash Of the task's id.
   * @param places The last one is the newest.
   */
  write(hash: string, retry: boolean, ...places: readonly Place[]): void {
    this.#notices.forget(hash);
    const lines = places.map(({ where, file }) => `${where} ${file}`);
    this.#disk.write(this.#path(hash), [retry ? "retry" : "first", ...lines].join("\n"));
  }

  /** Forgets a task's message. */
  forget(hash: string): void {
    if (this.#disk.exists(this.#path(hash))) this.#disk.remove(this.#path(hash));
  }

  /** The state of a task. */
  state(id: string): StoredState | undefined {
    for (let looks = 0; looks < LOOKS; looks++) {
      const live = this.#live(hashOf(id));
      if (live) return live;
    }
    const ended = this.#data.read(id)?.about.ended ?? this.#notices.find(id);
    if (ended === undefined) return undefined;
    return { state: ended.ending, worker: ended.worker, sinceMs: ended.sinceMs };
  }

  #live(hash: string): StoredState | undefined {
    const bytes = this.#disk.read(this.#path(hash));
    if (bytes === undefined) return undefined;
    const [attempt, ...places] = decoder.decode(bytes).split("\n");
    for (const place of places) {
      const [where, file = ""] = place.split(" ");
      const state = where === "schedule" ? this.#scheduled(file) : where === "dead" ? this.#dead(file) : this.#queued(file);
      if (state === undefined) continue;
      const isWaiting = state.state === "waiting" || state.state === "scheduled";
      return isWaiting && attempt === "retry" ? { state: "retrying" } : state;
    }
    return undefined;
  }

  #scheduled(file: string): StoredState | undefined {
    return this.#disk.exists(schedulePath(file)) ? { state: "scheduled" } : undefined;
  }

  #dead(file: string): StoredState | undefined {
    return this.#disk.exists(`dead/${file}`) ? { state: "dead" } : undefined;
  }

  #queued(file: string): StoredState | undefined {
    const path = queuePath(file);
    if (this.#disk.exists(path)) return { state: "waiting" };
    return this.#claimed(stemOf(file)) ?? this.#putBack(path.slice(0, path.lastIndexOf("/")), stemOf(file));
  }

  #claimed(stem: string): StoredState | undefined {
    for (const consumer of this.#disk.list("claims")) {
      for (const worker of this.#disk.list(`claims/${consumer}`)) {
        const file = this.#disk.list(`claims/${consumer}/${worker}`).find((name) => name.startsWith(stem));
        if (file) return { state: "running", worker: decodeName(worker), sinceMs: timeOf(file.split(".")[2]!) };
      }
    }
    return undefined;
  }

  /** After it was handed out, a message counts one delivery more in its name. */
  #putBack(folder: string, stem: string): StoredState | undefined {
    return this.#disk.list(folder).some((name) => name.startsWith(stem)) ? { state: "waiting" } : undefined;
  }

  #path(hash: string): string {
    return entryPath("tracks", hash, this.#levels);
  }
}
