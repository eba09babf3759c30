import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { WebPubSubEmulator } from '../../../src/emulator/index.js';
import { OnConnect, WebPubSubHub, WebPubSubModule } from '../../../src/index.js';
import { emulatedIdentity } from '../../guides/managed-identity/emulated-identity.js';
import { refusalOf, WebSocketClient } from '../../support/connect-client.js';
import { createGuideApplication } from '../../support/start-guide.js';

const AUDIENCE = 'api://chat';

@WebPubSubHub('chat')
class ChatHub {
  @OnConnect()
  connect() {
    return { userId: 'ann' };
  }
}

describe('the guide "Managed identity"', () => {
  let emulator: WebPubSubEmulator;
  let application: INestApplication;

  beforeEach(async () => {
    emulator = await WebPubSubEmulator.start({ port: 0 });
    application = await createGuideApplication({
      imports: [
        WebPubSubModule.forRoot({
          connectionString: emulator.connectionString,
          upstreamAuth: { entra: emulatedIdentity(emulator.endpoint, AUDIENCE) },
        }),
      ],
      providers: [ChatHub],
    });
    await application.listen(0, '127.0.0.1');
  });

  afterEach(async () => {
    await emulator.close();
    await application.close();
  });

  async function handleEvents(resource: string | undefined): Promise<void> {
    emulator.setHub('chat', {
      eventHandlers: [
        {
          urlTemplate: `${await application.getUrl()}/eventhandler`,
          systemEvents: ['connect'],
          ...(resource !== undefined && { auth: { type: 'ManagedIdentity', managedIdentity: { resource } } }),
        },
      ],
    });
  }

  it('takes events that the identity of the service proves', async () => {
    await handleEvents(AUDIENCE);
    const client = await WebSocketClient.connect(emulator);
    client.socket.close();
    expect(await client.closed()).toMatchObject({ code: 1005 });
  });

  it.each([
    ['without a token', undefined],
    ['with a token for another application', 'api://other'],
  ])('refuses events %s, though they are signed', async (_how, resource) => {
    await handleEvents(resource);
    expect(await refusalOf(WebSocketClient.connect(emulator))).toMatchObject({ status: 401 });
  });
});
