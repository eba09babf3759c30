import { Injectable, type InjectableOptions, SetMetadata } from '@nestjs/common';
import { isHubName } from '../../protocol/names.js';
import { registerHubName } from '../service-client/service-client-hubs.js';
import { HUB_METADATA } from '../web-pubsub.constants.js';
import { handOnMetadata } from './handler-record.js';

/**
 * By this mark Nest gives a class the request-scoped and transient enhancers that are registered globally, as it does for
 * controllers, resolvers and gateways.
 */
const ENTRY_PROVIDER_WATERMARK = '__entryProvider__';

/** What `@Injectable` leaves on a class. */
const INJECTABLE_WATERMARK = '__injectable__';

/**
 * Makes a provider a hub class: its decorated methods handle the events of the hub. Names of hubs are compared without
 * regard to case. Several classes may share a hub as long as no event has two handlers.
 *
 * `options` are those of `@Injectable`: the class is a singleton by default, and with `{ scope: Scope.REQUEST }` one is made
 * for each event.
 *
 * A class that extends a hub class inherits its handlers, not its hub: decorate it too.
 *
 * @publicApi
 */
export function WebPubSubHub(name: string, options?: InjectableOptions): ClassDecorator {
  // A wrong name stops the start with the name of the class, when hub classes are explored.
  if (isHubName(name)) registerHubName(name);
  return (target) => {
    // An @Injectable({ scope }) below this decorator has spoken already.
    if (options || !Reflect.hasOwnMetadata(INJECTABLE_WATERMARK, target)) Injectable(options)(target);
    // Before Nest looks at methods for the guards that it has to make.
    handOnMetadata(target);
    SetMetadata(HUB_METADATA, name)(target);
    SetMetadata(ENTRY_PROVIDER_WATERMARK, true)(target);
  };
}
