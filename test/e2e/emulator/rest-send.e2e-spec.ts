import { describe, expect, it } from '@jest/globals';
import { callRest } from '../../support/call-rest.js';
import { WebSocketClient } from '../../support/connect-client.js';
import { connect, emulator, hub, service, useHubPerTest } from '../../support/rest-hub.js';

useHubPerTest();

describe('sending [rest-api 5]', () => {
  it('to all, but those excluded', async () => {
    const [ann, bob, carl] = [await connect(), await connect(), await connect()];
    await service.sendToAll({ n: 1 }, { excludedConnections: [bob.connectionId, carl.connectionId, 'unknown'] });
    await service.sendToAll({ n: 2 });
    expect(await ann.next()).toEqual({ type: 'message', from: 'server', dataType: 'json', data: { n: 1 } });
    expect(await bob.next()).toMatchObject({ data: { n: 2 } });
    expect(await carl.next()).toMatchObject({ data: { n: 2 } });
  });

  it('to a user, on every connection', async () => {
    const [one, two, other] = [await connect({ userId: 'ann' }), await connect({ userId: 'ann' }), await connect()];
    await service.sendToUser('ann', 'hi', { contentType: 'text/plain' });
    for (const client of [one, two]) {
      expect(await client.next()).toEqual({ type: 'message', from: 'server', dataType: 'text', data: 'hi' });
    }
    expect(await other.untilPong()).toEqual([]);
  });

  it('to a connection', async () => {
    const [ann, bob] = [await connect(), await connect()];
    await service.sendToConnection(ann.connectionId, new Uint8Array([1, 2]).buffer);
    expect(await ann.next()).toEqual({ type: 'message', from: 'server', dataType: 'binary', data: 'AQI=' });
    expect(await bob.untilPong()).toEqual([]);
  });

  it('to a group, but those excluded', async () => {
    const [ann, bob, carl] = [await connect({ groups: ['g'] }), await connect({ groups: ['g'] }), await connect()];
    await service.group('g').sendToAll('hi', { excludedConnections: [bob.connectionId] });
    expect(await ann.next()).toMatchObject({
      type: 'message',
      from: 'group',
      group: 'g',
      dataType: 'json',
      data: 'hi',
    });
    expect(await bob.untilPong()).toEqual([]);
    expect(await carl.untilPong()).toEqual([]);
  });

  it.each<[string, string, string, boolean]>([
    ['text', 'text/plain', 'plain "text"', false],
    ['json', 'application/json', '{ "a": [1.0, 12345678901234567890] }', false],
    ['a JSON string, with its quotes', 'application/json', '"hi"', false],
    ['binary', 'application/octet-stream', 'bytes', true],
  ])('to a simple client: %s [rest-api 5.2]', async (_name, contentType, body, isBinary) => {
    const client = await WebSocketClient.connect(emulator, { hub });
    await callRest(emulator, `POST /api/hubs/${hub}/:send`, { body, headers: { 'Content-Type': contentType } });
    const frame = await client.nextFrame();
    expect([frame.payload.toString(), frame.isBinary]).toEqual([body, isBinary]);
  });

  it.each<[string, string | undefined, Buffer, object]>([
    ['no content type', undefined, Buffer.from('a'), { dataType: 'binary', data: 'YQ==' }],
    ['letters and blanks', ' Text/Plain ; Charset = "UTF-8" ', Buffer.from('ü'), { dataType: 'text', data: 'ü' }],
    ['latin1', 'text/plain; charset=iso-8859-1', Buffer.from('ü', 'latin1'), { dataType: 'text', data: 'ü' }],
    ['UTF-16', 'text/plain;charset=utf-16le', Buffer.from('李', 'utf16le'), { dataType: 'text', data: '李' }],
    [
      'JSON in UTF-16',
      'application/json;charset=utf-16le',
      Buffer.from('{"a":"李"}', 'utf16le'),
      { data: { a: '李' } },
    ],
    ['other parameters', 'application/json; a=b; c="d;e"', Buffer.from('null'), { dataType: 'json', data: null }],
    ['an empty text', 'text/plain', Buffer.alloc(0), { dataType: 'text', data: '' }],
    ['an empty binary', 'application/octet-stream', Buffer.alloc(0), { dataType: 'binary', data: '' }],
    ['1 MiB', 'text/plain', Buffer.alloc(1024 * 1024, 'a'), { dataType: 'text' }],
  ])('accepts %s [rest-api 5.1]', async (_name, contentType, body, message) => {
    const client = await connect();
    const headers = contentType === undefined ? {} : { 'Content-Type': contentType };
    expect((await callRest(emulator, `POST /api/hubs/${hub}/:send`, { body, headers })).status).toBe(202);
    expect(await client.next()).toMatchObject({ from: 'server', ...message });
  });

  it.each<[string, string, Buffer, number]>([
    ['protobuf', 'application/x-protobuf', Buffer.from('a'), 415],
    ['XML', 'text/xml', Buffer.from('a'), 415],
    ['no media type', 'text', Buffer.from('a'), 415],
    ['rubbish after it', 'text/plain rubbish', Buffer.from('a'), 415],
    ['an open quote', 'text/plain; charset="utf-8', Buffer.from('a'), 415],
    ['an unknown charset', 'text/plain; charset=klingon', Buffer.from('a'), 415],
    ['no JSON', 'application/json', Buffer.from('{"a":'), 400],
    ['two JSON values', 'application/json', Buffer.from('1 2'), 400],
    ['an empty JSON body', 'application/json', Buffer.alloc(0), 400],
    ['more than 1 MiB', 'text/plain', Buffer.alloc(1024 * 1024 + 1, 'a'), 400],
  ])('refuses %s [rest-api 5.1]', async (_name, contentType, body, status) => {
    const headers = { 'Content-Type': contentType };
    expect((await callRest(emulator, `POST /api/hubs/${hub}/:send`, { body, headers })).status).toBe(status);
  });

  it('refuses a chunked body [rest-api 5.1]', async () => {
    const { status, json } = await callRest(emulator, `POST /api/hubs/${hub}/:send`, {
      body: 'hi',
      headers: { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked', 'Content-Type': 'text/plain' },
    });
    expect([status, json]).toEqual([400, expect.objectContaining({ message: 'Invalid Content-Length header.' })]);
  });

  it.each([
    ['0', 202],
    ['300', 202],
    ['', 202],
    ['301', 400],
    ['-1', 400],
    ['1.5', 400],
    ['ten', 400],
  ])('with messageTtlSeconds=%s is answered %i [rest-api 5.3]', async (ttl, status) => {
    const line = `POST /api/hubs/${hub}/users/ann/:send?messageTtlSeconds=${ttl}`;
    expect((await callRest(emulator, line, { body: { a: 1 } })).status).toBe(status);
  });

  it('carries metadata: the last value of a header, after its last comma [rest-api 5.4]', async () => {
    const client = await connect();
    const headers = {
      'X-WebPubSub-Metadata-Trace': 't-7',
      'x-webpubsub-METADATA-list': ' a, b ,  c ',
      'x-webpubsub-metadata-twice': ['1', '2'],
    };
    await callRest(emulator, `POST /api/hubs/${hub}/:send`, { body: { a: 1 }, headers });
    expect((await client.next())['metadata']).toEqual({ trace: 't-7', list: 'c', twice: '2' });
  });

  it.each<[string, Record<string, string>]>([
    ['a key of 257 characters', { [`x-webpubsub-metadata-${'k'.repeat(257)}`]: 'v' }],
    ['no key', { 'x-webpubsub-metadata-': 'v' }],
    ['a value of 1,025 characters', { 'x-webpubsub-metadata-k': 'v'.repeat(1025) }],
    ['a value that is not ASCII', { 'x-webpubsub-metadata-k': 'ü' }],
    [
      'more than 8,192 in all',
      Object.fromEntries('abcdefghi'.split('').map((key) => [`x-webpubsub-metadata-${key}`, 'v'.repeat(1000)])),
    ],
  ])('refuses metadata with %s [rest-api 5.4]', async (_name, headers) => {
    const reply = await callRest(emulator, `POST /api/hubs/${hub}/:send`, { body: { a: 1 }, headers });
    expect(reply).toMatchObject({ status: 400, json: { message: expect.stringMatching(/metadata/i) } });
  });
});
