// Bytes by their SHA-256: what both adapters promise about them.

import { hash } from "node:crypto";

export interface Blobs {
  /** Durable when it resolves. @throws StoreUnavailable */
  put(sha256: string, bytes: Uint8Array): Promise<void>;
  get(sha256: string): Promise<Uint8Array | null>;
}

export function sha256Of(bytes: Uint8Array): string {
  return hash("sha256", bytes);
}
