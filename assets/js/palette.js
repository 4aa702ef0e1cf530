// One box for everything. The server answers with links that are the options: an option may not hold a link.
import Combobox from '@github/combobox-nav';
import { one, on, root } from './dom.js';

const WAIT_MS = 60;
const dialog = one('#palette');
const input = dialog && one('input', dialog);
const list = dialog && one('[role=listbox]', dialog);
let combobox, timer, asked;

async function ask() {
  asked?.abort();
  const mine = (asked = new AbortController());
  try {
    const answer = await fetch(`${dialog.dataset.src || '/palette'}?q=${encodeURIComponent(input.value.trim())}`, {
      signal: mine.signal,
      headers: { 'HX-Request': 'true', Accept: 'text/html' },
    });
    if (!answer.ok) return;
    const html = await answer.text();
    if (mine.signal.aborted) return;
    combobox.clearSelection();
    list.innerHTML = html;
    window.htmx.process(list);
    combobox.resetSelection();
  } catch (error) {
    if (error.name !== 'AbortError') console.warn(error);
  }
}

export function openPalette() {
  if (!dialog) return;
  if (dialog.open) return dialog.close();
  combobox ??= new Combobox(input, list, { firstOptionSelectionMode: 'selected', tabInsertsSuggestions: false });
  dialog.showModal();
  input.select();
  combobox.start();
  ask();
}

if (dialog) {
  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    const link = one('a[aria-selected=true]', list);
    if (link) window.open(link.href);
  });
  list.addEventListener('combobox-commit', () => dialog.close());
  dialog.addEventListener('close', () => {
    combobox.stop();
    asked?.abort();
  });
}
on('click', '[data-palette]', (event) => {
  event.preventDefault();
  openPalette();
});

/** Fields that look something up: <div class="cb" data-combobox> with an input (hx-get) and its listbox; choosing fills [data-value]. */
const fields = new WeakMap();
on('focusin', '[data-combobox] input:not([type=hidden])', (_, field) => {
  const box = field.closest('[data-combobox]');
  if (fields.has(field)) return;
  const options = one('[role=listbox]', box);
  const nav = new Combobox(field, options, { firstOptionSelectionMode: 'selected' });
  const hidden = one('input[type=hidden]', box);
  const shut = () => (nav.stop(), options.replaceChildren());
  fields.set(field, nav);
  options.addEventListener('htmx:after:swap', () => nav.resetSelection());
  new MutationObserver(() => (options.childElementCount ? nav.start() : nav.stop())).observe(options, { childList: true });
  options.addEventListener('mousedown', (event) => event.preventDefault());
  options.addEventListener('combobox-commit', ({ target }) => {
    field.value = target.dataset.label ?? target.textContent.trim();
    hidden.value = target.dataset.value ?? '';
    shut();
    hidden.dispatchEvent(new Event('change', { bubbles: true }));
  });
  field.addEventListener('input', () => (hidden.value = ''));
  field.addEventListener('blur', shut);
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !options.childElementCount) return;
    event.preventDefault();
    event.stopPropagation();
    shut();
  });
});
root.dataset.ready = '';
