import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { HubSettings } from '../../../src/emulator/core/hub-settings.js';
import { WebPubSubEmulator } from '../../../src/emulator/web-pubsub-emulator.js';
import type { ChatApplication } from '../../../src/sample/chat.application.js';
import { describeInBrowser } from '../../support/browser.js';
import { ChatPage } from '../../support/chat-page.js';
import { startSample } from '../../support/start-sample.js';

describeInBrowser('the chat page without a connection', (pages) => {
  let emulator: WebPubSubEmulator;
  let sample: ChatApplication;

  beforeAll(async () => {
    emulator = await WebPubSubEmulator.start({ port: 0 });
    sample = await startSample({ connectionString: emulator.connectionString });
    emulator.setHub('Sample_ChatApp', settings());
  });

  afterAll(async () => {
    await sample.close();
    await emulator.close();
  });

  const settings = (): HubSettings => ({
    eventHandlers: [
      {
        urlTemplate: sample.upstreamUrl,
        userEventPattern: '*',
        systemEvents: ['connect', 'connected', 'disconnected'],
      },
    ],
  });

  it('says so, keeps the draft, and goes on when the service is there again', async () => {
    const ann = new ChatPage(await pages.open(sample.url));
    const bob = new ChatPage(await pages.open(sample.url));
    await ann.join('Ann');
    await bob.join('Bob');

    const { port } = emulator;
    await emulator.close();
    await ann.page.getByRole('alert').getByText('Connection lost. Reconnecting…').waitFor();
    await ann.page.getByRole('status').getByText('Offline').waitFor();
    await ann.sees(/^Connection lost at \d\d:\d\d\.$/);
    await ann.say('Written while offline');
    expect(await ann.page.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true);

    await ann.page.getByRole('button', { name: 'Try now' }).click();
    await ann.page.getByRole('status').getByText('Offline').waitFor();

    emulator = await WebPubSubEmulator.start({ port, hubs: { Sample_ChatApp: settings() } });
    await ann.isConnected();
    await bob.isConnected();
    await ann.sees(/^Connected again at /);
    await ann.page.getByText('Reconnecting…').waitFor({ state: 'hidden' });

    const draft = ann.page.getByRole('textbox', { name: 'Message' });
    expect(await draft.inputValue()).toBe('Written while offline');
    await draft.press('Enter');
    await bob.sees('Written while offline');
    await bob.say('Welcome back');
    await ann.sees('Welcome back');
  }, 60_000);
});
