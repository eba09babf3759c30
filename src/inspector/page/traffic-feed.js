const RETRY_MS = 2000;

/** Keeps the store fed. The browser comes back by itself after a broken connection, and says where it was. */
export function listenToFeed(store, indicator) {
  const showState = (state, words) => {
    indicator.dataset.state = state;
    indicator.textContent = words;
  };
  const source = new EventSource('/inspector/api/feed');
  source.addEventListener('open', () => showState('live', 'live'));
  source.addEventListener('message', (event) => store.receive(JSON.parse(event.data)));
  source.addEventListener('error', () => {
    showState('lost', 'reconnecting');
    // A refusal, unlike a broken connection, ends the source for good.
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => listenToFeed(store, indicator), RETRY_MS);
  });
}
