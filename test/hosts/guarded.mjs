// Whether hub classes keep their guards and pipes in every way that Nest lets one provide a class: an event that a guard
// refuses must be refused, or the application must not start. Releases of Nest differ in which enhancers they find.
import 'reflect-metadata';
import { createHmac } from 'node:crypto';
import { ForbiddenException, Module, Scope, UseGuards } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { EventData, OnMessage, WebPubSubHub, WebPubSubModule } from 'nestjs-web-pubsub';

const ACCESS_KEY = /AccessKey=([^;]+)/.exec(process.env.WebPubSubConnectionString)[1];

class Rule {
  isAllowed = false;
}

/** Refuses by what it is given: one whose constructor was not called lets everybody in. */
class RuleGuard {
  constructor(rule) {
    this.rule = rule;
  }

  canActivate() {
    return this.rule === undefined || this.rule.isAllowed;
  }
}
Reflect.defineMetadata('design:paramtypes', [Rule], RuleGuard);

function hubClass(hub, guard, pipe) {
  class SameName {
    message(text) {
      return text;
    }
  }
  const message = Object.getOwnPropertyDescriptor(SameName.prototype, 'message');
  EventData(...(pipe ? [pipe] : []))(SameName.prototype, 'message', 0);
  OnMessage()(SameName.prototype, 'message', message);
  if (guard) UseGuards(guard)(SameName.prototype, 'message', message);
  WebPubSubHub(hub)(SameName);
  return SameName;
}

function guardOf(scope) {
  class ScopedGuard extends RuleGuard {}
  Reflect.defineMetadata('design:paramtypes', [Rule], ScopedGuard);
  Reflect.defineMetadata('scope:options', { scope }, ScopedGuard);
  Reflect.defineMetadata('__injectable__', true, ScopedGuard);
  return ScopedGuard;
}

function moduleOf(providers, imports = []) {
  class AnyModule {}
  Module({ providers: [Rule, ...providers], imports })(AnyModule);
  return AnyModule;
}

/** An event for the hub `guarded` must not get through. */
const FORMS = {
  'a class': () => moduleOf([hubClass('guarded', guardOf(Scope.DEFAULT))]),
  'a class with a transient guard': () => moduleOf([hubClass('guarded', guardOf(Scope.TRANSIENT))]),
  'a class with a request-scoped guard': () => moduleOf([hubClass('guarded', guardOf(Scope.REQUEST))]),
  'useClass under its own name': () => {
    const Hub = hubClass('guarded', guardOf(Scope.DEFAULT));
    return moduleOf([{ provide: Hub, useClass: Hub }]);
  },
  'useClass under another token': () =>
    moduleOf([{ provide: 'hub', useClass: hubClass('guarded', guardOf(Scope.DEFAULT)) }]),
  'a class whose token another module has for a stub': () => {
    const Hub = hubClass('guarded', guardOf(Scope.DEFAULT));
    return moduleOf([], [moduleOf([{ provide: Hub, useValue: {} }]), moduleOf([Hub])]);
  },
  'a value': () => {
    const Hub = hubClass('guarded', guardOf(Scope.DEFAULT));
    return moduleOf([{ provide: Hub, useValue: new Hub() }]);
  },
  'request-scoped useClass, and a request-scoped global guard': () =>
    moduleOf([
      { provide: 'hub', useClass: hubClass('guarded'), scope: Scope.REQUEST },
      { provide: APP_GUARD, useClass: guardOf(Scope.REQUEST), scope: Scope.REQUEST },
    ]),
  'one of two classes of a name, with pipes of their own': () => {
    const refuse = () => {
      throw new ForbiddenException();
    };
    const open = hubClass('open', undefined, { transform: (value) => value });
    return moduleOf([open, hubClass('guarded', undefined, { transform: refuse })]);
  },
};

const connection = WebPubSubModule.forRoot({ connectionString: process.env.WebPubSubConnectionString });
for (const [name, makeModule] of Object.entries(FORMS)) {
  let application;
  try {
    application = await NestFactory.create(moduleOf([], [connection, makeModule()]), {
      logger: false,
      abortOnError: false,
    });
    await application.listen(0, '127.0.0.1');
  } catch (error) {
    if (error.name !== 'StartUpError') throw error;
    continue;
  }
  const { port } = application.getHttpServer().address();
  const status = await send(port);
  if (status !== 403) throw new Error(`${name}: an event was answered with ${status}`);
  await application.close();
}

async function send(port) {
  const answer = await fetch(`http://127.0.0.1:${port}/eventhandler`, {
    method: 'POST',
    headers: {
      'WebHook-Request-Origin': 'demo.webpubsub.azure.com',
      'Content-Type': 'text/plain',
      'ce-specversion': '1.0',
      'ce-awpsversion': '1.0',
      'ce-type': 'azure.webpubsub.user.message',
      'ce-source': '/hubs/guarded/client/c1',
      'ce-id': '1',
      'ce-time': '2026-03-04T05:06:07Z',
      'ce-connectionId': 'c1',
      'ce-hub': 'guarded',
      'ce-eventName': 'message',
      'ce-signature': `sha256=${createHmac('sha256', ACCESS_KEY).update('c1').digest('hex')}`,
      Connection: 'close',
    },
    body: 'hello',
  });
  return answer.status;
}
