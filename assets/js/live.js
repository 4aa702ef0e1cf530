// One stream of server-sent events a tab (<body data-live="/live">). Nothing is polled; a hidden tab lets go of it,
// because browsers allow six connections to a server in all.
import { all, fragment, one } from './dom.js';
import { toast } from './toasts.js';

const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 300_000;
const HIDDEN_MS = 60_000;
const url = document.body.dataset.live;
let source,
  again,
  hiding,
  wait = FIRST_WAIT_MS;

const on = {
  // {"inbox":"۷","today":""}: the words of each [data-badge="…"], already in this person's digits
  counts: (text) => {
    for (const [name, value] of Object.entries(JSON.parse(text)))
      for (const badge of all(`[data-badge="${name}"]`)) badge.textContent = value;
  },
  toast,
  notification: (html) => {
    const list = one('#notifications');
    list?.prepend(fragment(html));
    if (list) window.htmx.process(list);
  },
  // a part of the page has news: hx-get with hx-trigger="live:inbox from:body"
  refresh: (name) => window.htmx.trigger(document.body, `live:${name}`),
};

function open() {
  clearTimeout(again);
  if (source || document.hidden) return;
  source = new EventSource(url);
  source.onopen = () => (wait = FIRST_WAIT_MS);
  source.onerror = () => {
    close();
    again = setTimeout(open, wait * (0.75 + Math.random() / 2));
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  };
  for (const [type, act] of Object.entries(on)) source.addEventListener(type, ({ data }) => act(data));
}

function close() {
  source?.close();
  source = undefined;
}

if (url) {
  open();
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hiding);
    if (!document.hidden) return open();
    hiding = setTimeout(() => (clearTimeout(again), close()), HIDDEN_MS);
  });
  addEventListener('online', open);
  addEventListener('pagehide', close);
  addEventListener('pageshow', ({ persisted }) => persisted && open());
}
