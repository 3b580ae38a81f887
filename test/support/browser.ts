import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { ensureTool } from './tools.ts';

/** A page of a file in a real browser, and what went wrong on it. */
export interface OpenPage {
  readonly page: Page;
  /** Errors of scripts, and what the browser refused or complained of. */
  readonly complaints: readonly string[];
  /** Every URL that the page asked for, its own among them. */
  readonly requests: readonly string[];
}

export interface BrowserOptions {
  readonly scheme?: 'light' | 'dark';
  readonly javaScript?: boolean;
}

/** Starts the Chromium of this machine, without a window; it is installed where that is possible. */
export async function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: await ensureTool('chromium') });
}

/** Opens a file in a context of its own, as a person does who was sent it. */
export async function openFile(
  browser: Browser,
  file: string,
  { scheme = 'light', javaScript = true }: BrowserOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({
    colorScheme: scheme,
    javaScriptEnabled: javaScript,
    viewport: { width: 1_280, height: 900 },
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(pathToFileURL(file).href);
  return { page, complaints, requests };
}
