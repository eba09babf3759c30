import { afterAll, beforeEach, expect, it } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import type { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import { describeInBrowser } from '../../support/browser.js';
import { connectJsonClient } from '../../support/connect-client.js';
import { RecordingUpstream } from '../../support/record-upstream.js';
import { startEmulator } from '../../support/start-emulator.js';

const upstream = await RecordingUpstream.start(({ headers }) => ({
  status: headers['ce-eventname'] === 'bad' ? 400 : 204,
}));
afterAll(() => upstream.close());

describeInBrowser('the metrics of the inspector', (pages) => {
  let emulator: WebPubSubEmulator;
  let page: Page;

  beforeEach(async () => {
    emulator = await startEmulator({
      hubs: { chat: { eventHandlers: [{ urlTemplate: upstream.url, userEventPattern: '*' }] } },
    });
    page = await pages.open(`${emulator.endpoint}/inspector#metrics`);
  });

  const tile = (name: string): Locator => page.locator('.tile').filter({ has: page.getByText(name, { exact: true }) });
  const chart = (name: string): Locator => page.getByRole('figure').filter({ hasText: name });

  it('count connections, messages both ways, calls and failures', async () => {
    const ann = await connectJsonClient(emulator, { userId: 'ann', groups: ['g'], roles: ['webpubsub.sendToGroup'] });
    await connectJsonClient(emulator, { groups: ['g'] });
    for (const [ackId, event] of ['message', 'message', 'bad'].entries()) {
      ann.send({ type: 'event', event, ackId, dataType: 'text', data: 'x' });
      await ann.next();
    }
    ann.send({ type: 'sendToGroup', group: 'g', dataType: 'text', data: 'x' });
    await ann.next();
    await tile('Connections').getByText('2', { exact: true }).waitFor();
    await tile('Messages in').getByText('4 in 5 min').waitFor();
    // Two connected frames, three acks, and one message to two members.
    await tile('Messages out').getByText('7 in 5 min').waitFor();
    // The validation too.
    await tile('Upstream calls').getByText('4 in 5 min').waitFor();
    await tile('Failed upstream').getByText('1', { exact: true }).waitFor();
    for (const name of ['Latency p50', 'p95', 'p99']) await tile(name).getByText(/ms$/).waitFor();
  });

  it('are drawn, and read out for those who do not see the lines', async () => {
    const connections = chart('Connections');
    const drawn = connections.locator('path.line');
    await drawn.waitFor({ state: 'attached' });
    const flat = await drawn.getAttribute('d');
    await connectJsonClient(emulator);
    await connections.getByRole('img', { name: /^Connections, now: open 1\./ }).waitFor();
    expect(await drawn.getAttribute('d')).not.toBe(flat);
    expect(await chart('Latency of upstream calls').locator('path.line').count()).toBe(3);
    await page.getByText('No upstream call in the last five minutes.').waitFor();
  });

  it('tell the values of a moment, by pointer and by keyboard', async () => {
    await connectJsonClient(emulator);
    const plot = chart('Connections').getByRole('img', { name: /now: open 1/ });
    await plot.focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowRight');
    await chart('Connections').getByText('open 1', { exact: true }).waitFor();
    await plot.hover({ position: { x: 3, y: 40 } });
    await chart('Connections').getByText('open 0', { exact: true }).waitFor();
    expect(
      await chart('Connections')
        .getByText(/^\d\d:\d\d:\d\d$/)
        .count(),
    ).toBe(1);
  });

  it('complain of nothing', () => {
    expect(pages.complaints).toEqual([]);
  });
});
