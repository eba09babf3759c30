import { ConfigurableModuleBuilder, type Provider } from '@nestjs/common';
import type { WebPubSubModuleOptions, WebPubSubOptionsFactory } from './web-pubsub-options.interface.js';
import { WEB_PUBSUB_OPTIONS, WEB_PUBSUB_PATH } from './web-pubsub.constants.js';
import { normalizeEventPath } from './upstream/event-path.js';
import { moduleProviders } from './web-pubsub.providers.js';
import { checkOptions } from './web-pubsub-options.validator.js';
import { withServiceClients } from './service-client/service-client.providers.js';

/**
 * What is beside the options in `forRoot` and `forRootAsync`.
 *
 * @publicApi
 */
export interface WebPubSubModuleExtras {
  /** Whether every module sees the service clients without importing this one. Default true. */
  isGlobal?: boolean | undefined;
  /** The path that receives events; in `forRootAsync` it takes precedence over that of the options. */
  path?: string | undefined;
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
      const providers = [...moduleProviders, ...(definition.providers ?? []).map(withCheckedOptions), pathProvider];
      return withServiceClients({ ...definition, global: isGlobal ?? true, providers }, WEB_PUBSUB_OPTIONS);
    })
    .build();

/** Whoever injects the options gets them checked; other providers stay as they are. */
function withCheckedOptions(provider: Provider): Provider {
  if (typeof provider === 'function' || provider.provide !== WEB_PUBSUB_OPTIONS) return provider;
  if ('useValue' in provider) {
    const options = provider.useValue as WebPubSubModuleOptions;
    return { provide: WEB_PUBSUB_OPTIONS, useFactory: () => checkOptions(options) };
  }
  if (!('useFactory' in provider)) return provider;
  const useFactory = provider.useFactory as (...args: unknown[]) => Promise<WebPubSubModuleOptions>;
  return { ...provider, useFactory: async (...args: unknown[]) => checkOptions(await useFactory(...args)) };
}
