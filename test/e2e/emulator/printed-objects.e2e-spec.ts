import 'reflect-metadata';
import { inspect } from 'node:util';
import { expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { OnUserEvent, WebPubSubHub, WebPubSubModule } from '../../../src/index.js';
import { startTestService } from '../../../src/testing/index.js';
import { clientToken, connectJsonClient } from '../../support/connect-client.js';
import { startEmulator } from '../../support/start-emulator.js';
import { TunnelClient } from '../../support/tunnel-client.js';

const accessKey = 'the-access-key-that-nobody-shall-print';
const secondaryAccessKey = 'the-second-key-that-nobody-shall-print';

/** As a log or a failing assertion shows it; what refers to itself has no JSON. */
function print(value: unknown): string {
  return `${inspect(value, { depth: 10, maxStringLength: null })} ${jsonOf(value)}`;
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return '';
  }
}

it('what the door of the emulator hands out prints without the access keys', async () => {
  const emulator = await startEmulator({ accessKey, secondaryAccessKey });
  const tool = await TunnelClient.connect({ endpoint: emulator.endpoint, hub: 'chat', accessKey });
  const { connectionId } = await connectJsonClient(emulator, { token: clientToken(emulator, {}, accessKey) });
  const fault = emulator.faults.set({ kind: 'throttleClient', hub: 'chat', connectionId });
  for (const value of [emulator, emulator.faults, emulator.traffic, emulator.tunnels, emulator.tunnels.list(), fault]) {
    expect(print(value)).not.toContain('shall-print');
  }
  expect(emulator.connectionString).toContain(accessKey);
  fault.clear();
  await tool.close();
});

@WebPubSubHub('chat')
class ChatHub {
  @OnUserEvent('message')
  message() {}
}

const connectionString = `Endpoint=http://localhost;AccessKey=${accessKey};Version=1.0;`;

@Module({ imports: [WebPubSubModule.forRoot({ connectionString })], providers: [ChatHub] })
class ChatModule {}

it('a test service prints without the access key of its application', async () => {
  const application = (await Test.createTestingModule({ imports: [ChatModule] }).compile()).createNestApplication();
  const service = await startTestService(application);
  expect(service.emulator.connectionString).toContain(accessKey);
  expect(print(service)).not.toContain('shall-print');
  await application.close();
});
