import 'reflect-metadata';
import {
  BadRequestException,
  type CanActivate,
  type INestApplication,
  Injectable,
  ParseIntPipe,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ConnectRequest,
  EventData,
  OnConnect,
  OnUserEvent,
  ServiceClients,
  WebPubSubHub,
  WebPubSubModule,
} from '../../../src/index.js';
import { startTestService, type TestService } from '../../../src/testing/index.js';

const connectionString = 'Endpoint=http://localhost;AccessKey=any-key-of-at-least-thirty-two-bytes;Version=1.0;';

@Injectable()
class ClosedGuard implements CanActivate {
  canActivate() {
    return false;
  }
}

@WebPubSubHub('rooms')
class RoomHub {
  @OnConnect()
  connect({ context }: ConnectRequest) {
    if (context.userId === undefined) throw new UnauthorizedException('Sign in first.');
    if (context.userId === 'mallory') throw new UnauthorizedException('Not you.');
    if (context.userId === 'broken') throw new Error('no database');
  }

  @OnUserEvent('join')
  join(@EventData('room') room: string) {
    throw new BadRequestException(`no room ${room}`);
  }

  @OnUserEvent('guarded')
  @UseGuards(ClosedGuard)
  guarded() {}

  @OnUserEvent('count')
  count(@EventData('n', ParseIntPipe) n: number) {
    return n;
  }

  @OnUserEvent('broken')
  broken() {
    throw new Error('no database');
  }
}

describe('what a test is told of a failure', () => {
  let application: INestApplication;
  let service: TestService;

  const start = async (options: Parameters<typeof startTestService>[1] = {}) => {
    const moduleRef = await Test.createTestingModule({
      imports: [WebPubSubModule.forRoot({ connectionString })],
      providers: [RoomHub],
    }).compile();
    application = moduleRef.createNestApplication({ logger: false });
    service = await startTestService(application, options);
  };

  beforeEach(() => start());
  afterEach(() => application.close());

  describe('of an event', () => {
    it.each([
      ['a handler threw', 'join', { room: 'blue' }, 'answered 400: "no room blue"'],
      ['a guard refused', 'guarded', {}, 'answered 403: "Forbidden resource"'],
      ['a pipe refused', 'count', { n: 'x' }, 'answered 400: "Validation failed (numeric string is expected)"'],
      ['no handler takes', 'unknown', {}, 'answered 404: "No handler of the hub handles this user event."'],
      ['a handler failed at', 'broken', {}, 'answered 500 (asked 4 times)'],
    ])('that %s', async (_what, event, data, reason) => {
      const ann = await service.client('rooms', { userId: 'ann' });
      const error = await ann.client.sendEvent(event, data, 'json').catch((failure: unknown) => failure);
      expect(error).toMatchObject({ name: 'SendMessageError', ackId: 1 });
      expect(error).toHaveProperty('message', expect.stringMatching(/^Failed to send message\. http:\/\/127/));
      expect(error).toHaveProperty('message', expect.stringContaining(reason));
      expect(error).toHaveProperty('stack', expect.stringContaining(reason));
    });

    it('is its own reason, when several fail at once', async () => {
      const clients = [
        await service.client('rooms', { userId: 'ann' }),
        await service.client('rooms', { userId: 'bob' }),
      ];
      const rooms = ['blue', 'red', 'green'];
      const outcomes = clients.flatMap(({ client }, index) =>
        rooms.map((room) =>
          client.sendEvent('join', { room: `${room} ${index}` }, 'json').catch((error: Error) => error.message),
        ),
      );
      expect(await Promise.all(outcomes)).toEqual(
        clients.flatMap((_client, index) => rooms.map((room) => expect.stringMatching(`no room ${room} ${index}"$`))),
      );
    });

    it('is none when the record has forgotten it', async () => {
      const ann = await service.client('rooms', { userId: 'ann' });
      service.emulator.traffic.subscribe((entry) => {
        if (entry.door === 'upstream') service.emulator.traffic.clear();
      });
      await expect(ann.client.sendEvent('guarded', '', 'text')).rejects.toThrow(/^Failed to send message\.$/);
    });

    it('is none when the client has heard nothing of the service', async () => {
      const ann = await service.client('rooms', { userId: 'ann' });
      ann.stop();
      await expect(ann.client.sendEvent('join', '', 'text')).rejects.toThrow(/^The connection is not connected\.$/);
    });
  });

  describe('of a refused client', () => {
    it('are the words of the connect handler', async () => {
      await expect(service.client('rooms')).rejects.toThrow(
        /^Unexpected server response: 401, refused by upstream: Sign in first\.$/,
      );
      await expect(service.client('Rooms', { userId: 'mallory', subprotocol: 'reliable' })).rejects.toThrow(
        '401, refused by upstream: Not you.',
      );
    });

    it('is what the emulator itself has against it', async () => {
      service.faults.set({ kind: 'expireAccessToken', times: 1 });
      await expect(service.client('rooms', { userId: 'ann' })).rejects.toThrow(/: 401, refused: .*expired/);
    });

    it('is never that of another who was refused at the same time', async () => {
      const users = [undefined, 'mallory', 'broken'];
      const refusals = users.map((userId) =>
        service.client('rooms', { userId }).catch((error: Error) => error.message),
      );
      expect(await Promise.all(refusals)).toEqual([
        expect.stringMatching(/: 401(, refused by upstream: Sign in first\.)?$/),
        expect.stringMatching(/: 401(, refused by upstream: Not you\.)?$/),
        expect.stringMatching(/: 500, refused by upstream: Internal server error$/),
      ]);
    });
  });

  describe('of a hub that the application does not have', () => {
    const UNKNOWN = 'The application has no hub "room"; it has: rooms.';

    it('comes with the events and the silence of its clients', async () => {
      const ann = await service.client('room', { userId: 'ann' });
      await expect(ann.client.sendEvent('join', '', 'text')).rejects.toThrow(`Failed to send message. ${UNKNOWN}`);
      await expect(ann.next({ timeoutMs: 1 })).rejects.toThrow(`no message within 1 ms. ${UNKNOWN}`);
    });

    it('comes with settings of the test too, but for those that name event handlers of their own', async () => {
      await application.close();
      const eventHandlers = [{ urlTemplate: 'http://127.0.0.1:9/{event}', userEventPattern: 'other' }];
      await start({ hubs: { room: { anonymousConnectPolicy: 'allow' }, elsewhere: { eventHandlers } } });
      const ann = await service.client('room', { userId: 'ann' });
      await expect(ann.next({ timeoutMs: 1 })).rejects.toThrow(UNKNOWN);
      const bob = await service.client('elsewhere', { userId: 'bob' });
      await expect(bob.next({ timeoutMs: 1 })).rejects.toThrow(/within 1 ms\.$/);
      await expect(bob.client.sendEvent('join', '', 'text')).rejects.toThrow(/^Failed to send message\.$/);
    });

    it('does not come with one that the application only calls, named late', async () => {
      const ann = await service.client('late', { userId: 'ann' });
      const late = application.get(ServiceClients, { strict: false }).for('Late');
      await expect(ann.next({ timeoutMs: 1 })).rejects.toThrow(/within 1 ms\.$/);
      await late.sendToAll('hello', { contentType: 'text/plain' });
      expect(await ann.next()).toMatchObject({ data: 'hello' });
      await expect(ann.client.sendEvent('join', '', 'text')).rejects.toThrow('The application has no hub "late"');
    });

    it('is a TypeError when it is no hub name at all', async () => {
      expect(() => service.clientUrl('my-hub')).toThrow(TypeError);
      await expect(service.client('my-hub')).rejects.toThrow('"my-hub" is no hub name');
    });
  });

  it('is what it has when it has no hub class', async () => {
    const moduleRef = await Test.createTestingModule({
      imports: [WebPubSubModule.forRoot({ connectionString })],
    }).compile();
    const empty = moduleRef.createNestApplication();
    const ann = await (await startTestService(empty)).client('room', { userId: 'ann' });
    await expect(ann.next({ timeoutMs: 1 })).rejects.toThrow(
      'The application has no hub "room", nor any other: it has no hub class.',
    );
    await empty.close();
  });
});
