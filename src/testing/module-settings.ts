import type { INestApplication } from '@nestjs/common';
import type { ConnectionStateForm } from '../protocol/connection-states.codec.js';
import type { GracefulShutdown } from '../library/graceful-shutdown.module.js';
import type { WebPubSubHubs } from '../library/hubs/web-pubsub-hubs.js';
import { createAccessKeySource } from '../library/security/access-key-source.js';
import type { UpstreamSecurity } from '../library/security/upstream-security.js';
import type { ServiceClientFactory } from '../library/service-client/service-client.factory.js';
import type { ServiceClients } from '../library/service-client/service-clients.js';
import { endpointsOf } from '../library/service-client/service-connection.js';
import type { WebPubSubModuleOptions } from '../library/web-pubsub-options.interface.js';
import {
  GRACEFUL_SHUTDOWN,
  SERVICE_CLIENT_FACTORY,
  SERVICE_CLIENTS,
  UPSTREAM_SECURITY,
  WEB_PUBSUB_HUBS,
  WEB_PUBSUB_OPTIONS,
  WEB_PUBSUB_PATH,
} from '../library/web-pubsub.constants.js';

/** What the application expects of the service, by the options of its own `WebPubSubModule`. */
export interface ModuleSettings {
  /** Keys that events may be signed with, as they are now; none when no key is known. */
  readonly accessKeys: () => readonly string[];
  /** Path that receives events. */
  readonly path: string;
  /** Host of the service that events come from. */
  readonly origin: string;
  readonly stateCodec: ConnectionStateForm;
}

/** A handler that never ends must not keep an application from closing until a test runner gives up, after 5 seconds. */
const SHUTDOWN_PATIENCE_MS = 2_000;

/** Throws a TypeError when it is no application, an Error when the application has no `WebPubSubModule`. */
export function readModuleSettings(application: INestApplication): ModuleSettings {
  const options = optionsOf(application);
  const [endpoint] = endpointsOf(options);
  const [allowed] = options.allowedOrigins?.filter((origin) => origin !== '*') ?? [];
  return {
    accessKeys: createAccessKeySource(options) ?? (() => []),
    path: partOf(application, WEB_PUBSUB_PATH),
    origin: allowed ?? (endpoint === undefined ? 'localhost' : new URL(endpoint).hostname),
    stateCodec: options.stateCodec ?? 'json',
  };
}

export function optionsOf(application: INestApplication): WebPubSubModuleOptions {
  assertApplication(application);
  try {
    return partOf(application, WEB_PUBSUB_OPTIONS);
  } catch (error) {
    throw new Error(
      'The application has no WebPubSubModule: import WebPubSubModule.forRoot(...) in one of its modules.',
      {
        cause: error,
      },
    );
  }
}

/** By string tokens: classes are others in another copy of the package, which an application may have loaded. */
interface Parts {
  readonly [WEB_PUBSUB_OPTIONS]: WebPubSubModuleOptions;
  readonly [WEB_PUBSUB_PATH]: string;
  readonly [WEB_PUBSUB_HUBS]: WebPubSubHubs;
  readonly [UPSTREAM_SECURITY]: UpstreamSecurity;
  readonly [SERVICE_CLIENT_FACTORY]: ServiceClientFactory;
  readonly [SERVICE_CLIENTS]: ServiceClients;
  readonly [GRACEFUL_SHUTDOWN]: GracefulShutdown;
}

export function partOf<Token extends keyof Parts>(application: INestApplication, token: Token): Parts[Token] {
  return application.get<Parts[Token]>(token, { strict: false });
}

/** The end of the application, which waits no longer than a test can. */
export function shutdownOf(application: INestApplication): GracefulShutdown {
  const shutdown = partOf(application, GRACEFUL_SHUTDOWN);
  shutdown.patienceMs = Math.min(shutdown.patienceMs, SHUTDOWN_PATIENCE_MS);
  return shutdown;
}

function assertApplication(given: unknown): void {
  if (typeof (given as INestApplication | undefined)?.getHttpAdapter === 'function') return;
  const { then, createNestApplication } = (given ?? {}) as Record<string, unknown>;
  if (typeof then === 'function') throw new TypeError('That is a promise of an application: await it first.');
  if (typeof createNestApplication === 'function') {
    throw new TypeError('That is a TestingModule, no application: make one with its createNestApplication().');
  }
  const what = typeof given === 'object' && given ? `an instance of ${given.constructor?.name}` : String(given);
  throw new TypeError(
    `There is no application, but ${what}: give what createNestApplication() or NestFactory.create() made.`,
  );
}
