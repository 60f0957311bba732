// The browser that tests use: Debian's or macOS's own, or where a variable says.

import { existsSync } from "node:fs";

export const executablePath: string | undefined = [
  process.env.CHROMIUM_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
].find((path) => path !== undefined && existsSync(path));

if (executablePath === undefined) {
  process.stderr.write("SKIPPED: the browser tests need Chromium (apt-get install chromium, or CHROMIUM_PATH).\n");
}

export const quietArguments: string[] = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
