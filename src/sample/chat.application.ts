import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import helmet from 'helmet';
import { parseConnectionString } from '../protocol/connection-string.js';
import { UPSTREAM_PATH } from './chat.constants.js';
import { ChatModule } from './chat.module.js';
import type { ChatSettings } from './chat.settings.js';
import { EmbeddedEmulator } from './embedded-emulator.js';

const PUBLIC_FOLDER = fileURLToPath(new URL('./public', import.meta.url));

/** The chat application, listening. */
export interface ChatApplication {
  /** `http://localhost:8080`, with the page on `/`. */
  readonly url: string;
  readonly upstreamUrl: string;
  readonly connectionString: string;
  /** Absent when a connection string was given. */
  readonly emulator?: EmbeddedEmulator;
  readonly nest: NestExpressApplication;
  /** Ends the emulator's connections, the emulator and the HTTP server. */
  close(): Promise<void>;
}

/**
 * Starts the emulator unless a connection string is given, and the application on it. `logLevels` holds once it listens;
 * until then, Nest's account of its start is left out. Rejects, with everything closed again, when a port cannot be had.
 */
export async function startChatApplication(
  settings: ChatSettings,
  logLevels: LogLevel[] = ['log', 'warn', 'error', 'fatal'],
): Promise<ChatApplication> {
  const emulator = settings.connectionString
    ? undefined
    : await EmbeddedEmulator.start(settings.emulatorPort, settings.port);
  const connectionString = settings.connectionString ?? (emulator as EmbeddedEmulator).connectionString;
  try {
    const nest = await createApplication(connectionString, emulator, logLevels);
    const port = await listen(nest, settings.port);
    emulator?.deliverEventsTo(port);
    nest.useLogger(logLevels);
    const url = `http://localhost:${port}`;
    return { url, upstreamUrl: url + UPSTREAM_PATH, connectionString, emulator, nest, close: () => nest.close() };
  } catch (error) {
    await emulator?.beforeApplicationShutdown();
    throw error;
  }
}

async function createApplication(
  connectionString: string,
  emulator: EmbeddedEmulator | undefined,
  logLevels: LogLevel[],
): Promise<NestExpressApplication> {
  const nest = await NestFactory.create<NestExpressApplication>(ChatModule.forRoot({ connectionString, emulator }), {
    abortOnError: false,
    forceCloseConnections: true,
    logger: logLevels.filter((level) => level !== 'log'),
  });
  nest.enableShutdownHooks();
  nest.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'"],
          imgSrc: ["'self'"],
          connectSrc: ["'self'", webSocketOrigin(connectionString)],
          baseUri: ["'none'"],
          formAction: ["'none'"],
          frameAncestors: ["'none'"],
        },
      },
      // The sample is served over plain HTTP on localhost.
      strictTransportSecurity: false,
    }),
  );
  nest.useStaticAssets(PUBLIC_FOLDER);
  return nest;
}

async function listen(nest: NestExpressApplication, port: number): Promise<number> {
  // Nest would log the failure of a port too, in other words than the caller's.
  nest.useLogger([]);
  try {
    await nest.listen(port);
  } catch (error) {
    await nest.close();
    throw (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
      ? new Error(`Port ${port} is in use. End the program that has it, or choose another port with PORT.`, {
          cause: error,
        })
      : error;
  }
  return (nest.getHttpServer().address() as AddressInfo).port;
}

/** What the page's `WebSocket` connects to. */
function webSocketOrigin(connectionString: string): string {
  return new URL(parseConnectionString(connectionString).endpoint).origin.replace(/^http/, 'ws');
}
