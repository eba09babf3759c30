import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { TestClient } from '../../../src/testing/index.js';

/** A service that says with the very bytes of `connected` what comes after it. */
describe('TestClient', () => {
  let service: WebSocketServer;

  beforeEach(async () => {
    service = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    service.on('connection', (socket, { socket: tcp }) => {
      tcp.cork();
      for (const message of [
        { type: 'system', event: 'connected', connectionId: 'c1', userId: 'ann' },
        { type: 'message', from: 'server', dataType: 'text', data: 'welcome' },
        { type: 'message', from: 'group', group: 'lobby', dataType: 'json', data: { hello: 'ann' } },
      ]) {
        socket.send(JSON.stringify(message));
      }
      tcp.uncork();
    });
    await once(service, 'listening');
  });

  afterEach(async () => {
    for (const socket of service.clients) socket.terminate();
    service.close();
    await once(service, 'close');
  });

  it('keeps messages that come together with connected, in their order', async () => {
    const { port } = service.address() as AddressInfo;
    const client = await TestClient.connect(`ws://127.0.0.1:${port}/client/hubs/chat?access_token=x`, 'json');
    expect(client).toMatchObject({ connectionId: 'c1', userId: 'ann' });
    expect(await client.next()).toMatchObject({ kind: 'serverData', dataType: 'text', data: 'welcome' });
    expect(await client.next()).toMatchObject({ kind: 'groupData', group: 'lobby', data: { hello: 'ann' } });
    client.stop();
  });
});
