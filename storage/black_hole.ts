/** Placeholder until the real one is written. @module */
import { MemoryStorage } from "./memory.ts";
/** Discards everything. */
export class BlackHoleStorage extends MemoryStorage {}
