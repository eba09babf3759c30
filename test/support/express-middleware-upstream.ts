import { createServer } from 'node:http';
import { WebPubSubEventHandler, type ConnectionContext } from '@azure/web-pubsub-express';
import express from 'express';
import { EventQueue, INTEROP_HUB, listen, stop, type HeardEvent, type InteropContender } from './interop-upstream.js';

/** The application on Express with Microsoft's own middleware. */
export const expressMiddleware: InteropContender = {
  name: '@azure/web-pubsub-express',
  async start(connectionString) {
    const endpoint = /Endpoint=([^;]+)/.exec(connectionString)?.[1] ?? '';
    const heard = new EventQueue();
    const middleware = new WebPubSubEventHandler(INTEROP_HUB, {
      path: '/events',
      // The middleware compares hosts with their port, which the service never sends.
      allowedEndpoints: [endpoint.replace(/:\d+$/, '')],
      handleConnect: ({ claims, query }, response) => {
        if (query?.['refuse']) return response.fail(401, 'not today');
        response.setState('room', 'blue');
        response.success({
          userId: claims?.['sub']?.[0] ?? 'guest',
          groups: query?.['group'] ?? [],
          roles: ['webpubsub.sendToGroup.lobby'],
        });
      },
      handleUserEvent: (request, response) => {
        const { context } = request;
        switch (context.eventName) {
          case 'echo':
            return response.success(
              request.dataType === 'json' ? JSON.stringify(request.data) : request.data,
              request.dataType,
            );
          case 'count': {
            const count = Number(context.states['count'] ?? 0) + 1;
            response.setState('count', count);
            return response.success(JSON.stringify({ count }), 'json');
          }
          case 'context': {
            const { hub, userId, states } = context;
            return response.success(JSON.stringify({ hub, userId, room: states['room'] }), 'json');
          }
          case 'refuse':
            return response.fail(400, 'refused');
          default:
            return response.success();
        }
      },
      onConnected: ({ context }) => heard.push(describeEvent(context)),
      onDisconnected: ({ context, reason }) => heard.push({ ...describeEvent(context), ...(reason && { reason }) }),
    });
    const app = express();
    app.use(middleware.getMiddleware());
    const server = createServer(app);
    return { url: `${await listen(server)}/events`, heard, close: () => stop(server) };
  },
};

function describeEvent({ eventName, userId }: ConnectionContext): HeardEvent {
  return { eventName, ...(userId !== undefined && { userId }) };
}
