import type { HandledEvent } from '../decorators/event-handler.decorators.js';

/** Start-up errors of hub classes: each names class, method and cure. */

export const hubNameInvalid = (className: string, name: unknown): string =>
  `${className} is decorated with @WebPubSubHub(${JSON.stringify(name)}), which is no hub name. Use a letter followed by ` +
  'at most 127 letters, digits or any of _ ` , . [ ].';

export const eventNameInvalid = (handler: string, name: unknown): string =>
  `${handler} handles the user event ${JSON.stringify(name)}, which no client can send. Use a letter followed by at most ` +
  "127 letters, digits or any of _ . -, or '*' for all events.";

export const eventNameMissing = (handler: string): string =>
  `${handler} is decorated with @OnUserEvent without a name. Name an event, or '*' for all events.`;

export const eventHandledTwice = (hub: string, event: HandledEvent, first: string, second: string): string =>
  `Hub "${hub}" handles ${describeEvent(event)} twice: ${first} and ${second}. Keep one.`;

export const hubClassProvidedTwice = (className: string, first: string, second: string): string =>
  `The hub class ${className} is provided twice: in ${first} and in ${second}. Provide it in one module, and export it from ` +
  'there if the other needs it.';

export const hubDecoratorMissing = (className: string, method: string): string =>
  `${className}.${method} handles events of a hub, but ${className} names none. Decorate the class with @WebPubSubHub(name).`;

export const handlerOverridden = (
  className: string,
  baseName: string,
  method: string,
  events: readonly HandledEvent[],
): string =>
  `${className}.${method} overrides ${baseName}.${method} without its decorators, so that nothing would handle ` +
  `${events.map(describeEvent).join(' and ')}. Repeat ${events.map(decoratorOf).join(' ')} above it, and guards, pipes and the ` +
  'like with it; a method without a body handles the event and does nothing.';

export const hubIsController = (className: string): string =>
  `${className} is a hub class and listed under controllers. List it under providers.`;

export const enhancersNotReached = (className: string, enhancers: readonly string[]): string =>
  `The hub class ${className} is provided by a factory, as a value or under another token, so that Nest does not run the ` +
  `request-scoped or transient global enhancers (${enhancers.join(', ')}) for it. List ${className} itself under providers, ` +
  'or make them singletons.';

export const enhancersNotReachedLater = (className: string, enhancers: readonly string[]): string =>
  `The module of the hub class ${className} was loaded lazily, so that Nest does not run the request-scoped or transient global ` +
  `enhancers (${enhancers.join(', ')}) for it. Import the module instead of loading it, or make them singletons.`;

export const hubMadePerEvent = (className: string): string =>
  `The hub class ${className} is provided by a factory or as a value, but one must be made for each event, since it, something ` +
  `it needs or a global enhancer is request-scoped. List ${className} itself under providers.`;

export const enhancersNotMade = (className: string, method: string, enhancers: readonly string[]): string =>
  `${className}.${method} asks for ${enhancers.join(', ')}, which Nest does not make for a hub class that is provided by a ` +
  `factory, as a value or under another token. List ${className} itself under providers, or give the decorator an instance.`;

export const enhancersOfReplaced = (className: string, method: string, enhancers: readonly string[]): string =>
  `${className}.${method} asks for ${enhancers.join(', ')}, which Nest does not make, since something else took the place of the ` +
  'method that asks: after @WebPubSubHub had run, or as an accessor. Put @WebPubSubHub above class decorators that replace ' +
  'methods, spy on the instance instead of the prototype, or give the decorator an instance.';

export function describeEvent(event: HandledEvent): string {
  if (event.kind === 'user') return event.name === '*' ? "all user events ('*')" : `the user event "${event.name}"`;
  return event.kind === 'joined' || event.kind === 'left'
    ? `the group event "${event.kind}"`
    : `the system event "${event.kind}"`;
}

const DECORATORS = {
  connect: 'OnConnect',
  connected: 'OnConnected',
  disconnected: 'OnDisconnected',
  joined: 'OnGroupJoined',
  left: 'OnGroupLeft',
};

function decoratorOf(event: HandledEvent): string {
  if (event.kind !== 'user') return `@${DECORATORS[event.kind]}()`;
  return event.name === 'message' ? '@OnMessage()' : `@OnUserEvent('${event.name}')`;
}
