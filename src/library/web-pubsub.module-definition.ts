import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { WebPubSubModuleOptions, WebPubSubOptionsFactory } from './web-pubsub-options.interface.js';
import { WEB_PUBSUB_OPTIONS, WEB_PUBSUB_PATH } from './web-pubsub.constants.js';
import { normalizeEventPath } from './upstream/event-path.js';
import { withServiceClients } from './service-client/service-client.providers.js';

/** What is beside the options in `forRoot` and `forRootAsync`. */
export interface WebPubSubModuleExtras {
  /** Whether every module sees the service clients without importing this one. Default true. */
  isGlobal?: boolean;
  /** The path that receives events; in `forRootAsync` it takes precedence over that of the options. */
  path?: string;
}

export const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<WebPubSubModuleOptions>({ optionsInjectionToken: WEB_PUBSUB_OPTIONS })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createWebPubSubOptions' satisfies keyof WebPubSubOptionsFactory)
    .setExtras<WebPubSubModuleExtras>({ isGlobal: true, path: undefined }, (definition, { isGlobal, path }) => {
      const pathProvider = {
        provide: WEB_PUBSUB_PATH,
        useFactory: (options: WebPubSubModuleOptions) => normalizeEventPath(path ?? options.path),
        inject: [WEB_PUBSUB_OPTIONS],
      };
      const providers = [...(definition.providers ?? []), pathProvider];
      return withServiceClients({ ...definition, global: isGlobal ?? true, providers }, WEB_PUBSUB_OPTIONS);
    })
    .build();
