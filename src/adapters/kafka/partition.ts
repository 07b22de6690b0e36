/**
 * The partition where Kafka's own clients put a key, so that its records lie together whoever wrote them.
 *
 * @param partitions how many the topic has, at least 1
 */
export function partitionOf(key: Buffer, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/**
 * Murmur2 with Kafka's seed, as `org.apache.kafka.common.utils.Utils.murmur2` computes it (Austin Appleby's
 * MurmurHash2 for 32 bits, little-endian).
 *
 * @returns a signed integer of 32 bits
 */
export function murmur2(data: Buffer): number {
  const { length } = data;
  let hash = SEED ^ length;
  const whole = length & ~3;
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(data.readInt32LE(at), MIX);
    word ^= word >>> 24;
    hash = Math.imul(hash, MIX) ^ Math.imul(word, MIX);
  }
  if (length > whole) {
    for (let at = whole; at < length; at++) hash ^= data[at]! << (8 * (at - whole));
    hash = Math.imul(hash, MIX);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MIX);
  return hash ^ (hash >>> 15);
}

const SEED = 0x9747b28c | 0;
const MIX = 0x5bd1e995;
