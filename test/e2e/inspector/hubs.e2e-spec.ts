import { afterAll, beforeEach, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { describeInBrowser } from '../../support/browser.js';
import { connectJsonClient, JSON_RELIABLE_SUBPROTOCOL } from '../../support/connect-client.js';
import { InspectorPage } from '../../support/inspector-page.js';
import { FakeClock } from '../../support/fake-clock.js';
import { ALLOW_ANY_ORIGIN, RecordingUpstream } from '../../support/record-upstream.js';
import { startEmulator } from '../../support/start-emulator.js';
import { TURNING_NAMES } from '../../support/turned-texts.js';

const upstream = await RecordingUpstream.start();
afterAll(() => upstream.close());

/** Of each cell of a table: what the style sheet writes before it, and its own text. */
const LABELS_AND_TEXTS = (table: string) => `[...document.querySelectorAll('.${table} td')]
  .map((cell) => [getComputedStyle(cell, '::before').content, cell.textContent])
  .filter(([, text]) => text !== '')`;
const LEFT_EDGES = `(() => {
  const name = document.createRange();
  name.selectNode(document.createTreeWalker(document.querySelector('td.user'), NodeFilter.SHOW_TEXT).nextNode());
  const badge = document.querySelector('td.user .badge');
  return { name: name.getBoundingClientRect().left, badge: badge.getBoundingClientRect().left };
})()`;
const OVERFLOWING_TABLES =
  '[...document.querySelectorAll(".table-scroll")].filter((panel) => panel.scrollWidth > panel.clientWidth).length';

describeInBrowser('the hubs of the inspector', (pages) => {
  let emulator: WebPubSubEmulator;
  let inspector: InspectorPage;
  let page: Page;

  beforeEach(async () => {
    upstream.onValidation = () => ALLOW_ANY_ORIGIN;
    emulator = await startEmulator({
      hubs: {
        chat: {
          anonymousConnectPolicy: 'allow',
          eventHandlers: [
            {
              urlTemplate: `${upstream.url}/{hub}/{event}?code=hush`,
              userEventPattern: 'order',
              systemEvents: ['connected'],
            },
          ],
        },
        quiet: {},
      },
    });
    page = await pages.open(`${emulator.endpoint}/inspector#hubs`);
    inspector = new InspectorPage(page);
    await page.getByRole('heading', { name: 'chat' }).waitFor();
  });

  const connection = (text: string) => page.getByRole('row').filter({ hasText: text });

  it('show their settings, secrets blanked', async () => {
    const row = page.getByRole('row').filter({ hasText: '/{hub}/{event}?code=***' });
    for (const text of ['order', 'connected', 'signature'])
      await row.getByRole('cell', { name: text, exact: true }).waitFor();
    await page.getByText('Clients without a token are let in.').waitFor();
    await page.getByText('Settings as JSON').click();
    await page.getByText('"userEventPattern"').waitFor();
    expect(await page.content()).not.toContain('hush');
    await page.getByRole('link', { name: /quiet/ }).click();
    await page.getByText('no event reaches an application').waitFor();
    await page.getByText('Clients without a token are refused.').waitFor();
    await page.getByText('Nobody is connected.').waitFor();
  });

  it('show whether an event handler was validated, and why not', async () => {
    await page.getByText('not asked yet').waitFor();
    await page.getByRole('button', { name: 'Validate now' }).click();
    await page.getByText('Every event handler accepts this emulator.').waitFor();
    await page.getByText('validated', { exact: true }).waitFor();
    upstream.onValidation = () => ({ headers: { 'WebHook-Allowed-Origin': 'other.example' } });
    await page.getByRole('button', { name: 'Validate now' }).click();
    await page.getByText('1 of 1 refused.').waitFor();
    await page.getByRole('cell', { name: /WebHook-Allowed-Origin: other\.example/ }).waitFor();
  });

  it('say that a validation failed while it is repeated, and with what', async () => {
    const clock = new FakeClock();
    upstream.onValidation = () => ({ status: 503 });
    const waiting = await startEmulator({
      clock,
      hubs: {
        chat: {
          anonymousConnectPolicy: 'allow',
          eventHandlers: [{ urlTemplate: upstream.url, systemEvents: ['connected'] }],
        },
      },
    });
    await connectJsonClient(waiting, {});
    await page.goto(`${waiting.endpoint}/inspector#hubs`);
    await page.getByText('failed, being asked again').waitFor();
    await page.getByRole('cell', { name: /answered 503/ }).waitFor();
    await page.getByRole('link', { name: /chat/ }).getByTitle('An event handler does not validate').waitFor();
    upstream.onValidation = () => ALLOW_ANY_ORIGIN;
    clock.advance(1_000);
    await page.getByText('validated', { exact: true }).waitFor();
    expect(await page.getByText(/answered 503/).count()).toBe(0);
  });

  it.each(TURNING_NAMES)('keep the badge of somebody who is away behind a name such as %j', async (userId) => {
    const reliable = await connectJsonClient(emulator, { userId, subprotocols: JSON_RELIABLE_SUBPROTOCOL });
    reliable.socket.terminate();
    await connection(reliable.connectionId).getByText('away').waitFor();
    const { name, badge } = await page.evaluate<Record<string, number>>(LEFT_EDGES);
    expect(badge).toBeGreaterThan(name ?? Infinity);
  });

  it('show who is connected, with groups, protocol, state and whether they are away', async () => {
    const reliable = await connectJsonClient(emulator, {
      userId: 'rel',
      groups: ['lobby'],
      subprotocols: JSON_RELIABLE_SUBPROTOCOL,
    });
    await connectJsonClient(emulator, { userId: 'ann', groups: ['lobby', 'news'] });
    await page.getByRole('heading', { name: 'Connections (2)' }).waitFor();
    await page.getByRole('heading', { name: 'Groups (2)' }).waitFor();
    await connection('ann').getByTitle('json.webpubsub.azure.v1').getByText('JSON').waitFor();
    await connection('ann').getByText('news').waitFor();
    await connection('rel').getByText(reliable.connectionId).waitFor();
    await page.getByRole('listitem').filter({ hasText: 'lobby' }).getByText('2').waitFor();
    reliable.socket.terminate();
    await connection('rel').getByText('away').waitFor();

    await page.getByLabel('Search the connections').fill('NEWS');
    await connection('rel').waitFor({ state: 'detached' });
    await connection('ann').waitFor();
    await page.getByLabel('Search the connections').fill('nobody');
    await page.getByText('No connection matches.').waitFor();
  });

  it('show the state that the application keeps with a connection', async () => {
    emulator.setHub('chat', { eventHandlers: [{ urlTemplate: upstream.url, systemEvents: ['connect'] }] });
    const value = Buffer.from('{"room":"blue"}').toString('base64');
    upstream.onEvent = () => ({ status: 204, headers: { 'ce-connectionState': value } });
    await connectJsonClient(emulator, { userId: 'ann' });
    await connection('ann').getByText('show').click();
    await connection('ann').getByText('"blue"').waitFor();
  });

  it('send to everyone, to a group, to a user and to a connection', async () => {
    const ann = await connectJsonClient(emulator, { userId: 'ann', groups: ['news'] });
    const bob = await connectJsonClient(emulator, { userId: 'bob' });
    const form = page.getByRole('form', { name: 'Send a message' });
    const send = async (to: string, target: string, dataType: string, data: string): Promise<void> => {
      await form.getByLabel('To', { exact: true }).selectOption(to);
      if (target !== '') await form.getByLabel('Whom').fill(target);
      await form.getByLabel('Data type').selectOption(dataType);
      await form.getByLabel('Data', { exact: true }).fill(data);
      await form.getByRole('button', { name: 'Send' }).click();
    };
    await send('to everyone', '', 'text', 'hi all');
    for (const client of [ann, bob]) {
      expect(await client.next()).toEqual({ type: 'message', from: 'server', dataType: 'text', data: 'hi all' });
    }
    await page.getByText('Sent to 2 connections.').waitFor();
    await send('to a group', 'news', 'json', '{"n":1}');
    expect(await ann.next()).toMatchObject({ from: 'group', group: 'news', dataType: 'json', data: { n: 1 } });
    await send('to a user', 'bob', 'binary', 'AAE=');
    expect(await bob.next()).toMatchObject({ from: 'server', dataType: 'binary', data: 'AAE=' });
    await connection('ann').getByRole('button', { name: 'Send…' }).click();
    await form.getByLabel('Data type').selectOption('text');
    await form.getByLabel('Data', { exact: true }).fill('only you');
    await form.getByLabel('Data', { exact: true }).press('Enter');
    expect(await ann.next()).toMatchObject({ data: 'only you' });
    expect(await bob.untilPong()).toEqual([]);
    await send('to a user', 'nobody', 'text', 'x');
    await page.getByText('Nobody was there to get it.').waitFor();
    const complaints = pages.complaints.length;
    await send('to a user', 'bob', 'json', '{');
    await page.getByText('"data" is not JSON.').waitFor();
    pages.complaints.splice(complaints);
    await inspector.openPane('Traffic');
    await inspector.row('message to group news, sent from the inspector').waitFor();
  });

  it.each([390, 768])('label what a card says where there is no room for a table, %i px wide', async (width) => {
    await page.setViewportSize({ width, height: 800 });
    await connectJsonClient(emulator, { userId: 'ann', groups: ['lobby', 'g'.repeat(300)] });
    await connectJsonClient(emulator, { userId: 'u'.repeat(200) });
    await connection('ann').waitFor();
    await connection('uuu').waitFor();
    const handlers = await page.evaluate(LABELS_AND_TEXTS('handlers'));
    expect(handlers).toEqual([
      ['none', expect.stringContaining(upstream.url)],
      ['"User events: "', 'order'],
      ['"System events: "', 'connected'],
      ['"Auth: "', 'signature'],
      ['"Validation: "', expect.any(String)],
    ]);
    const connections = await page.evaluate<[string, string][]>(LABELS_AND_TEXTS('connections'));
    expect(connections.slice(0, 7)).toEqual([
      ['none', 'ann'],
      ['none', expect.stringMatching(/^\w+$/)],
      ['"Protocol: "', 'JSON'],
      ['"Groups: "', expect.stringContaining('lobby')],
      ['"State: "', 'none'],
      ['"Connected for: "', expect.stringMatching(/ s$/)],
      ['none', 'TrafficSend…Close'],
    ]);
    expect(await page.evaluate(OVERFLOWING_TABLES)).toBe(0);
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.getByRole('columnheader', { name: 'Groups' }).waitFor();
    expect(await page.evaluate(OVERFLOWING_TABLES)).toBe(0);
  });

  it('close a connection', async () => {
    const ann = await connectJsonClient(emulator, { userId: 'ann' });
    await connection('ann').getByRole('button', { name: 'Close' }).click();
    expect(await ann.next()).toMatchObject({ event: 'disconnected', message: 'Closed from the inspector' });
    expect(await ann.closed()).toEqual({ code: 1000, reason: 'Closed from the inspector' });
    await connection('ann').waitFor({ state: 'detached' });
  });

  it('lead to the traffic of a connection and to a test client', async () => {
    await connectJsonClient(emulator, { userId: 'ann' });
    await connectJsonClient(emulator, { userId: 'bob' });
    await connection('ann').getByRole('button', { name: 'Traffic' }).click();
    await inspector.row('ann').first().waitFor();
    expect(await inspector.row('bob').count()).toBe(0);
    await inspector.openPane('Hubs');
    await page.getByRole('link', { name: /quiet/ }).click();
    await page.getByRole('heading', { name: 'quiet' }).waitFor();
    await page.getByRole('button', { name: 'Connect a test client' }).click();
    await inspector.connectClient({ hub: 'quiet', userId: 'eve' });
    await inspector.client('eve').getByText('connected as eve').waitFor();
  });

  it('are found by their address, and say so when there are none', async () => {
    await page.goto(`${emulator.endpoint}/inspector#hubs/quiet`);
    await page.reload();
    await page.getByRole('heading', { name: 'quiet' }).waitFor();
    const empty = await startEmulator();
    const other = await pages.open(`${empty.endpoint}/inspector#hubs`);
    await other.getByRole('heading', { name: 'No hub yet' }).waitFor();
  });

  it('complain of nothing', () => {
    expect(pages.complaints).toEqual([]);
  });
});
