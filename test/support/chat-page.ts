import type { Locator, Page } from 'playwright-core';

export interface ShownGroup {
  readonly from: string;
  readonly isOwn: boolean;
  readonly messages: readonly string[];
}

/** The sample's page, in the words of somebody who uses it. Elements are found as assistive technology finds them. */
export class ChatPage {
  constructor(readonly page: Page) {}

  async join(name: string): Promise<void> {
    await this.page.getByLabel('Your name').fill(name);
    await this.page.getByRole('button', { name: 'Join' }).click();
    await this.isConnected();
    await this.sees(`${name} joined.`);
  }

  async leave(): Promise<void> {
    await this.page.getByRole('button', { name: 'Leave' }).click();
    await this.page.getByRole('heading', { name: 'Join the chat' }).waitFor();
  }

  async isConnected(): Promise<void> {
    await this.page.getByRole('status').getByText('Connected').waitFor();
  }

  /** Does not wait for the message to come back. */
  async say(text: string): Promise<void> {
    const draft = this.page.getByRole('textbox', { name: 'Message' });
    await draft.fill(text);
    await draft.press('Enter');
  }

  /** Waits for a message or a notice, or for its `count`-th appearance. */
  async sees(text: string | RegExp, count = 1): Promise<void> {
    await this.#entry(text)
      .nth(count - 1)
      .waitFor();
  }

  async box(text: string): Promise<{ x: number; y: number; width: number; height: number }> {
    const box = await this.#entry(text).boundingBox();
    if (!box) throw new Error(`${text} is not visible.`);
    return box;
  }

  async groups(): Promise<ShownGroup[]> {
    const groups = await this.page.getByRole('log').locator('.group').all();
    return Promise.all(
      groups.map(async (group) => ({
        from: (await group.getAttribute('data-from')) ?? '',
        isOwn: ((await group.getAttribute('class')) ?? '').split(' ').includes('own'),
        messages: await group.locator('.bubble').allTextContents(),
      })),
    );
  }

  #entry(text: string | RegExp): Locator {
    const entries = this.page.getByRole('log').locator('.bubble, .notice');
    // Playwright folds white space, in the page and in a string, but not in a pattern.
    return entries.filter({ hasText: typeof text === 'string' ? new RegExp(`^${foldedPattern(text)}$`) : text });
  }
}

function foldedPattern(text: string): string {
  return text
    .split(/\s+/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join(String.raw`\s+`);
}
