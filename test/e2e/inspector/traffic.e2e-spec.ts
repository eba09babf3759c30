import { afterAll, beforeEach, expect, it } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { describeInBrowser } from '../../support/browser.js';
import { connectJsonClient } from '../../support/connect-client.js';
import { FakeClock } from '../../support/fake-clock.js';
import { InspectorPage } from '../../support/inspector-page.js';
import { ALLOW_ANY_ORIGIN, RecordingUpstream, type Answer } from '../../support/record-upstream.js';
import { startEmulator } from '../../support/start-emulator.js';
import { TURNING_NAMES, turnedTexts } from '../../support/turned-texts.js';

const upstream = await RecordingUpstream.start();
let emulator: WebPubSubEmulator;
afterAll(() => upstream.close());

beforeEach(async () => {
  emulator = await startEmulator();
  upstream.onEvent = () => ({ status: 204 });
  upstream.onValidation = () => ALLOW_ANY_ORIGIN;
  emulator.setHub('chat', {
    eventHandlers: [{ urlTemplate: `${upstream.url}/eventhandler`, userEventPattern: '*' }],
  });
});

const colourOf = (node: Locator): Promise<string> =>
  node.evaluate((element) => (globalThis as unknown as StyledWindow).getComputedStyle(element).color);

/** The part of a browser's global object that is used above; the tests are not compiled for one. */
interface StyledWindow {
  getComputedStyle(element: unknown): { readonly color: string };
}

const state = Buffer.from('{"room":"blue"}').toString('base64');

describeInBrowser('the timeline of the inspector', (pages) => {
  let inspector: InspectorPage;
  let page: Page;

  beforeEach(async () => {
    page = await pages.open(`${emulator.endpoint}/inspector`);
    inspector = new InspectorPage(page);
    await inspector.isLive();
  });

  it('tells a newcomer what to do while nothing has happened', async () => {
    await page.getByRole('heading', { name: 'Nothing has crossed the emulator yet' }).waitFor();
    await page.getByRole('button', { name: 'Show the connection string' }).click();
    const dialog = page.getByRole('dialog', { name: 'Connection string' });
    await dialog.getByText(emulator.connectionString).waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await page.content()).not.toContain('AccessKey=');
    await page.getByRole('button', { name: 'Connect a test client' }).click();
    await page.getByRole('heading', { name: 'No test client yet' }).waitFor();
  });

  it('shows what crosses each door as it happens', async () => {
    const ann = await connectJsonClient(emulator, { userId: 'ann' });
    ann.send({ type: 'event', event: 'message', ackId: 1, dataType: 'text', data: 'good morning' });
    await ann.next();
    await fetch(`${emulator.endpoint}/api/hubs/chat/:send?api-version=2024-12-01`, { method: 'POST', body: 'x' });
    await inspector.row('event message (ack 1)').getByText('good morning').waitFor();
    await inspector.row(`message → ${upstream.url}/eventhandler`).getByText('204').waitFor();
    await inspector.row('POST /api/hubs/chat/:send').getByText('401').waitFor();
    await inspector.row('ack 1 success').getByText('ann').waitFor();
  });

  it('is red where an upstream call failed, and says in words what went wrong and what to do', async () => {
    upstream.onEvent = () => ({ status: 401 });
    const ann = await connectJsonClient(emulator);
    ann.send({ type: 'event', event: 'order', ackId: 1, dataType: 'text', data: 'x' });
    await ann.next();
    const row = inspector.row(/order.*is the access key in its connection string the one of this emulator\?/);
    await row.waitFor();
    const bad = await colourOf(row.locator('.problem'));
    const ordinary = await colourOf(inspector.row('event order'));
    const [red = 0, green = 0, blue = 0] = (/\d+, \d+, \d+/.exec(bad)?.[0] ?? '').split(', ').map(Number);
    expect(red).toBeGreaterThan(2 * Math.max(green, blue));
    expect(bad).not.toBe(ordinary);
    await row.click();
    await inspector.detail.getByText('What went wrong').waitFor();
    await inspector.detail.getByText('the upstream did not accept the signature').waitFor();
  });

  it.each([
    ['a refused connection', 'close', /Nothing listens at/],
    ['an unknown path', { status: 404 }, /answered 404: the path, the hub or the event is unknown/],
    ['a body that is too large', { status: 413 }, /answered 413: the body is larger than the application accepts/],
    ['an unreadable answer', { status: 200, headers: { 'Content-Type': 'image/png' }, body: 'x' }, /image\/png/],
  ] satisfies [string, Answer | 'close', RegExp][])('explains %s', async (_name, answer, words) => {
    if (answer === 'close') {
      emulator.setHub('chat', { eventHandlers: [{ urlTemplate: 'http://localhost:9/x', userEventPattern: '*' }] });
    } else {
      upstream.onEvent = () => answer;
    }
    const ann = await connectJsonClient(emulator);
    ann.send({ type: 'event', event: 'message', ackId: 1, dataType: 'text', data: 'x' });
    await inspector.row(words).first().waitFor();
  });

  it('explains a time-out', async () => {
    upstream.onEvent = () => 'hang';
    const clock = new FakeClock(Date.now());
    const slow = await startEmulator({ clock });
    slow.setHub('chat', {
      // No ping falls due while time is moved on, to which the client could not answer.
      webSocketKeepAliveIntervalInSeconds: 120,
      eventHandlers: [{ urlTemplate: upstream.url, userEventPattern: '*' }],
    });
    const view = new InspectorPage(await pages.open(`${slow.endpoint}/inspector`));
    const ann = await connectJsonClient(slow);
    const asked = upstream.events.length;
    ann.send({ type: 'event', event: 'message', ackId: 1, dataType: 'text', data: 'x' });
    while (upstream.events.length === asked) await upstream.nextEvent();
    clock.advance(100_000);
    await view.row(/gave no answer within 100 s.*look for a handler that never ends or a breakpoint/).waitFor();
  });

  it('explains a refused validation', async () => {
    upstream.onValidation = () => ({ status: 200 });
    emulator.setHub('chat', { eventHandlers: [{ urlTemplate: `${upstream.url}/never-seen`, userEventPattern: '*' }] });
    const ann = await connectJsonClient(emulator);
    ann.send({ type: 'event', event: 'message', ackId: 1, dataType: 'text', data: 'x' });
    await inspector.row(/Nothing was sent.*without WebHook-Allowed-Origin: the upstream must allow the host/).waitFor();
  });

  it('opens a row with headers, bodies, states and claims decoded', async () => {
    upstream.onEvent = () => ({
      headers: { 'Content-Type': 'application/json', 'ce-connectionState': state },
      body: '[12345678901234567890]',
    });
    const ann = await connectJsonClient(emulator, { userId: 'Zoë', claims: { colour: 'blue' } });
    for (const ackId of [1, 2]) {
      ann.send({ type: 'event', event: 'message', ackId, dataType: 'json', data: { text: 'hi' } });
      await ann.next();
      await ann.next();
    }
    await inspector.row('ack 2 success').waitFor();
    await inspector
      .row(/message → /)
      .last()
      .click();
    await inspector.section('Request body').getByText('"hi"').waitFor();
    await inspector.section('Response body').getByText('12345678901234567890').waitFor();
    await inspector.section('Connection state').first().getByText('"blue"').waitFor();
    await inspector.section('New connection state').getByText('"blue"').waitFor();
    await inspector.section('Request headers').getByRole('row', { name: 'ce-eventName message' }).waitFor();
    await inspector.section('Request headers').getByRole('row', { name: 'ce-userId Zoë' }).waitFor();

    await inspector.row('json.webpubsub.azure.v1').click();
    await inspector.section('Token claims').getByText('"colour"').waitFor();
    expect(await inspector.detail.textContent()).toContain('Without the signature; expires');
  });

  it.each(TURNING_NAMES)('does not let a name such as %j turn what stands beside it', async (name) => {
    const eve = await connectJsonClient(emulator, { userId: name, roles: ['webpubsub.sendToGroup'] });
    eve.send({ type: 'sendToGroup', group: name, ackId: 1, dataType: 'json', data: { plain: 12345 } });
    await eve.next();
    await inspector.row(name).filter({ hasText: '12345' }).getByText(eve.connectionId).waitFor();
    expect(await turnedTexts(page, '.user')).not.toEqual([]);
    expect(await turnedTexts(page, '.connection, .preview')).toEqual([]);
    expect(await inspector.row('12345').locator('.cell-who').getAttribute('title')).toBe(
      `${name}\n${eve.connectionId}`,
    );
  });

  it('does not let the texts in JSON turn its marks and numbers', async () => {
    const ann = await connectJsonClient(emulator);
    ann.send({ type: 'event', event: 'message', ackId: 1, dataType: 'json', data: { '\u202Eeve': 12345 } });
    await ann.next();
    await inspector.row(/message → /).click();
    await inspector.section('Request body').getByText('12345').waitFor();
    expect(await turnedTexts(page, '.json-name')).not.toEqual([]);
    expect(await turnedTexts(page, '.json-number')).toEqual([]);
  });

  it('shows binary data as hex', async () => {
    const ann = await connectJsonClient(emulator);
    ann.send({ type: 'event', event: 'message', ackId: 1, dataType: 'binary', data: 'AAEC/w==' });
    await ann.next();
    await inspector.row(/message → /).click();
    await inspector.section('Request body').getByText('00000000  00 01 02 ff').waitFor();
  });

  it('sends an event again, whose answer is an entry of its own and goes to no client', async () => {
    const ann = await connectJsonClient(emulator);
    ann.send({ type: 'event', event: 'message', ackId: 1, dataType: 'text', data: 'once' });
    await ann.next();
    await inspector.row(/message → /).click();
    upstream.onEvent = () => ({ headers: { 'Content-Type': 'text/plain' }, body: 'for nobody' });
    const before = upstream.events.length;
    await inspector.detail.getByRole('button', { name: 'Send again' }).click();
    await inspector.row('sent again by hand').click();
    await inspector.detail.getByText('for nobody').waitFor();
    const [first, second] = upstream.events.slice(before - 1);
    expect(second?.body).toEqual(first?.body);
    expect(second?.headers['ce-id']).toBe(first?.headers['ce-id']);
    expect(second?.headers['ce-signature']).toBe(first?.headers['ce-signature']);
    expect(await ann.untilPong()).toEqual([]);
  });

  it('copies a request as a curl command', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const ann = await connectJsonClient(emulator);
    ann.send({ type: 'event', event: 'message', ackId: 1, dataType: 'text', data: "it's" });
    await ann.next();
    await inspector.row(/message → /).click();
    await inspector.detail.getByRole('button', { name: 'Copy as curl' }).click();
    await page.getByText('The curl command copied.').waitFor();
    const command = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(command).toContain(`curl -i -X POST '${upstream.url}/eventhandler'`);
    expect(command).toContain(`--data-raw 'it'\\''s'`);
  });

  it('filters by hub, connection, user, event, status, door and words', async () => {
    upstream.onEvent = ({ headers }) => ({ status: headers['ce-eventname'] === 'order' ? 422 : 204 });
    const ann = await connectJsonClient(emulator, { userId: 'ann' });
    const bob = await connectJsonClient(emulator, { userId: 'bob', hub: 'other' });
    for (const [ackId, event] of ['message', 'order'].entries()) {
      ann.send({ type: 'event', event, ackId, dataType: 'text', data: `${event} of ann` });
      await ann.next();
    }
    bob.send({ type: 'joinGroup', group: 'lobby', ackId: 1 });
    await bob.next();
    await inspector.row('joinGroup lobby').waitFor();
    const shown = async (): Promise<string> => (await inspector.rows.allTextContents()).join('\n');
    const reset = page.getByRole('button', { name: 'Reset', exact: true });

    await inspector.filter({ Hub: 'other' });
    expect(await shown()).toContain('joinGroup lobby');
    expect(await shown()).not.toContain('chat');
    await reset.click();
    await inspector.row('event message').waitFor();

    for (const [fields, has, hasNot] of [
      [{ 'User id': 'ANN' }, 'event order', 'joinGroup'],
      [{ 'Connection id': bob.connectionId }, 'joinGroup', 'event order'],
      [{ 'Event name': 'order' }, 'order', 'event message'],
      [{ Status: '422' }, 'answered 422', 'event message'],
      [{ Status: '4xx' }, 'answered 422', 'joinGroup'],
      [{ Status: 'ok' }, 'joinGroup', 'answered 422'],
      [{ Search: 'of ann message' }, 'event message', 'joinGroup'],
    ] as const) {
      await inspector.filter(fields);
      expect([fields, await shown()]).toEqual([fields, expect.stringContaining(has)]);
      expect(await shown()).not.toContain(hasNot);
      await reset.click();
      await inspector.row('event message').waitFor();
    }

    await page.getByRole('button', { name: /^Failed/ }).click();
    expect(await inspector.rows.count()).toBe(3);
    await reset.click();
    await page.getByLabel('Upstream', { exact: true }).check();
    await inspector.row('event message').waitFor({ state: 'detached' });
    // The validation, and two events.
    expect(await inspector.rows.count()).toBe(3);
    await inspector.filter({ Search: 'nothing is like this' });
    await page.getByRole('button', { name: 'Reset the filters' }).click();
    await inspector.row('event message').waitFor();
  });

  it('is used by keyboard alone', async () => {
    const ann = await connectJsonClient(emulator);
    for (let ackId = 1; ackId <= 3; ackId++) {
      ann.send({ type: 'joinGroup', group: 'a', ackId });
      await ann.next();
    }
    await inspector.row('joinGroup a (ack 3)').waitFor();
    await page.getByRole('tab', { name: 'Traffic' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByRole('tabpanel', { name: 'Clients' }).waitFor();
    await page.keyboard.press('End');
    await page.getByRole('tabpanel', { name: 'Metrics' }).waitFor();
    await page.keyboard.press('Home');
    await page.getByRole('tabpanel', { name: 'Traffic' }).waitFor();
    await page.keyboard.press('/');
    expect(await page.evaluate('document.activeElement.name')).toBe('text');

    await page.getByRole('listbox').focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    await inspector.detail.waitFor();
    const title = inspector.detail.getByRole('heading', { level: 2 });
    expect(await title.textContent()).toBe('Client connected');
    for (let count = 0; count < 2; count++) await page.keyboard.press('ArrowDown');
    await inspector.detail.getByText('joinGroup a (ack 1)').waitFor();
    const active = await page.getByRole('listbox').getAttribute('aria-activedescendant');
    expect(await page.locator(`#${active}`).getAttribute('aria-selected')).toBe('true');
    await page.keyboard.press('Escape');
    await inspector.detail.waitFor({ state: 'hidden' });
    expect(await page.evaluate('document.activeElement.id')).toBe('rows');
  });

  it('stands still while paused and goes on where it was', async () => {
    const ann = await connectJsonClient(emulator);
    await inspector.row('connected').first().waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    ann.send({ type: 'joinGroup', group: 'unseen', ackId: 1 });
    await ann.next();
    const resume = page.getByRole('button', { name: 'Resume (2)' });
    await resume.waitFor();
    expect(await inspector.row('joinGroup unseen').count()).toBe(0);
    await resume.click();
    await inspector.row('joinGroup unseen').waitFor();
  });

  it('is cleared for every page that looks', async () => {
    const other = new InspectorPage(await pages.open(`${emulator.endpoint}/inspector`));
    await connectJsonClient(emulator);
    await other.row('json.webpubsub').waitFor();
    await inspector.row('json.webpubsub').waitFor();
    await page.getByRole('button', { name: 'Clear' }).click();
    await other.page.getByText('Nothing has crossed the emulator yet').waitFor();
    await page.getByText('Nothing has crossed the emulator yet').waitFor();
    expect(emulator.traffic.entries()).toEqual([]);
  });

  it('keeps a few dozen rows in the document, however many there are, and follows the newest', async () => {
    const record = (from: number, to: number): void => {
      for (let index = from; index <= to; index++) {
        emulator.traffic.record({ door: 'client', hub: 'chat', action: 'received', summary: `frame number ${index}` });
      }
    };
    record(1, 1500);
    await inspector.row(/frame number 1500$/).waitFor();
    for (let from = 1501; from < 5000; from += 500) {
      record(from, from + 499);
      await inspector.row(new RegExp(`frame number ${from + 499}$`)).waitFor();
    }
    await page.getByText('5000 entries').waitFor();
    const countNodes = (): Promise<number> => page.evaluate<number>("document.querySelectorAll('#rows *').length");
    expect(await inspector.rows.count()).toBeLessThan(60);
    expect(await countNodes()).toBeLessThan(700);

    await page.getByRole('listbox').focus();
    await page.keyboard.press('Home');
    await inspector.row(/frame number 1$/).waitFor();
    expect(await countNodes()).toBeLessThan(700);
    record(5001, 5003);
    await page.getByRole('button', { name: '↓ 3 new' }).click();
    await inspector.row(/frame number 5003$/).waitFor();

    await inspector.filter({ Search: 'number 4321' });
    await inspector.row('frame number 4321').waitFor();
    expect(await inspector.rows.count()).toBe(1);
    expect(await inspector.rows.first().getAttribute('aria-setsize')).toBe('1');
  });

  it('lets the oldest rows go beyond ten thousand, while what is looked at stays in view', async () => {
    const record = (from: number, to: number): void => {
      for (let index = from; index <= to; index++) {
        emulator.traffic.record({ door: 'client', hub: 'chat', action: 'received', summary: `frame number ${index}` });
      }
    };
    for (let from = 1; from < 9000; from += 1500) {
      record(from, from + 1499);
      await inspector.row(new RegExp(`frame number ${from + 1499}$`)).waitFor();
    }
    await page.evaluate('document.querySelector("#rows").scrollTop = 5000 * 28');
    await inspector.row(/frame number 5001$/).waitFor();
    record(9001, 10_400);
    await page.getByText('8400 entries').waitFor();
    await inspector.row(/frame number 5001$/).waitFor();
    await page.getByRole('listbox').focus();
    await page.keyboard.press('Home');
    await inspector.row(/frame number 2001$/).waitFor();
    expect(await inspector.rows.first().textContent()).toContain('frame number 2001');
    await page.keyboard.press('End');
    await inspector.row(/frame number 10400$/).waitFor();
    expect(await inspector.rows.count()).toBeLessThan(60);
  });

  it('comes back by itself when the emulator was away', async () => {
    const first = await startEmulator();
    const { port } = first;
    const view = new InspectorPage(await pages.open(`${first.endpoint}/inspector`));
    await view.isLive();
    const before = pages.complaints.length;
    await first.close();
    await view.page.getByRole('status').getByText('reconnecting').waitFor();
    const second = await startEmulator({ port });
    second.traffic.record({ door: 'client', hub: 'chat', action: 'received', summary: 'after the return' });
    await view.isLive();
    await view.row('after the return').waitFor();
    // The browser reports the connection that broke; nothing else may have gone wrong.
    pages.complaints.splice(before);
  });

  it.each([
    [1366, 768],
    [360, 740],
  ])('fits a window of %i x %i', async (width, height) => {
    await page.setViewportSize({ width, height });
    await connectJsonClient(emulator, { userId: 'a'.repeat(200) });
    await inspector.row('json.webpubsub').click();
    await inspector.detail.waitFor();
    for (const pane of ['Traffic', 'Clients', 'Hubs', 'Metrics'] as const) {
      if (pane !== 'Traffic') {
        if (pane === 'Clients') await page.keyboard.press('Escape');
        await inspector.openPane(pane);
      }
      const excess = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
      expect([pane, excess]).toEqual([pane, 0]);
    }
  });

  it('complains of nothing', () => {
    expect(pages.complaints).toEqual([]);
  });
});
