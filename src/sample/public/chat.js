import { Composer } from './composer.js';
import { ChatConnection } from './connection.js';
import { paintAvatar } from './person.js';
import { clockTime, Transcript } from './transcript.js';

const NAME_KEY = 'chat.name';
const SYSTEM_SENDER = '[System]';
const STATUS = { connecting: 'Connecting…', connected: 'Connected', lost: 'Offline' };

const byId = (id) => document.getElementById(id);
const transcript = new Transcript({ log: byId('log'), empty: byId('log-empty'), unreadButton: byId('unread') });
const composer = new Composer(
  { form: byId('composer'), draft: byId('draft'), room: byId('draft-room'), button: byId('send') },
  send,
);
let connection;
let wasLost = false;
let unseen = 0;

byId('join-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const name = byId('name').value.trim();
  if (name === '') askForName('Enter a name first.');
  else join(name);
});
byId('leave').addEventListener('click', () => askForName());
byId('retry').addEventListener('click', () => connection?.retryNow());
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState !== 'visible') return;
  showUnseen(0);
  connection?.retryNow();
});

// Kept for this window alone, so that two windows can be two people.
const rememberedName = sessionStorage.getItem(NAME_KEY);
if (rememberedName) join(rememberedName);
else askForName();

function askForName(problem = '') {
  connection?.close();
  connection = undefined;
  byId('name').value ||= sessionStorage.getItem(NAME_KEY) ?? '';
  sessionStorage.removeItem(NAME_KEY);
  byId('name-error').textContent = problem;
  byId('name').setAttribute('aria-invalid', String(problem !== ''));
  byId('chat').hidden = true;
  byId('join').hidden = false;
  byId('name').focus();
}

function join(name) {
  sessionStorage.setItem(NAME_KEY, name);
  transcript.clear();
  wasLost = false;
  showMe(name);
  byId('join').hidden = true;
  byId('chat').hidden = false;
  connection = new ChatConnection(name);
  connection.addEventListener('state', ({ detail }) => showState(detail));
  connection.addEventListener('data', ({ detail }) => receive(detail));
  connection.addEventListener('refused', ({ detail }) => askForName(detail));
  void connection.open();
  composer.focus();
}

function showMe(name) {
  byId('me-name').textContent = name;
  byId('me-name').title = name;
  paintAvatar(byId('me-avatar'), name);
}

function showState(state) {
  byId('status').dataset.state = state;
  byId('status').textContent = STATUS[state];
  composer.isEnabled = state === 'connected';
  if (state === 'lost' && !wasLost) {
    wasLost = true;
    byId('banner').hidden = false;
    transcript.addNotice(`Connection lost at ${clockTime(new Date())}.`);
  } else if (state === 'connected') {
    showMe(connection.userId);
    if (wasLost)
      transcript.addNotice(`Connected again at ${clockTime(new Date())}. What was said in between is not shown.`);
    wasLost = false;
    byId('banner').hidden = true;
  }
}

/** The chat sends `{ from, message }`; whatever else is sent to this hub is shown as it is. */
function receive(data) {
  const isChat = typeof data === 'object' && data !== null && 'message' in data;
  const from = isChat ? String(data.from ?? 'Somebody') : 'Server';
  const content = isChat ? data.message : data;
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  if (isChat && from === SYSTEM_SENDER) return transcript.addNotice(text);
  const isOwn = isChat && from === connection.userId;
  transcript.addMessage({ from, text, isOwn });
  if (!isOwn && document.visibilityState === 'hidden') showUnseen(unseen + 1);
}

function send(text) {
  connection.send(text).catch((error) => {
    transcript.addUnsent(text, error.message, () => {
      if (!connection?.isConnected) return false;
      send(text);
      return true;
    });
  });
}

function showUnseen(count) {
  unseen = count;
  document.title = count === 0 ? 'Chat' : `(${count}) Chat`;
}
