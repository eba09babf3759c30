import { Injectable, SetMetadata, applyDecorators } from '@nestjs/common';
import { isHubName } from '../../protocol/names.js';
import { registerHubName } from '../service-client/service-client-hubs.js';
import { HUB_METADATA } from '../web-pubsub.constants.js';

/**
 * By this mark Nest gives a class the request-scoped and transient enhancers that are registered globally, as it does for
 * controllers, resolvers and gateways.
 */
const ENTRY_PROVIDER_WATERMARK = '__entryProvider__';

/**
 * Makes a provider a hub class: its decorated methods handle the events of the hub. Names of hubs are compared without
 * regard to case. Several classes may share a hub as long as no event has two handlers.
 *
 * A class that extends a hub class inherits its handlers, not its hub: decorate it too.
 *
 * @publicApi
 */
export function WebPubSubHub(name: string): ClassDecorator {
  // A wrong name stops the start with the name of the class, when hub classes are explored.
  if (isHubName(name)) registerHubName(name);
  return applyDecorators(Injectable(), SetMetadata(HUB_METADATA, name), SetMetadata(ENTRY_PROVIDER_WATERMARK, true));
}
