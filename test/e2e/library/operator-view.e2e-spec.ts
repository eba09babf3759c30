import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type LoggerService } from '@nestjs/common';
import { ForbiddenException, Logger } from '@nestjs/common';
import { OnConnect, OnMessage, WebPubSubHub } from '../../../src/index.js';
import { ACCESS_KEY, startHubApp, type HubApp } from '../../support/start-hub-app.js';

@WebPubSubHub('chat')
class ChatHub {
  @OnConnect()
  connect() {
    throw new ForbiddenException('not you');
  }

  @OnMessage()
  message() {
    return 'secret answer';
  }
}

class RecordingLogger implements LoggerService {
  readonly lines: string[] = [];
  log(): void {}
  debug(message: unknown): void {
    this.lines.push(`debug ${String(message)}`);
  }
  warn(message: unknown): void {
    this.lines.push(`warn ${String(message)}`);
  }
  error(message: unknown): void {
    this.lines.push(`error ${String(message)}`);
  }
}

let app: HubApp;
let logger: RecordingLogger;

beforeEach(async () => {
  logger = new RecordingLogger();
  app = await startHubApp({ providers: [ChatHub], application: { logger } });
  logger.lines.length = 0;
});
afterEach(async () => {
  await app.close();
  Logger.overrideLogger(false);
});

const linesOf = (level: string) => logger.lines.filter((line) => line.startsWith(`${level} `));

describe('the log', () => {
  it('has one debug line for an event, without secrets and payloads', async () => {
    await app.sendEvent({
      type: 'user.message',
      path: '/eventhandler/message?code=s3cr3t&lang=en&sig=s3cr3t&access_token=s3cr3t',
      body: 's3cr3t payload',
      headers: { 'ce-userid': 'ann" status=500\u0000'.replace('\u0000', '') },
    });
    expect(logger.lines).toHaveLength(1);
    expect(logger.lines[0]).toMatch(
      /^debug type="azure\.webpubsub\.user\.message" hub="chat" event="message" user="ann\\" status=500" connection="conn-1" query="code=\*\*\*&lang=en&sig=\*\*\*&access_token=\*\*\*" status=200 ms=\d+\.\d$/,
    );
    expect(logger.lines[0]).not.toMatch(/s3cr3t|secret/);
  });

  it('says why an event was refused', async () => {
    await app.sendEvent({ type: 'sys.connect' });
    expect(logger.lines).toEqual([
      expect.stringMatching(/type="azure\.webpubsub\.sys\.connect".* status=403 .*reason="not you"$/),
    ]);
  });

  it('has a line for validation', async () => {
    await app.send({ method: 'OPTIONS', headers: { 'webhook-request-origin': 'demo.webpubsub.azure.com' } });
    expect(logger.lines).toEqual([expect.stringMatching(/^debug method="OPTIONS" .*status=200/)]);
  });

  it.each<[string, object, RegExp]>([
    [
      'a foreign origin',
      { headers: { 'webhook-request-origin': 'evil.example' } },
      /origin "evil\.example".*allowedOrigins/,
    ],
    ['a missing origin', { headers: { 'webhook-request-origin': undefined } }, /without WebHook-Request-Origin/],
    [
      'a wrong signature',
      { headers: { 'ce-signature': 'sha256=00' } },
      /"conn-1" with a wrong ce-signature.*access keys/,
    ],
    ['a missing signature', { headers: { 'ce-signature': undefined } }, /without ce-signature/],
    ['an unknown hub', { hub: 'news' }, /unknown hub "news"; known are "chat".*@WebPubSubHub\("news"\)/],
  ])('warns of %s, with the cure', async (_name, settings, warning) => {
    await app.sendEvent({ type: 'user.message', ...settings });
    expect(linesOf('warn')).toEqual([expect.stringMatching(warning)]);
    expect(logger.lines.join()).not.toContain(ACCESS_KEY);
  });

  it('warns of a validation that failed, with the cure', async () => {
    await app.send({ method: 'OPTIONS', headers: { 'webhook-request-origin': 'evil.example' } });
    expect(linesOf('warn')).toEqual([expect.stringMatching(/validated by "evil\.example".*allowedOrigins/)]);
  });

  it('is not flooded by a flood of wrong events', async () => {
    for (let count = 0; count < 20; count++) await app.sendEvent({ type: 'user.message', hub: `hub${count}` });
    expect(linesOf('warn')).toHaveLength(5);
  });

  it('cannot be forged by what a request says', async () => {
    await app.sendEvent({ type: 'user.message', hub: 'x"\u0085y'.slice(0, 2) });
    expect(linesOf('warn')[0]).toContain('unknown hub "x\\""');
  });
});

describe('without debug lines', () => {
  it('nothing is written of an event', async () => {
    Logger.overrideLogger(['warn', 'error']);
    await app.sendEvent({ type: 'user.message' });
    expect(logger.lines).toEqual([]);
  });
});
