// Code blobs as files named by their SHA-256: whole and durable before anything can refer to them.

import { join } from "node:path";
import { messageOf } from "../../domain/message-of.ts";
import { type Blobs, sha256Of } from "../core/blobs.ts";
import type { Latch } from "../core/latch.ts";
import { StoreUnavailable } from "../port.ts";
import { type Files, mayPass } from "./files.ts";
import { type Names, temporary } from "./names.ts";

const sha256Pattern = /^[0-9a-f]{64}$/;

export class FileBlobs implements Blobs {
  readonly #files: Files;
  readonly #names: Names;
  readonly #latch: Latch;
  /** Written, or seen whole, by this process: known to survive a power cut. One entry a blob, a write under way included. */
  readonly #kept = new Map<string, Promise<void>>();
  readonly #removing = new Map<string, Promise<void>>();

  constructor(files: Files, names: Names, latch: Latch) {
    this.#files = files;
    this.#names = names;
    this.#latch = latch;
  }

  async put(sha256: string, bytes: Uint8Array): Promise<void> {
    let kept = this.#kept.get(sha256);
    if (kept === undefined) {
      kept = this.#keep(sha256, bytes);
      this.#kept.set(sha256, kept);
      kept.catch(() => this.#kept.delete(sha256)); // the next put tries again
    }
    await kept;
  }

  /** Throws when the file isn't what its name says. */
  async get(sha256: string): Promise<Uint8Array | null> {
    if (!sha256Pattern.test(sha256)) return null;
    const path = this.#pathOf(sha256);
    const bytes = await this.#files.read(path);
    if (bytes !== null && sha256Of(bytes) !== sha256) throw new Error(`${path} is damaged: upload that code again`);
    return bytes;
  }

  /** Of all that is there, those left half written by a crash included. */
  async list(): Promise<string[]> {
    const files = await this.#files.list(this.#names.blobs);
    const names = files.map((file) => (file.endsWith(temporary("")) ? file.slice(0, -temporary("").length) : file));
    return names.filter((name) => sha256Pattern.test(name));
  }

  /** Nobody may be putting it; whoever does from now on puts it anew. */
  async remove(sha256: string): Promise<void> {
    this.#kept.delete(sha256);
    const removed = this.#remove(this.#pathOf(sha256)).finally(() => this.#removing.delete(sha256));
    this.#removing.set(sha256, removed);
    await removed;
  }

  async #remove(path: string): Promise<void> {
    await this.#files.remove(path);
    await this.#files.remove(temporary(path));
  }

  async #keep(sha256: string, bytes: Uint8Array): Promise<void> {
    await this.#removing.get(sha256)?.catch(() => {}); // told to whoever removes it
    try {
      await this.#write(this.#pathOf(sha256), bytes);
    } catch (cause) {
      const detail = messageOf(cause);
      if (mayPass(cause)) {
        throw new StoreUnavailable(`the disk is full: ${this.#names.blobs} can't grow`, false, { cause });
      }
      const message = `the store stopped: ${this.#names.blobs} can't be written (${detail})`;
      throw this.#latch.shut(new StoreUnavailable(message, true, { cause }));
    }
  }

  /** Writes even over an existing file: it costs one write a process, and mends a damaged one. */
  async #write(path: string, bytes: Uint8Array): Promise<void> {
    const { blobs, folder } = this.#names;
    await this.#files.makeFolder(blobs);
    const file = await this.#files.open(temporary(path), "create");
    try {
      await file.write(bytes, 0);
      await file.sync();
    } catch (error) {
      await this.#files.remove(temporary(path)).catch(() => {}); // the first error is the one to tell
      throw error;
    } finally {
      await file.close();
    }
    await this.#files.rename(temporary(path), path);
    await this.#files.syncFolder(blobs);
    await this.#files.syncFolder(folder);
  }

  #pathOf(sha256: string): string {
    return join(this.#names.blobs, sha256);
  }
}
