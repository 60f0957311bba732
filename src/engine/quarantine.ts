// Which versions run in a process of their own: those that may have taken the shared one down, until that is known, and those that did.

export class Quarantine {
  /** By version: whether it is known that it did. */
  readonly #alone = new Map<string, boolean>();

  /** Whether the version is to run in a runner of its own. */
  has(versionId: string): boolean {
    return this.#alone.has(versionId);
  }

  /** It was at work when a runner died that it shared with others. */
  suspect(versionId: string): void {
    if (!this.has(versionId)) this.#alone.set(versionId, false);
  }

  /** It was alone in a runner that died, or couldn't be ended. */
  convict(versionId: string): void {
    this.#alone.set(versionId, true);
  }

  /** Its calls were answered and its runner lives. One that was convicted stays alone. */
  acquit(versionId: string): void {
    if (!this.#alone.get(versionId)) this.#alone.delete(versionId);
  }
}
