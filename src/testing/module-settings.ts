import type { INestApplication } from '@nestjs/common';
import type { ConnectionStateForm } from '../protocol/connection-states.codec.js';
import { createAccessKeySource } from '../library/security/access-key-source.js';
import { endpointsOf } from '../library/service-client/service-connection.js';
import type { WebPubSubModuleOptions } from '../library/web-pubsub-options.interface.js';
import { WEB_PUBSUB_OPTIONS, WEB_PUBSUB_PATH } from '../library/web-pubsub.constants.js';

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

/** Throws an Error when the application has no `WebPubSubModule`. */
export function readModuleSettings(application: INestApplication): ModuleSettings {
  const options = optionsOf(application);
  const [endpoint] = endpointsOf(options);
  const [allowed] = options.allowedOrigins?.filter((origin) => origin !== '*') ?? [];
  return {
    accessKeys: createAccessKeySource(options) ?? (() => []),
    path: application.get<string>(WEB_PUBSUB_PATH, { strict: false }),
    origin: allowed ?? (endpoint === undefined ? 'localhost' : new URL(endpoint).hostname),
    stateCodec: options.stateCodec ?? 'json',
  };
}

export function optionsOf(application: INestApplication): WebPubSubModuleOptions {
  try {
    return application.get<WebPubSubModuleOptions>(WEB_PUBSUB_OPTIONS, { strict: false });
  } catch (error) {
    throw new Error(
      'The application has no WebPubSubModule: import WebPubSubModule.forRoot(...) in one of its modules.',
      {
        cause: error,
      },
    );
  }
}
