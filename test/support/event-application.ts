import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TestProcess } from './child-process.js';
import { CONNECTION_STRING, type Platform } from './start-hub-app.js';
import type { TranspiledSource } from './transpiled-source.js';

/**
 * An application of its own that closes as Nest lets it, with `enableShutdownHooks`. Its user event `slow` is answered a
 * moment after the application has been told to end, `hang` never.
 */
const MAIN = `
import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { OnMessage, OnUserEvent, WebPubSubHub, WebPubSubModule } from './index.js';

let release;
const released = new Promise((resolve) => (release = resolve));

class ChatHub {
  message(request) { return 'echo ' + request.data; }
  async slow(request) { console.log('handling ' + request.data); await released; return 'slow ' + request.data; }
  hang(request) { console.log('handling ' + request.data); return new Promise(() => {}); }
  async onModuleDestroy() { console.log('closing'); await delay(100); setTimeout(release, 200); }
}
const decorate = (method, decorator) =>
  decorator(ChatHub.prototype, method, Object.getOwnPropertyDescriptor(ChatHub.prototype, method));
decorate('message', OnMessage());
decorate('slow', OnUserEvent('slow'));
decorate('hang', OnUserEvent('hang'));
WebPubSubHub('chat')(ChatHub);

class AppModule {}
const { CONNECTION_STRING: connectionString, ATTACH: attach, PLATFORM: platform } = process.env;
const forceCloseConnections = process.env.FORCE === 'true';
const imports = [WebPubSubModule.forRoot({ connectionString, attach })];
const { ExpressAdapter } = await import('@nestjs/platform-express');
const { FastifyAdapter } = await import('@nestjs/platform-fastify');
const adapter = platform === 'fastify' ? new FastifyAdapter({ forceCloseConnections }) : new ExpressAdapter();
const options = { logger: ['error'], forceCloseConnections };
const app = await NestFactory.create({ module: AppModule, imports, providers: [ChatHub] }, adapter, options);
app.enableShutdownHooks();
process.on('unhandledRejection', (error) => { console.log('unhandled', error); process.exit(70); });
await app.listen(0, '127.0.0.1');
console.log('listening on ' + app.getHttpServer().address().port);
`;

export interface EventApplication {
  readonly process: TestProcess;
  readonly port: number;
}

export async function startEventApplication(
  source: TranspiledSource,
  { platform, attach, isForced }: { readonly platform: Platform; readonly attach: string; readonly isForced: boolean },
): Promise<EventApplication> {
  const main = join(source.folder, 'event-application.js');
  await writeFile(main, MAIN);
  const environment = { CONNECTION_STRING, ATTACH: attach, PLATFORM: platform, FORCE: String(isForced) };
  const child = new TestProcess(process.execPath, [main], environment);
  const [, port] = await child.prints(/listening on (\d+)/);
  return { process: child, port: Number(port) };
}
