import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { BrowserContextOptions, Page } from 'playwright-core';
import type { ChatApplication } from '../../../src/sample/chat.application.js';
import { describeInBrowser } from '../../support/browser.js';
import { ChatPage } from '../../support/chat-page.js';
import { startSample } from '../../support/start-sample.js';
import { TURNING_NAMES, turnedTexts } from '../../support/turned-texts.js';

const WIDE: BrowserContextOptions = { viewport: { width: 1100, height: 780 } };
const NARROW: BrowserContextOptions = {
  viewport: { width: 360, height: 780 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};
const SCREENSHOTS = process.env['SCREENSHOT_FOLDER'] ?? join('.tmp', 'screenshots');

describeInBrowser('the chat page', (pages) => {
  let sample: ChatApplication;

  beforeAll(async () => {
    sample = await startSample();
  });

  afterAll(async () => {
    await sample.close();
  });

  const joined = async (name: string, options?: BrowserContextOptions): Promise<ChatPage> => {
    const chat = new ChatPage(await pages.open(sample.url, options));
    await chat.join(name);
    return chat;
  };

  it('lets two people talk, each with the own messages apart', async () => {
    const ann = await joined('Ann');
    const bob = await joined('Bob');
    await ann.sees('Bob joined.');

    await ann.say('Hello, Bob');
    await bob.sees('Hello, Bob');
    await bob.say('Hello, Ann');
    await ann.sees('Hello, Ann');

    expect(await ann.groups()).toEqual([
      { from: 'Ann', isOwn: true, messages: ['Hello, Bob'] },
      { from: 'Bob', isOwn: false, messages: ['Hello, Ann'] },
    ]);
    expect(await bob.groups()).toEqual([
      { from: 'Ann', isOwn: false, messages: ['Hello, Bob'] },
      { from: 'Bob', isOwn: true, messages: ['Hello, Ann'] },
    ]);
    const [own, other] = [await ann.box('Hello, Bob'), await ann.box('Hello, Ann')];
    expect(own.x + own.width).toBeGreaterThan(other.x + other.width);
    await leaveAll(ann, bob);
  });

  it('shows one head over consecutive messages of a person, with name and time', async () => {
    const ann = await joined('Ann');
    const bob = await joined('Bob');
    await bob.say('one');
    await bob.say('two');
    await ann.sees('two');
    await ann.say('three');
    await bob.say('four');
    await ann.sees('four');
    expect(await ann.groups()).toEqual([
      { from: 'Bob', isOwn: false, messages: ['one', 'two'] },
      { from: 'Ann', isOwn: true, messages: ['three'] },
      { from: 'Bob', isOwn: false, messages: ['four'] },
    ]);
    expect(await ann.page.locator('.group-head').first().innerText()).toMatch(/^Bob\s+\d\d:\d\d$/);
    await leaveAll(ann, bob);
  });

  it('welcomes a third person who joins late', async () => {
    const ann = await joined('Ann');
    const bob = await joined('Bob');
    await ann.say('Before Carol');
    await bob.sees('Before Carol');
    const carol = await joined('Carol');
    await ann.sees('Carol joined.');
    await bob.sees('Carol joined.');
    await carol.say('Hello, both');
    await ann.sees('Hello, both');
    await bob.sees('Hello, both');
    expect(await carol.groups()).toEqual([{ from: 'Carol', isOwn: true, messages: ['Hello, both'] }]);
    await leaveAll(ann, bob, carol);
  });

  it('leaves and joins again when it is reloaded, under the name it had', async () => {
    const ann = await joined('Ann');
    const bob = await joined('Bob');
    await ann.sees('Bob joined.');
    await bob.page.reload();
    await bob.isConnected();
    await ann.sees('Bob left.');
    await ann.sees('Bob joined.', 2);
    await bob.say('Here again');
    await ann.sees('Here again');
    expect(await bob.page.getByLabel('Your name').isVisible()).toBe(false);
    await leaveAll(ann, bob);
  });

  it('keeps the name to one window, so that the next one can be somebody else', async () => {
    const ann = await joined('Ann');
    const second = await ann.page.context().newPage();
    await second.goto(sample.url);
    const bob = new ChatPage(second);
    expect(await second.getByLabel('Your name').inputValue()).toBe('');
    await bob.join('Bob');
    await ann.sees('Bob joined.');
    await leaveAll(ann, bob);
  });

  it('says goodbye when somebody leaves, and offers the name for coming back', async () => {
    const ann = await joined('Ann');
    const bob = await joined('Bob');
    await ann.sees('Bob joined.');
    await bob.leave();
    await ann.sees('Bob left.');
    expect(await bob.page.getByLabel('Your name').inputValue()).toBe('Bob');
    await leaveAll(ann);
  });

  it('says why a name cannot be used', async () => {
    const page = await pages.open(sample.url);
    const alert = page.getByRole('alert');
    await page.getByRole('button', { name: 'Join' }).click();
    await alert.getByText('Enter a name first.').waitFor();
    await page.getByLabel('Your name').fill('[System]');
    await page.keyboard.press('Enter');
    await alert.getByText('The name [System] belongs to the chat itself.').waitFor();
    // The refusal is an answer with status 400, which the console reports.
    expect(pages.complaints.splice(0)).toEqual([expect.stringContaining('400')]);
    await page.context().close();
  });

  it('sends with Enter, makes a line with Shift+Enter, and sends no blanks', async () => {
    const ann = await joined('Ann');
    const draft = ann.page.getByRole('textbox', { name: 'Message' });
    const send = ann.page.getByRole('button', { name: 'Send' });
    expect(await send.isDisabled()).toBe(true);
    await draft.fill('   ');
    expect(await send.isDisabled()).toBe(true);
    await draft.press('Enter');
    await draft.fill('');
    await draft.pressSequentially('first');
    await draft.press('Shift+Enter');
    await draft.pressSequentially('second');
    await draft.press('Enter');
    await ann.sees('first\nsecond');
    await draft.fill('by button');
    await send.click();
    await ann.sees('by button');
    expect(await ann.groups()).toEqual([{ from: 'Ann', isOwn: true, messages: ['first\nsecond', 'by button'] }]);
    await leaveAll(ann);
  });

  it.each([
    ['markup', '<img src=x onerror="document.title=1"><script>document.title=2</script>'],
    ['emoji', '👩‍👩‍👧‍👦🇺🇳👍🏽'],
    ['text from right to left', 'שלום! مرحبا بالعالم'],
    ['a very long word', 'w'.repeat(600)],
    ['many lines', Array.from({ length: 40 }, (_, line) => `line ${line}`).join('\n')],
  ])('shows %s as it was written, within a phone', async (_name, text) => {
    const ann = await joined('Ann <b>', NARROW);
    const bob = await joined('Bob');
    await bob.say(text);
    await ann.sees(text);
    expect(await ann.page.title()).toBe('Chat');
    expect(await ann.page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    expect(await ann.page.evaluate('document.querySelector("#log").scrollWidth')).toBeLessThanOrEqual(360);
    expect(await ann.page.locator('.bubble img, .bubble script').count()).toBe(0);
    await leaveAll(ann, bob);
  });

  it.each(TURNING_NAMES)('does not let a name such as %j turn the words after it', async (name) => {
    const ann = await joined('Ann');
    const eve = await joined(name);
    await ann.sees(`${name} joined.`);
    await eve.say('Hello');
    await ann.sees('Hello');
    await eve.leave();
    await ann.sees(`${name} left.`);
    expect(await turnedTexts(ann.page, '.notice bdi, .name')).toEqual([name, name, name]);
    expect(await turnedTexts(ann.page, '.notice, time')).toEqual([]);
    await leaveAll(ann, eve);
  });

  it('tells how much is unread while one reads further up', async () => {
    const ann = await joined('Ann');
    const bob = await joined('Bob');
    await bob.say(Array.from({ length: 60 }, (_, line) => `line ${line}`).join('\n'));
    await ann.sees(/line 59/);
    await ann.page.evaluate('document.querySelector("#log").scrollTop = 0');
    await bob.say('below');
    await bob.say('further below');
    const unread = ann.page.getByRole('button', { name: '2 new messages' });
    await unread.click();
    await unread.waitFor({ state: 'hidden' });
    expect(await ann.page.getByText('further below').isVisible()).toBe(true);
    await leaveAll(ann, bob);
  });

  it.each(['light', 'dark'] as const)(
    "shows signs without colours of their own in the text's, %s",
    async (colorScheme) => {
      const ann = await joined('Ann', { colorScheme });
      await ann.say('❤');
      await ann.sees('❤');
      const { text, sign, behind } = await ann.page.evaluate<Record<string, string>>(`({
        text: getComputedStyle(document.body).color,
        sign: getComputedStyle(document.querySelector('.own .bubble')).color,
        behind: getComputedStyle(document.querySelector('.own .bubble')).backgroundColor,
      })`);
      expect({ sign, behind }).toEqual({ sign: text, behind: 'rgba(0, 0, 0, 0)' });
      await leaveAll(ann);
    },
  );

  it('keeps the newest message in view when a draft grows at the moment at which the log is scrolled', async () => {
    const ann = await joined('Ann', NARROW);
    await ann.say(Array.from({ length: 60 }, (_, line) => `line ${line}`).join('\n'));
    await ann.sees(/line 59/);
    const distance = await ann.page.evaluate<number>(`(async () => {
      const [log, draft] = [document.querySelector('#log'), document.querySelector('#draft')];
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      log.scrollTop -= 1;
      draft.value = 'a line\\n'.repeat(6);
      draft.dispatchEvent(new Event('input'));
      for (let count = 0; count < 3; count++) await frame();
      return log.scrollHeight - log.scrollTop - log.clientHeight;
    })()`);
    expect(distance).toBeLessThan(2);
    await leaveAll(ann);
  });

  it('marks a message that was not confirmed, and sends it again when asked', async () => {
    const page = await pages.open('about:blank');
    let isCut = true;
    await page.routeWebSocket(/client\/hubs/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((frame) => {
        if (isCut && String(frame).includes('lost on the way')) void socket.close({ code: 1001 });
        else server.send(frame);
      });
    });
    await page.goto(sample.url);
    const ann = new ChatPage(page);
    await ann.join('Ann');
    await ann.say('lost on the way');
    await page.getByText('Not sent:').waitFor();
    await ann.isConnected();
    isCut = false;
    await page.getByRole('button', { name: 'Send again' }).click();
    await page.getByText('Not sent:').waitFor({ state: 'detached' });
    await ann.sees('lost on the way');
    expect(await ann.groups()).toEqual([{ from: 'Ann', isOwn: true, messages: ['lost on the way'] }]);
    await leaveAll(ann);
  });

  it.each([
    ['wide', WIDE, 'light'],
    ['narrow', NARROW, 'light'],
    ['dark', WIDE, 'dark'],
  ] as const)('fits a %s window', async (name, options, colorScheme) => {
    const subject = await joined('Ann', { ...options, colorScheme });
    const [bob, chloe] = [await joined('Bob'), await joined('Chloé')];
    await subject.sees('Chloé joined.');
    await conversation(subject, bob, chloe);
    const { width, height } = options.viewport ?? { width: 0, height: 0 };
    expect(await subject.page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    const composer = await subject.page.locator('#composer').boundingBox();
    expect((composer?.y ?? Infinity) + (composer?.height ?? 0)).toBeLessThanOrEqual(height);
    await screenshot(subject.page, name);
    await leaveAll(subject, bob, chloe);
  });

  it('asked for nothing beyond localhost, and had nothing blocked by its own policy', () => {
    expect(pages.complaints).toEqual([]);
  });
});

/** What the pictures show. */
async function conversation(ann: ChatPage, bob: ChatPage, chloe: ChatPage): Promise<void> {
  await bob.say('Morning! Is the demo still at ten?');
  await ann.sees(/still at ten/);
  await ann.say('It is. Room 4, and online for everyone else.');
  await chloe.sees(/Room 4/);
  await chloe.say('On my way 🚲');
  await chloe.say('Shall I bring coffee?');
  await ann.sees(/coffee/);
  await ann.say('Please do:\n  1 flat white\n  2 espresso');
  await bob.sees(/espresso/);
  await bob.say('🎉');
  await ann.sees('🎉');
}

async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `chat-${name}.png`), animations: 'disabled', caret: 'hide' });
}

async function leaveAll(...people: ChatPage[]): Promise<void> {
  for (const { page } of people) await page.context().close();
}
