// Random bytes fetched many at a time: asking the system for a few costs as much as asking for thousands.

type Draw = (size: number) => Uint8Array;

/** Draws what `source` gives, each byte once and forgotten here. */
export function pooledBytes(source: Draw, poolBytes = 4_096): Draw {
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
