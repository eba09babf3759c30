import { Inject } from '@nestjs/common';
import { registerHubName } from './service-client-hubs.js';

/**
 * The injection token of a hub's service client; names of hubs are case-insensitive. It is a string, the same in every
 * copy of the package: `moduleRef.get(getServiceClientToken('chat'))`, or `overrideProvider(...)` in a test.
 * Throws a TypeError when the name is no hub name.
 *
 * @publicApi
 */
export function getServiceClientToken(hub: string): string {
  return `WebPubSubServiceClient(${registerHubName(hub)})`;
}

/**
 * Injects the `WebPubSubServiceClient` of a hub, into any provider of a module that sees `WebPubSubModule`.
 * Throws a TypeError when the name is no hub name.
 *
 * @publicApi
 */
export function InjectServiceClient(hub: string): PropertyDecorator & ParameterDecorator {
  return Inject(getServiceClientToken(hub));
}
