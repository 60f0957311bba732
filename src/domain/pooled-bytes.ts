// Random bytes fetched many at a time: asking the system for a few costs as much as asking for thousands.

/** A source that hands out what `source` gives, each byte once and forgotten here. */
export function pooledBytes(source: (size: number) => Uint8Array, poolBytes = 4_096): (size: number) => Uint8Array {
  let pool = new Uint8Array();
  let used = 0;
  return (size) => {
    if (size > poolBytes) return source(size);
    if (used + size > pool.length) {
      pool = Uint8Array.from(source(poolBytes));
      used = 0;
    }
    const drawn = pool.slice(used, used + size);
    pool.fill(0, used, used + size);
    used += size;
    return drawn;
  };
}
