import { afterEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { OnConnect, OnMessage, WebPubSubHub, WebPubSubModule } from '../../../src/index.js';
import { CONNECTION_STRING, PLATFORMS, startHubApp, type HubAppSettings } from '../../support/start-hub-app.js';
import { RecordingLogger } from '../../support/recording-logger.js';

class StartLogger extends RecordingLogger {
  override log(message: unknown, context?: unknown): void {
    if (context === 'WebPubSub') this.lines.push(`log ${String(message)}`);
  }
}

afterEach(() => Logger.overrideLogger(false));

/** What an application writes while it starts. */
async function linesOfStart(settings: HubAppSettings): Promise<string[]> {
  const logger = new StartLogger();
  const app = await startHubApp({ ...settings, application: { logger } });
  await app.close();
  return logger.lines;
}

describe.each(PLATFORMS)('at the start, on %s,', (platform) => {
  @WebPubSubHub('empty')
  class EmptyHub {
    message() {}
  }

  @WebPubSubHub('chat')
  class ChatHub {
    @OnMessage()
    message() {}
  }

  @WebPubSubHub('EMPTY')
  class OtherHalf {
    @OnConnect()
    connect() {}
  }

  it('a hub without any handler is warned of, with the cure', async () => {
    expect(await linesOfStart({ platform, providers: [ChatHub, EmptyHub] })).toEqual([
      'log Events are received at /eventhandler for hub "chat" (message); hub "empty" (no events).',
      'warn No class with @WebPubSubHub("empty") has a handler, so that every client is let in and nothing that it sends is ' +
        'handled. Decorate methods with @OnConnect(), @OnMessage(), @OnUserEvent(name) or the like.',
    ]);
  });

  it('a hub is not warned of that leaves some events unhandled, or whose other class has handlers', async () => {
    const lines = await linesOfStart({ platform, providers: [ChatHub, EmptyHub, OtherHalf] });
    expect(lines).toEqual([
      'log Events are received at /eventhandler for hub "chat" (message); hub "empty" (connect).',
    ]);
  });

  const another = (path: string, isGlobal?: boolean) =>
    WebPubSubModule.forRoot({ connectionString: CONNECTION_STRING, path, ...(isGlobal === false && { isGlobal }) });

  it('a second global module is warned of, once, with the cure', async () => {
    const lines = await linesOfStart({ platform, providers: [ChatHub], imports: [another('/two'), another('/three')] });
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([
      'warn WebPubSubModule is imported 3 times, each time for the whole application: modules that import none of them get ' +
        'the service clients of the first, and each receives the events of every hub at its own path. Write isGlobal: ' +
        'false in each, and import the one that is meant where its service clients are injected.',
    ]);
  });

  it('modules of which at most one is global are not warned of', async () => {
    const lines = await linesOfStart({ platform, providers: [ChatHub], imports: [another('/two', false)] });
    expect(lines.filter((line) => line.startsWith('warn'))).toEqual([]);
  });
});
