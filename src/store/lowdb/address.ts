// `db.server`: where the server that has the store open listens, for commands that look for it; it means nothing once that process is gone.

import { isJsonObject } from "../../domain/json.ts";
import { type Files, nodeFiles } from "./files.ts";
import { namesAt, namesOf, temporary } from "./names.ts";
import { isRunning, type Owner, thisProcess } from "./owner.ts";

interface Address extends Owner {
  url: string;
}

/** Leaves the address beside the store, which this process must have open; the answer takes it away again. */
export async function announce(path: string, url: string, files: Files = nodeFiles): Promise<() => Promise<void>> {
  const { server } = namesOf(await files.realPath(path));
  const file = await files.open(temporary(server), "create");
  try {
    await file.write(Buffer.from(`${JSON.stringify({ url, ...thisProcess() } satisfies Address)}\n`), 0);
  } finally {
    await file.close();
  }
  await files.rename(temporary(server), server);
  return () => files.remove(server).catch(() => {}); // left behind, it names a process that is gone
}

/** The address of the server that has the store open; null when none says that it has. */
export async function announcedUrl(path: string, files: Files = nodeFiles): Promise<string | null> {
  const bytes = await files.read((await namesAt(path, files)).server);
  const address = bytes === null ? null : addressOf(Buffer.from(bytes).toString());
  return address !== null && isRunning(address) ? address.url : null;
}

function addressOf(text: string): Address | null {
  try {
    const value: unknown = JSON.parse(text);
    if (!isJsonObject(value)) return null;
    const { url, pid, start } = value;
    const valid = typeof url === "string" && typeof pid === "number" && typeof start === "string";
    return valid ? { url, pid, start } : null;
  } catch {
    return null;
  }
}
