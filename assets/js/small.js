// Conveniences of a few lines each.
import { on, one, root } from './dom.js';

// <button data-copy="7F3K-21Q9" data-copied="کپی شد">
on('click', '[data-copy]', async (_, button) => {
  await navigator.clipboard.writeText(button.dataset.copy);
  const before = button.textContent;
  button.textContent = button.dataset.copied || before;
  setTimeout(() => (button.textContent = before), 1500);
});

// <button data-reveal="pw">: shows what is in a password field
on('click', '[data-reveal]', (_, button) => {
  const field = document.getElementById(button.dataset.reveal);
  const shown = field.type === 'password';
  field.type = shown ? 'text' : 'password';
  button.setAttribute('aria-pressed', shown);
});

// <select data-submit>: sends its form as soon as it changes
on('change', '[data-submit]', (_, field) => field.form?.requestSubmit());

// Repeating lines: <button data-add="#phone-line"> clones that <template> before itself, [data-remove] takes its .line away.
on('click', '[data-add]', (_, button) => {
  const copy = one(button.dataset.add).content.cloneNode(true);
  const line = copy.firstElementChild;
  (button.closest('.rep') ?? button.parentElement).insertBefore(copy, button.closest('.rep > *') ?? button);
  window.htmx.process(line);
  one('input,select,textarea', line)?.focus();
});
on('click', '[data-remove]', (_, button) => button.closest('.line')?.remove());

// A row of tabs that is wider than a phone begins where one is.
for (const tab of document.querySelectorAll(':is(.tabs, .sets nav) [aria-current]')) tab.scrollIntoView({ block: 'nearest', inline: 'center' });

const offline = () => {
  const banner = one('#offline');
  if (banner) banner.hidden = navigator.onLine;
};
addEventListener('online', offline);
addEventListener('offline', offline);
offline();
root.classList.add('js');
