import { afterAll, beforeEach, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { describeInBrowser } from '../../support/browser.js';
import { InspectorPage } from '../../support/inspector-page.js';
import { RecordingUpstream } from '../../support/record-upstream.js';
import { startEmulator } from '../../support/start-emulator.js';
import { TURNING_NAMES, turnedTexts } from '../../support/turned-texts.js';

const upstream = await RecordingUpstream.start(({ headers, body }) =>
  headers['ce-eventname'] === 'refuse'
    ? { status: 422 }
    : { headers: { 'Content-Type': 'text/plain' }, body: `echo ${body.toString()}` },
);
afterAll(() => upstream.close());

/** The fields of a form and its button, row by row as they are seen; a whole row reaches from edge to edge. */
const ROWS = `(() => {
  const form = document.querySelector('.composer');
  const rows = new Map();
  for (const control of form.querySelectorAll('select, input, textarea, [type=submit]')) {
    const { left, right, top, height } = control.getBoundingClientRect();
    const middle = Math.round((top + height / 2) / 10);
    const row = rows.get(middle) ?? { names: [], left, right };
    if (height === 0) continue;
    row.names.push(control.ariaLabel ?? (control.labels?.[0] ?? control).textContent.trim());
    rows.set(middle, { ...row, right });
  }
  const { paddingLeft, paddingRight } = getComputedStyle(form);
  const width = form.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
  return [...rows.values()].map(({ names, left, right }) => ({ names: names.join(', '), isWhole: right - left > width - 2 }));
})()`;

const FIELD_SIZES = `[...document.querySelectorAll('input:not([type=checkbox], [type=radio]), select, textarea')]
  .filter((field) => field.checkVisibility())
  .map((field) => getComputedStyle(field).fontSize)`;

describeInBrowser('test clients of the inspector', (pages) => {
  let emulator: WebPubSubEmulator;
  let inspector: InspectorPage;
  let page: Page;

  beforeEach(async () => {
    emulator = await startEmulator({
      hubs: {
        chat: { eventHandlers: [{ urlTemplate: upstream.url, userEventPattern: '*' }] },
        open: { anonymousConnectPolicy: 'allow' },
      },
    });
    page = await pages.open(`${emulator.endpoint}/inspector#clients`);
    inspector = new InspectorPage(page);
    await inspector.isLive();
  });

  it('connect as any user and see what the application answers', async () => {
    const ann = await inspector.connectClient({ hub: 'chat', userId: 'ann' });
    await ann.getByText('connected as ann').waitFor();
    await inspector.send(ann, 'event', { name: 'order', type: 'json', data: '{"id": 12345678901234567890}' });
    await ann.getByText('from the server: echo {"id": 12345678901234567890}').waitFor();
    await ann.getByText('ack 1 success').waitFor();
    const event = upstream.events.at(-1);
    expect(event?.headers).toMatchObject({
      'ce-userid': 'ann',
      'ce-eventname': 'order',
      'ce-subprotocol': 'json.webpubsub.azure.v1',
    });
  });

  it('show each frame whole, with its time', async () => {
    const ann = await inspector.connectClient({ hub: 'chat', userId: 'ann' });
    const frame = ann.getByRole('listitem').filter({ hasText: 'connected as ann' });
    await frame.getByText(/^\d\d:\d\d:\d\d\.\d{3}$/).waitFor();
    await frame.getByText('connected as ann').click();
    await frame.getByText('"connectionId"').waitFor();
  });

  it('exchange group messages side by side', async () => {
    const ann = await inspector.connectClient({ hub: 'chat', userId: 'ann', groups: 'lobby, news' });
    const bob = await inspector.connectClient({ hub: 'chat', userId: 'bob' });
    await bob.getByText('connected as bob').waitFor();
    await inspector.send(bob, 'joinGroup', { name: 'lobby' });
    await bob.getByText('ack 1 success').waitFor();
    await inspector.send(bob, 'sendToGroup', { name: 'lobby', type: 'text', data: 'hello lobby' });
    await ann.getByText('from group lobby, bob: hello lobby').waitFor();
    await bob.getByText('from group lobby, bob: hello lobby').waitFor();
    await bob.getByLabel('no echo').check();
    await inspector.send(ann, 'leaveGroup', { name: 'news' });
    await ann.getByText('ack 1 success').waitFor();
    await inspector.send(bob, 'sendToGroup', { name: 'lobby', type: 'json', data: '[1,2]' });
    await ann.getByText('from group lobby, bob: [1,2]').waitFor();
    await bob.getByText('ack 3 success').waitFor();
    expect(await bob.getByText('from group lobby').count()).toBe(1);
  });

  it.each(TURNING_NAMES)('do not let a name such as %j turn the words of a frame', async (name) => {
    const eve = await inspector.connectClient({ hub: 'chat', userId: name, groups: name });
    await eve.getByText('connected as').waitFor();
    await inspector.send(eve, 'sendToGroup', { name, type: 'text', data: 'good morning' });
    await eve.getByText(`from group ${name}, ${name}: good morning`).waitFor();
    await eve.getByText('ack 1 success').waitFor();
    expect(await turnedTexts(page, '.frame-name')).not.toEqual([]);
    expect(await turnedTexts(page, '.frame-text')).toEqual([]);
  });

  it('have only the roles that were chosen', async () => {
    const ann = await inspector.connectClient({
      hub: 'chat',
      userId: 'ann',
      mayJoin: false,
      maySend: false,
      roles: 'webpubsub.joinLeaveGroup.lobby',
    });
    await ann.getByText('connected as ann').waitFor();
    await inspector.send(ann, 'joinGroup', { name: 'lobby' });
    await ann.getByText('ack 1 success').waitFor();
    await inspector.send(ann, 'sendToGroup', { name: 'lobby', data: 'x' });
    await ann.getByText('ack 2 Forbidden: The client does not have permission').waitFor();
  });

  it('send raw frames, well formed or not', async () => {
    const ann = await inspector.connectClient({ hub: 'chat', userId: 'ann' });
    await ann.getByText('connected as ann').waitFor();
    await inspector.send(ann, 'raw', { data: '{"type":"ping"}' });
    await ann.getByText('pong', { exact: true }).waitFor();
    await inspector.send(ann, 'raw', { data: 'no JSON' });
    await ann.getByText('Closed with 1007: The client message is not a valid JSON protocol message.').waitFor();
    await ann.getByRole('button', { name: 'Connect again' }).click();
    await ann.getByText('connected as ann').nth(1).waitFor();
  });

  it('speak without a subprotocol', async () => {
    const simple = await inspector.connectClient({ hub: 'chat', userId: 'sim', protocol: 'Simple' });
    await simple.getByText('connected', { exact: true }).waitFor();
    await simple.getByLabel('Data', { exact: true }).fill('bare');
    await simple.getByLabel('Data', { exact: true }).press('Enter');
    await simple.getByText('echo bare').waitFor();
    expect(upstream.events.at(-1)?.headers).toMatchObject({
      'ce-eventname': 'message',
      'content-type': 'text/plain; charset=utf-8',
    });
  });

  it('come back with all that was sent meanwhile, when they are reliable and their socket was cut', async () => {
    const reliable = await inspector.connectClient({
      hub: 'chat',
      userId: 'rel',
      protocol: 'Reliable JSON',
      groups: 'g',
    });
    await reliable.getByText('connected as rel').waitFor();
    await reliable.getByRole('button', { name: 'Cut socket' }).click();
    await reliable.getByText('recovering').waitFor();
    const other = await inspector.connectClient({ hub: 'chat', userId: 'other' });
    await other.getByText('connected as other').waitFor();
    await inspector.send(other, 'sendToGroup', { name: 'g', type: 'text', data: 'while you were away' });
    await reliable.getByText('from group g, other: while you were away').waitFor();
    await reliable.getByText('sequenceAck 1').waitFor();
    await reliable.getByText('connected', { exact: true }).waitFor();
  });

  it.each([
    ['Send event', ['What to send, Event name', 'Data type, Data, Send']],
    ['Send to group', ['What to send, Group name', 'Data type, no echo', 'Data, Send']],
    ['Join group', ['What to send, Group name', 'Send']],
    ['Raw frame', ['What to send', 'Data, Send']],
  ])('lay out "%s" in whole rows on a phone', async (action, expected) => {
    await page.setViewportSize({ width: 390, height: 844 });
    const ann = await inspector.connectClient({ hub: 'chat', userId: 'ann' });
    await ann.getByText('connected as ann').waitFor();
    await ann.getByLabel('What to send').selectOption(action);
    const rows = await page.evaluate<{ names: string; isWhole: boolean }[]>(ROWS);
    expect(rows.map(({ names }) => names)).toEqual(expected);
    // Nothing stands alone on one half of a row; only the check leaves room beside it.
    expect(rows.filter(({ names, isWhole }) => !isWhole && !names.includes('no echo'))).toEqual([]);
  });

  it('have no field that makes a phone zoom in', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    const ann = await inspector.connectClient({ hub: 'open', userId: 'ann' });
    await ann.getByText('connected as ann').waitFor();
    await page.evaluate('document.getElementById("more-filters").click()');
    for (const pane of ['Clients', 'Hubs', 'Traffic'] as const) {
      await inspector.openPane(pane);
      if (pane === 'Hubs') await page.getByLabel('Search the connections').waitFor();
      const sizes = await page.evaluate<string[]>(FIELD_SIZES);
      expect(sizes.length).toBeGreaterThanOrEqual(4);
      expect([pane, ...new Set(sizes)]).toEqual([pane, '16px']);
    }
  });

  it('say why they were refused', async () => {
    const anonymous = await inspector.connectClient({ hub: 'chat', noToken: true });
    await anonymous.getByText('closed').waitFor();
    await anonymous.getByText(/refused: /).waitFor();
    const welcome = await inspector.connectClient({ hub: 'open', noToken: true });
    await welcome.first().getByText('connected as anonymous').waitFor();
  });

  it('say what is wrong with a hub name', async () => {
    const wrong = await inspector.connectClient({ hub: '1st', userId: 'wrong' });
    await wrong.getByText('"hub" is not a hub name').waitFor();
    // The refusal is the browser's to report.
    pages.complaints.length = 0;
  });

  it('keep a bounded number of frames', async () => {
    const ann = await inspector.connectClient({ hub: 'chat', userId: 'ann', groups: 'flood' });
    await ann.getByText('connected as ann').waitFor();
    await page.evaluate(async () => {
      const send = (data: string) =>
        fetch('/inspector/api/hubs/chat/send', {
          method: 'POST',
          body: JSON.stringify({ to: 'group', target: 'flood', dataType: 'text', data }),
        });
      await Promise.all(Array.from({ length: 399 }, (_, index) => send(`number ${index}.`)));
      await send('the last.');
    });
    await ann.getByText('from group flood: the last.').waitFor();
    expect(await ann.getByRole('list').getByRole('listitem').count()).toBe(250);
  });

  it('lead to their traffic, and go when they are removed', async () => {
    const ann = await inspector.connectClient({ hub: 'chat', userId: 'ann' });
    const bob = await inspector.connectClient({ hub: 'chat', userId: 'bob' });
    await bob.getByText('connected as bob').waitFor();
    await ann.getByText('connected as ann').waitFor();
    await ann.getByRole('button', { name: 'traffic' }).click();
    await inspector.row('ann').first().waitFor();
    expect(await inspector.row('bob').count()).toBe(0);
    await inspector.openPane('Clients');
    await ann.getByRole('button', { name: 'Remove this client' }).click();
    await ann.waitFor({ state: 'detached' });
    await inspector.openPane('Traffic');
    await inspector.row('the connection ended').waitFor();
  });

  it('complain of nothing else than refused handshakes', () => {
    expect(pages.complaints.filter((text) => !/WebSocket connection to/.test(text))).toEqual([]);
  });
});
