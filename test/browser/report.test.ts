// The HTML report in a real browser: nothing that a target answered runs, nothing is fetched, and it works without scripts.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toHtml } from "../../src/oracle/report/html/page.ts";
import { hostile, report } from "../oracle/report/reports.ts";
import { executablePath, quietArguments } from "./chromium.ts";

describe.skipIf(executablePath === undefined)("the HTML report", { timeout: 60_000 }, () => {
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "settle-report-"));
    await writeFile(join(folder, "report.html"), toHtml(report, "settle verify http://127.0.0.1:1"));
    browser = await chromium.launch({ executablePath: executablePath ?? "", args: quietArguments });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** The page, and what it asked for or complained about. */
  async function open(options: BrowserContextOptions = {}): Promise<{ page: Page; noises: string[] }> {
    const page = await browser.newPage(options);
    const noises: string[] = [];
    page.on("console", (message) => noises.push(message.text()));
    page.on("pageerror", (error) => noises.push(String(error)));
    const address = pathToFileURL(join(folder, "report.html")).href;
    page.on("request", (request) => request.url() !== address && noises.push(request.url()));
    await page.goto(address);
    return { page, noises };
  }

  test("shows what a target answered as text, runs none of it, and asks for nothing", async () => {
    const { page, noises } = await open();
    expect(await page.title()).toBe("http://127.0.0.1:1 violates");
    expect(noises).toEqual([]);
    expect(await page.locator("main img, main script").count()).toBe(0);
    const shown = await page.locator("#SB-INST-BROKEN .message").textContent();
    expect(shown).toContain(hostile.slice(0, hostile.indexOf("\0")));
    await page.close();
  });

  test("copies a script as it is, and searches the rules", async () => {
    const { page } = await open({ permissions: ["clipboard-read", "clipboard-write"] });
    const box = page.locator("#SB-INST-FLAKY .script").first();
    await box.getByRole("button", { name: "Copy" }).click();
    await box.getByRole("button", { name: /Copied|Selected/ }).waitFor();
    const copied = await page.evaluate("getSelection().toString() || navigator.clipboard.readText()");
    expect(copied).toBe("curl");
    await page.getByRole("searchbox").fill("skipped ws");
    expect(await page.locator(".rules tbody tr:visible").count()).toBe(1);
    await page.close();
  });

  test("leads from a rule to its failure, opened", async () => {
    const { page } = await open();
    expect(await page.locator("#SB-INST-WARNED").getAttribute("open")).toBe(null);
    await page.locator(".rules").getByRole("link", { name: "SB-INST-WARNED" }).click();
    await page.locator("#SB-INST-WARNED[open]").waitFor();
    await page.close();
  });

  test("filters without scripts, in the dark and on a telephone", async () => {
    const { page } = await open({
      javaScriptEnabled: false,
      colorScheme: "dark",
      viewport: { width: 390, height: 800 },
    });
    const rows = page.locator(".rules tbody tr:visible");
    expect(await rows.count()).toBe(report.rules.length);
    await page.getByRole("checkbox", { name: "failed (2)" }).uncheck();
    expect(await rows.count()).toBe(report.rules.length - 2);
    expect(await page.getByRole("searchbox").count()).toBe(0);
    await page.close();
  });

  test("never scrolls sideways, however narrow it is and whatever it holds", async () => {
    const { page } = await open({ viewport: { width: 320, height: 800 } });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(320);
    await page.close();
  });

  test("has a name for each part that a keyboard or a reader reaches", async () => {
    const { page } = await open();
    for (const region of ["Coverage of operations by status", "Stages over time", "Exchanges"]) {
      expect(await page.getByRole("region", { name: region }).first().getAttribute("tabindex")).toBe("0");
    }
    expect(await page.getByRole("heading", { level: 1 }).count()).toBe(1);
    expect(await page.getByRole("heading", { name: "Failures (4)" }).count()).toBe(1);
    await page.close();
  });
});
