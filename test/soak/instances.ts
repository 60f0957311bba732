// The instances that live at the moment: as many as there should be, each deleted some time after it was made.

import { type Client, confirmed } from "./client.ts";

export const machine = "steady";
export const at = `/machines/${machine}`;

export class Instances {
  readonly #client: Client;
  readonly #most: number;
  #made = 0;
  /** Oldest first. */
  readonly #live = new Set<string>();

  constructor(client: Client, most: number) {
    this.#client = client;
    this.#most = most;
  }

  get count(): number {
    return this.#live.size;
  }

  any(n: number): string {
    let left = n % Math.max(1, this.#live.size);
    for (const slug of this.#live) if (left-- === 0) return slug;
    return "none-yet";
  }

  /** Makes one, or deletes the oldest when there are enough. */
  turnOver(): Promise<unknown> {
    return this.#live.size < this.#most ? this.create() : this.#deleteOldest();
  }

  async create(): Promise<void> {
    const slug = `i-${this.#made++}`;
    const context = { color: colors[this.#made % colors.length], public: { n: 0, notes: "n".repeat(500) } };
    const json = { slug, context };
    if (await this.#client.ask("create", [200], { method: "POST", path: at, json })) this.#live.add(slug);
  }

  async #deleteOldest(): Promise<void> {
    const [slug = ""] = this.#live;
    this.#live.delete(slug);
    const json = confirmed("hmacSha256OfMachineInstanceNameWithMachineNameKey", machine, slug);
    await this.#client.ask("delete", [204], { method: "DELETE", path: `${at}/i/${slug}`, json });
  }
}

export const colors = ["red", "green", "blue", "violet"] as const;
