import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RecordingUpstream, type Answer } from '../../support/record-upstream.js';
import { EMPTY_CONNECT, StartedRouter } from '../../support/start-event-router.js';

const TEXT = { kind: 'text', text: 'hi' } as const;
const HOST = 'demo.webpubsub.azure.com';

function allowing(...origins: string[]): Answer {
  return { headers: { 'WebHook-Allowed-Origin': origins } };
}

describe('validation of an event handler [upstream-events 3]', () => {
  let upstream: RecordingUpstream;
  let started: StartedRouter;

  beforeEach(async () => {
    upstream = await RecordingUpstream.start();
    started = new StartedRouter({
      eventHandlers: [
        {
          urlTemplate: `${upstream.url}/{hub}/{event}?code=s3cr3t`,
          userEventPattern: '*',
          systemEvents: ['connect', 'connected'],
        },
      ],
    });
  });

  afterEach(async () => {
    await started.close();
    await upstream.close();
  });

  async function send(connectionId = 'c1') {
    return started.router.userEvent(started.connection(connectionId), { name: 'message', data: TEXT });
  }

  it('is asked by OPTIONS, with the origin and nothing that proves anything', async () => {
    await send();
    const [probe] = upstream.validations;
    expect(probe).toMatchObject({ method: 'OPTIONS', url: '/chat/validate?code=s3cr3t' });
    expect(probe.body).toHaveLength(0);
    expect(probe.rawHeaders).toEqual(expect.arrayContaining(['WebHook-Request-Origin', HOST, 'ce-awpsversion', '1.0']));
    expect(Object.keys(probe.headers).sort()).toEqual([
      'ce-awpsversion',
      'connection',
      'host',
      'webhook-request-origin',
    ]);
  });

  it('is asked by GET when OPTIONS is not found', async () => {
    upstream.onValidation = ({ method }) => (method === 'GET' ? allowing('*') : { status: 404 });
    expect(await send()).toMatchObject({ kind: 'handled' });
    expect(upstream.validations.map(({ method, url }) => [method, url])).toEqual([
      ['OPTIONS', '/chat/validate?code=s3cr3t'],
      ['GET', '/chat/validate?code=s3cr3t'],
    ]);
  });

  it.each<[string, Answer]>([
    ['*', allowing('*')],
    ['the host', allowing(HOST)],
    ['the host in another case', allowing('DEMO.webpubsub.azure.com')],
    [
      'blanks around it',
      (_response, socket) => socket.end('HTTP/1.1 200 OK\r\nWebHook-Allowed-Origin: \t* \t\r\n\r\n'),
    ],
    ['the host on a line of its own', allowing('other.example', HOST)],
    ['any status of success', { status: 202, headers: { 'WebHook-Allowed-Origin': '*' } }],
  ])('passes with %s', async (_, answer) => {
    upstream.onValidation = () => answer;
    expect(await send()).toMatchObject({ kind: 'handled' });
    expect(started.router.validationStates(started.hub)).toEqual([
      expect.objectContaining({ status: 'allowed', url: `${upstream.url}/chat/validate?code=***` }),
    ]);
  });

  it.each<[string, Answer, RegExp]>([
    ['no header', { status: 200 }, /without WebHook-Allowed-Origin/],
    ['another host', allowing('other.example'), /other\.example, where one line must be \* or demo/],
    ['a list with commas', allowing(`other.example, ${HOST}`), /one line must be/],
    ['the host with a port', allowing(`${HOST}:443`), /one line must be/],
    [
      '405',
      { status: 405, headers: { 'WebHook-Allowed-Origin': '*' } },
      /405 to the validation by OPTIONS: the upstream must answer OPTIONS there/,
    ],
    ['401', { status: 401 }, /before any authentication/],
    ['a redirect', { status: 302, headers: { Location: '/login' } }, /no redirect/],
    ['404 to GET as well', { status: 404 }, /404 to the validation by GET: nothing answers at that path/],
  ])('fails with %s, and nothing is sent', async (_, answer, reason) => {
    upstream.onValidation = () => answer;
    const words = expect.stringMatching(reason);
    expect(await send()).toEqual({ kind: 'failed', reason: words });
    expect(await started.router.connect(started.connection('c2'), EMPTY_CONNECT)).toMatchObject({
      kind: 'refused',
      status: 500,
    });
    expect(upstream.events).toEqual([]);
    expect(started.router.validationStates(started.hub)).toMatchObject([{ status: 'refused', problem: words }]);
    expect(started.traffic.filter(({ attempt }) => attempt === 0)).toMatchObject([
      { failure: words },
      { failure: words },
    ]);
  });

  it('is shared by the events that come together', async () => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, index) => send(`c${index}`)));
    expect(outcomes.every(({ kind }) => kind === 'handled')).toBe(true);
    expect(upstream.validations).toHaveLength(1);
  });

  it('holds for 60 s, and is then asked again in the background', async () => {
    await send();
    started.clock.advance(59_999);
    await send();
    expect(upstream.validations).toHaveLength(1);
    started.clock.advance(1);
    let answer: (given: Answer) => void = () => {};
    upstream.onValidation = () => new Promise((resolve) => (answer = resolve));
    expect(await send()).toMatchObject({ kind: 'handled' });
    await upstream.nextValidation();
    await upstream.nextValidation();
    expect(await send()).toMatchObject({ kind: 'handled' });
    answer(allowing('other.example'));
    await untilRefused();
    expect(await send()).toMatchObject({ kind: 'failed' });
    expect(upstream.validations).toHaveLength(2);
  });

  it('is asked again 1, 2, 4 ... 60 s after failures, and every 60 s after a success', async () => {
    upstream.onValidation = () => ({ status: 400 });
    await send();
    for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
      const count = upstream.validations.length;
      started.clock.advance(seconds * 1_000 - 1);
      await send();
      expect(upstream.validations).toHaveLength(count);
      started.clock.advance(1);
      await send();
      expect(upstream.validations).toHaveLength(count + 1);
    }
    upstream.onValidation = () => allowing('*');
    started.clock.advance(60_000);
    expect(await send()).toMatchObject({ kind: 'handled' });
  });

  it.each([408, 500, 503])('is asked four times when upstream answers %i', async (status) => {
    upstream.onValidation = () => ({ status });
    expect(await send()).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/asked 4 times/) });
    expect(upstream.validations).toHaveLength(4);
  });

  it('waits 10 s for an answer, once', async () => {
    upstream.onValidation = () => 'hang';
    const sending = send();
    await upstream.nextValidation();
    started.clock.advance(10_000);
    expect(await sending).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/within 10 s/) });
    expect(upstream.validations).toHaveLength(1);
  });

  it('can be asked for at any time', async () => {
    upstream.onValidation = () => ({ status: 400 });
    expect(started.router.validationStates(started.hub)).toMatchObject([{ status: 'unknown' }]);
    expect(await started.router.revalidate(started.hub)).toMatchObject([{ status: 'refused' }]);
    upstream.onValidation = () => allowing('*');
    expect(await started.router.revalidate(started.hub)).toMatchObject([{ status: 'allowed' }]);
    expect(await send()).toMatchObject({ kind: 'handled' });
  });

  it('sends nothing without events', () => {
    expect(upstream.requests).toEqual([]);
  });

  async function untilRefused(): Promise<void> {
    while (started.router.validationStates(started.hub)[0]?.status !== 'refused') {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
});
