import type { Locator, Page } from 'playwright-core';

export interface TestClientOptions {
  readonly hub: string;
  readonly userId?: string;
  readonly protocol?: 'JSON' | 'Reliable JSON' | 'Simple';
  readonly groups?: string;
  readonly roles?: string;
  /** Default true: the two rights on any group. */
  readonly mayJoin?: boolean;
  readonly maySend?: boolean;
  readonly noToken?: boolean;
}

/** The inspector's page, in the words of somebody who uses it. Elements are found as assistive technology finds them. */
export class InspectorPage {
  constructor(readonly page: Page) {}

  async openPane(name: 'Traffic' | 'Clients' | 'Hubs' | 'Metrics'): Promise<void> {
    await this.page.getByRole('tab', { name }).click();
    await this.page.getByRole('tabpanel', { name }).waitFor();
  }

  async isLive(): Promise<void> {
    await this.page.getByRole('status').getByText('live').waitFor();
  }

  /** Rows that are in view; a text or pattern they hold. */
  row(text: string | RegExp): Locator {
    return this.page.getByRole('option').filter({ hasText: text });
  }

  get rows(): Locator {
    return this.page.getByRole('listbox', { name: 'Traffic' }).getByRole('option');
  }

  get detail(): Locator {
    return this.page.getByRole('complementary', { name: 'Details' });
  }

  /** A part of the open detail, by its title. */
  section(title: string): Locator {
    return this.detail.getByRole('group').filter({ has: this.page.getByText(title, { exact: true }) });
  }

  async filter(fields: Readonly<Record<string, string>>): Promise<void> {
    for (const [label, value] of Object.entries(fields)) {
      if (label === 'Hub') await this.page.getByRole('combobox', { name: 'Hub', exact: true }).selectOption(value);
      else await this.page.getByRole('search').getByLabel(label).fill(value);
    }
  }

  async connectClient(options: TestClientOptions): Promise<Locator> {
    const form = this.page.getByRole('form', { name: 'New test client' });
    await form.getByLabel('Hub').fill(options.hub);
    await form.getByLabel('User id').fill(options.userId ?? '');
    await form.getByLabel('Protocol').selectOption(options.protocol ?? 'JSON');
    await form.getByLabel('Groups to begin in').fill(options.groups ?? '');
    await form.getByLabel('More roles').fill(options.roles ?? '');
    await form.getByLabel('may join any group').setChecked(options.mayJoin ?? true);
    await form.getByLabel('may send to any group').setChecked(options.maySend ?? true);
    // Ticking this disables the others, so it is the last.
    await form.getByLabel('without a token').setChecked(options.noToken ?? false);
    await form.getByRole('button', { name: 'Connect' }).click();
    await form.getByLabel('without a token').setChecked(false);
    return this.client(options.userId || 'anonymous');
  }

  client(name: string): Locator {
    return this.page.getByRole('article', { name: `Test client ${name}` });
  }

  /** Chooses what to send, fills in what it needs, and sends it. */
  async send(client: Locator, action: string, fields: { name?: string; type?: string; data?: string }): Promise<void> {
    await client.getByLabel('What to send').selectOption(action);
    if (fields.name !== undefined) await client.getByLabel(/^(Event|Group) name$/).fill(fields.name);
    if (fields.type !== undefined) await client.getByLabel('Data type').selectOption(fields.type);
    if (fields.data !== undefined) await client.getByLabel('Data', { exact: true }).fill(fields.data);
    await client.getByRole('button', { name: 'Send', exact: true }).click();
  }
}
