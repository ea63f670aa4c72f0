/** What may be plugged in as a serializer; checked by the compiler alone. @module */
import { MemoryHuey, type Place, Serializer, type SerializerLike, SignedSerializer } from "../../mod.ts";

/** One that knows nothing of places, as before there were any. */
const plain: SerializerLike = {
  serialize: (value: unknown) => new TextEncoder().encode(JSON.stringify(value)),
  deserialize: (data: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(data)),
};

/** One that signs in its own way, and takes its time. */
const signing: SerializerLike = {
  signs: true,
  serialize: async (value: unknown, place?: Place) =>
    await Promise.resolve(plain.serialize([place?.purpose, place?.id, value])),
  deserialize: async (data: Uint8Array, place?: Place): Promise<unknown> =>
    await Promise.resolve([place?.queue, plain.deserialize(data)]),
};

/** The methods that a format of one's own overrides have no place, and the others may have one. */
class Own extends Serializer {
  protected override encode(value: unknown): Uint8Array {
    return super.encode(value);
  }
  protected override decode(data: Uint8Array): unknown {
    return super.decode(data);
  }
  override serialize(value: unknown): Uint8Array {
    return super.serialize(value);
  }
}

new MemoryHuey({ serializer: plain });
new MemoryHuey({ serializer: signing });
new MemoryHuey({ serializer: new Own({ maxBytes: 1, maxNodes: 1, maxDepth: 1 }) });
new SignedSerializer({ secret: "a" });
new SignedSerializer({ secret: ["a", "b"] as const, salt: "s", compression: true });

// @ts-expect-error A place has one of the known purposes.
signing.serialize(1, { purpose: "lock", queue: "q", id: "i" });
// @ts-expect-error A signed serializer needs a secret.
new SignedSerializer({});
