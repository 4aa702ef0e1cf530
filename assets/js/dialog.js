// <a href="/parties/new" data-dialog>: the same address opens in a dialog here and as a page without scripts.
import htmx from 'htmx.org';
import { on, one } from './dom.js';

let names = 0;

export async function openDialog(link) {
  const dialog = document.createElement('dialog');
  dialog.id = 'dialog';
  dialog.className = `dlg ${link.dataset.dialog || ''}`;
  one('#dialog')?.remove();
  document.body.append(dialog);
  link.setAttribute('aria-busy', 'true');
  try {
    await htmx.ajax('GET', link.getAttribute('href'), {
      source: link,
      target: dialog,
      swap: 'innerHTML',
      headers: { 'HX-Target': 'dialog' },
    });
  } finally {
    link.removeAttribute('aria-busy');
  }
  if (!dialog.childElementCount) return dialog.remove();
  const title = one('h1,h2', dialog);
  if (title) dialog.setAttribute('aria-labelledby', (title.id ||= `dialog-${++names}`));
  dialog.addEventListener('close', () => {
    dialog.remove();
    if (document.activeElement === document.body) link.focus();
  });
  dialog.showModal();
  one('[autofocus]', dialog)?.focus();
}

on('click', 'a[data-dialog]', (event, link) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  openDialog(link);
});
on('click', '[data-open]', (event, button) => {
  const dialog = document.getElementById(button.dataset.open);
  if (dialog?.showModal && !dialog.open) {
    event.preventDefault();
    dialog.showModal();
  }
});
on('click', '[data-close]', (event, button) => {
  const dialog = button.closest('dialog');
  if (dialog) {
    event.preventDefault();
    dialog.close();
  }
});
// The server says so: HX-Trigger: close-dialog
document.addEventListener('close-dialog', (event) => (event.target.closest?.('dialog') ?? one('dialog:modal'))?.close());
