import { Logger } from '@nestjs/common';
import { parseConnectionString } from '../protocol/connection-string.js';
import { startChatApplication, type ChatApplication } from './chat.application.js';
import { CHAT_HUB } from './chat.constants.js';
import { readChatSettings } from './chat.settings.js';

try {
  announce(await startChatApplication(readChatSettings(process.env)));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

function announce({ url, upstreamUrl, connectionString, emulator }: ChatApplication): void {
  const logger = new Logger('Chat');
  if (emulator) {
    // The key in it is the emulator's well-known one.
    logger.log(`Service: the emulator in this process, ${connectionString}`);
    logger.log(`Inspector: ${emulator.inspectorUrl}`);
  } else {
    logger.log(`Service: ${parseConnectionString(connectionString).endpoint}, from WebPubSubConnectionString`);
    logger.log(`It must deliver the events of hub ${CHAT_HUB} to the path of the upstream below.`);
  }
  logger.log(`Upstream: ${upstreamUrl}, hub ${CHAT_HUB}`);
  logger.log(`Chat: open ${url}`);
}
