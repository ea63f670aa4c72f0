import { storageContract } from "../contract/suite.ts";
import { MemoryStorage } from "../../storage/memory.ts";

storageContract("MemoryStorage", {
  newStore: () => {
    const byName = new Map<string, MemoryStorage>();
    return {
      open: (name = "contract") => {
        const storage = byName.get(name) ?? new MemoryStorage({ name });
        byName.set(name, storage);
        return storage;
      },
    };
  },
});
