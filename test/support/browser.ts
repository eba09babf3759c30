import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

const CHROMIUM_PATH = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

/** Keeps Chromium from talking to anybody but the page under test. */
const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const describeOrSkip = existsSync(CHROMIUM_PATH) || process.env['CI'] ? describe : describe.skip;

export interface BrowserPages {
  /** A page of its own window: nothing is shared with the others, as between two people. Closed with the suite. */
  open(url: string, options?: BrowserContextOptions): Promise<Page>;
  /** What the pages complained of: errors of scripts, of the console, and requests to other hosts. */
  readonly complaints: string[];
}

/** A suite with a headless Chromium. Without one it is skipped, but in CI it fails. */
export function describeInBrowser(name: string, suite: (pages: BrowserPages) => void): void {
  describeOrSkip(name, () => {
    let browser: Browser | undefined;
    const complaints: string[] = [];

    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: CHROMIUM_PATH, args: CHROMIUM_FLAGS });
      // On a cold machine the first page takes many seconds, which are the start's and not the first test's.
      const page = await browser.newPage();
      await page.goto('data:text/html,<button>warm</button>');
      await page.getByRole('button').click();
      await page.close();
    }, 60_000);

    afterAll(async () => {
      await browser?.close();
    });

    suite({
      complaints,
      async open(url, options) {
        if (!browser) throw new Error('The browser has not started.');
        const context = await browser.newContext({ locale: 'en-GB', ...options });
        // Shorter than a test may take, so that what was waited for is named.
        context.setDefaultTimeout(15_000);
        const page = await context.newPage();
        page.on('pageerror', (error) => complaints.push(error.message));
        page.on('console', (message) => {
          if (message.type() === 'error') complaints.push(message.text());
        });
        page.on('request', (request) => {
          const { hostname, protocol } = new URL(request.url());
          if (protocol !== 'data:' && hostname !== 'localhost') complaints.push(`Request to ${hostname}`);
        });
        await page.goto(url);
        return page;
      },
    });
  });
}
