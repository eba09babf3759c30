import type { ExternalContextCreator } from '@nestjs/core';

type Method = (...args: unknown[]) => unknown;

/** Part of `ExternalContextCreator`, in all releases that are known; each makes the contexts of its kind of enhancer. */
interface CreatorParts {
  guardsConsumer?: ContextMaker;
  interceptorsConsumer?: ContextMaker;
}

interface ContextMaker {
  createContext?(args: unknown[], instance: object, callback: Function): unknown;
}

const methodsByCall = new WeakMap<Function, Function>();

/**
 * What Nest calls in the place of a method: it calls the method by name, since a test may have replaced that of the instance
 * since the start. By way of its prototype it has the metadata of the method.
 */
export function createCallByName(name: string, method: Function, takesRequestAlone: boolean): Method {
  const call: Method = takesRequestAlone
    ? // Nest hands the stand-in for a response on where no parameter is decorated.
      function (this: Record<string, Method>, request) {
        return this[name](request);
      }
    : function (this: Record<string, Method>, ...args) {
        return this[name](...args);
      };
  Object.defineProperty(call, 'name', { value: method.name });
  Object.setPrototypeOf(call, method);
  methodsByCall.set(call, method);
  return call;
}

/** Makes `context.getHandler()` give the method to guards and interceptors, where Nest would give what calls it by name. */
export function showMethods(creator: ExternalContextCreator): void {
  const { guardsConsumer, interceptorsConsumer } = creator as unknown as CreatorParts;
  for (const consumer of [guardsConsumer, interceptorsConsumer]) {
    if (typeof consumer?.createContext !== 'function') continue;
    const createContext = consumer.createContext.bind(consumer);
    consumer.createContext = (args, instance, callback) =>
      createContext(args, instance, methodsByCall.get(callback) ?? callback);
  }
}
