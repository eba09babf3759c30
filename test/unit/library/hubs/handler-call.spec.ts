import 'reflect-metadata';
import { expect, it } from '@jest/globals';
import { createCallByName, showMethods } from '../../../../src/library/hubs/handler-call.js';

class Hub {
  message(...args: unknown[]) {
    return args;
  }
}

const message = Reflect.get(Hub.prototype, 'message') as Function;

it('a call by name calls what the instance has by then, and has the metadata of the method', () => {
  Reflect.defineMetadata('role', 'guest', message);
  const call = createCallByName('message', message, false);
  const hub = new Hub();
  expect(call.call(hub, 1, 2)).toEqual([1, 2]);
  expect(createCallByName('message', message, true).call(hub, 1, 2)).toEqual([1]);
  hub.message = () => ['replaced'];
  expect(call.call(hub)).toEqual(['replaced']);
  expect([call.name, Reflect.getMetadata('role', call)]).toEqual(['message', 'guest']);
});

it('methods are shown where Nest makes contexts, and nothing is changed where it does not', () => {
  const seen: unknown[] = [];
  const consumer = { createContext: (_args: unknown[], _instance: object, callback: Function) => seen.push(callback) };
  showMethods({ guardsConsumer: consumer, interceptorsConsumer: {} } as never);
  showMethods({} as never);
  consumer.createContext([], {}, createCallByName('message', message, false));
  consumer.createContext([], {}, expect);
  expect(seen).toEqual([message, expect]);
});
