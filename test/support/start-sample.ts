import { startChatApplication, type ChatApplication } from '../../src/sample/chat.application.js';
import type { ChatSettings } from '../../src/sample/chat.settings.js';

/** The sample on free ports, silent; with its embedded emulator unless a connection string is given. */
export async function startSample(settings: Partial<ChatSettings> = {}): Promise<ChatApplication> {
  return startChatApplication({ port: 0, emulatorPort: 0, ...settings }, []);
}

/** The URL that the sample lets a user connect with. */
export async function negotiate({ url }: Pick<ChatApplication, 'url'>, userId: string): Promise<string> {
  const response = await fetch(`${url}/negotiate?userId=${encodeURIComponent(userId)}`);
  if (!response.ok) throw new Error(`Negotiation of ${userId} answered ${response.status}.`);
  return ((await response.json()) as { url: string }).url;
}
