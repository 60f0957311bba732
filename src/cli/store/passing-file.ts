// A file for a while that has no name: whatever ends this process, nothing of it is left.

import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addAbortSignal, Readable } from "node:stream";

type Pieces = AsyncIterable<string | Uint8Array>;

export interface PassingFile {
  write(pieces: Pieces): Promise<void>;
  /** From its start, as often as one likes. */
  read(): AsyncIterable<Uint8Array>;
}

const chunkBytes = 256 * 1024;

/** What is written may hold credentials. */
export async function withPassingFile<T>(
  signal: AbortSignal | undefined,
  fn: (file: PassingFile) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "settle-passing-"));
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  const handle = await open(join(folder, "state.json"), "wx+", 0o600).finally(removeFolder);
  try {
    return await fn({
      write: (pieces) => write(handle, pieces, signal),
      read: () => chunksOf(handle, signal),
    });
  } finally {
    await handle.close();
  }
}

async function write(handle: FileHandle, pieces: Pieces, signal: AbortSignal | undefined): Promise<void> {
  if (signal && pieces instanceof Readable) addAbortSignal(signal, pieces);
  for await (const piece of pieces) {
    signal?.throwIfAborted();
    await handle.appendFile(piece);
  }
}

async function* chunksOf(handle: FileHandle, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  for (let position = 0; ; ) {
    signal?.throwIfAborted();
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, position);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    position += bytesRead;
  }
}
