import { describe, expect, it } from '@jest/globals';
import { SetMetadata, UseGuards } from '@nestjs/common';
import { OnConnect, OnMessage, OnUserEvent } from '../../../../src/library/decorators/event-handler.decorators.js';
import { handOnMetadata } from '../../../../src/library/decorators/handler-record.js';
import { findHandlerNames, readHandlerMethod } from '../../../../src/library/hubs/handler-method.js';

/** Puts a function without metadata in the place of a method. */
const Replaced: MethodDecorator = (_target, _name, descriptor: PropertyDescriptor) => {
  descriptor.value = () => undefined;
};

const guards = ['lower', 'upper', 'top'].map((name) => ({ name, canActivate: () => true }));
const [lower, upper, top] = guards;

function methodOf(hubClass: Function, name: string): unknown {
  return Reflect.get(hubClass.prototype as object, name);
}

describe('a replaced method', () => {
  class Hub {
    @UseGuards(top)
    @SetMetadata('role', 'top')
    @Replaced
    @OnUserEvent('b')
    @UseGuards(upper)
    @Replaced
    @OnUserEvent('a')
    @UseGuards(lower)
    @SetMetadata('role', 'lower')
    @SetMetadata('room', 'lower')
    method() {}
  }

  it('gets what all decorators said, lower ones first; of other metadata the upper has the last word', () => {
    handOnMetadata(Hub);
    const { events, method, isReplaced } = readHandlerMethod(Hub, 'method');
    expect(method).toBe(methodOf(Hub, 'method'));
    expect(isReplaced).toBe(false);
    expect(events.map((event) => event.kind === 'user' && event.name)).toEqual(['b', 'a']);
    expect(Reflect.getMetadata('__guards__', method)).toEqual([lower, upper, top]);
    expect([Reflect.getMetadata('role', method), Reflect.getMetadata('room', method)]).toEqual(['top', 'lower']);
  });

  it('is known as replaced when that happened since its class was decorated', () => {
    Hub.prototype.method = () => undefined;
    const { method, isReplaced } = readHandlerMethod(Hub, 'method');
    expect([method === methodOf(Hub, 'method'), isReplaced]).toEqual([true, true]);
    expect(Reflect.getMetadata('__guards__', method)).toEqual([lower, upper, top]);
  });
});

describe('the methods of a class', () => {
  class Base {
    @OnConnect()
    connect() {}

    @OnMessage()
    message() {}
  }

  it('are those of its base classes too', () => {
    class Hub extends Base {
      @OnMessage()
      override message() {}

      plain() {}
    }
    expect(findHandlerNames(Hub).toSorted()).toEqual(['connect', 'message']);
  });

  it('may be copied from another class, and are missed when they are overridden', () => {
    class Mixed {
      declare connect: () => void;
    }
    Object.defineProperty(Mixed.prototype, 'connect', Object.getOwnPropertyDescriptor(Base.prototype, 'connect')!);
    expect(readHandlerMethod(Mixed, 'connect').method).toBe(methodOf(Base, 'connect'));
    class Hub extends Mixed {}
    Object.defineProperty(Hub.prototype, 'connect', { value: () => undefined });
    expect(() => readHandlerMethod(Hub, 'connect')).toThrow(/^Hub\.connect overrides Mixed\.connect .* @OnConnect\(\)/);
  });

  it('do not share records with classes that extend theirs', () => {
    class Hub extends Base {
      @OnUserEvent('more')
      override message() {}
    }
    expect(readHandlerMethod(Hub, 'message').events).toEqual([{ kind: 'user', name: 'more' }]);
    expect(readHandlerMethod(Base, 'message').events).toEqual([{ kind: 'user', name: 'message' }]);
  });
});
