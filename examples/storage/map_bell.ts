/**
 * The bell of the storage in map_storage.ts.
 * @module
 */
import type { Topic } from "@hueyjs/huey";

/** Those who listen. They are called when what rings has ended its own step. */
export class MapBell extends Set<{ topic: Topic; wake: () => void }> {
  listen(topic: Topic, wake: () => void): () => void {
    const listener = { topic, wake };
    this.add(listener);
    return () => void this.delete(listener);
  }

  ring(topic: Topic): void {
    for (const listener of this) if (listener.topic === topic) queueMicrotask(listener.wake);
  }
}

// Output:
