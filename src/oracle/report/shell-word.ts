// A word as a person types it into a shell: quoted only where it has to be.

import { quoted } from "../caller.ts";

export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : quoted(text);
}
