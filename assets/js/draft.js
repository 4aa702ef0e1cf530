// <form data-draft="party-new">: what was typed survives a reload, a closed dialog and a lost connection, until it is sent.
import { all, on, ready } from './dom.js';

const PREFIX = 'draft:';
const SENT = 'draft-sent';
const name = (form) => PREFIX + form.dataset.draft;
const fields = (form) =>
  [...form.elements].filter(
    (field) =>
      field.name &&
      field.matches('textarea,input:not([type]),input[type=text],input[type=search],input[type=tel],input[type=email],input[type=number]'),
  );
const forget = (key) => sessionStorage.removeItem(key);

on('input', 'form[data-draft]', (_, form) => {
  const typed = fields(form).flatMap((field, at) => (field.value === field.defaultValue ? [] : [[at, field.name, field.value]]));
  if (typed.length) sessionStorage.setItem(name(form), JSON.stringify(typed));
  else forget(name(form));
});

function restore(form) {
  if (form.dataset.draftDone) return;
  form.dataset.draftDone = 'yes';
  const saved = JSON.parse(sessionStorage.getItem(name(form)) || '[]');
  const present = fields(form);
  for (const [at, fieldName, value] of saved) {
    const field = present[at]?.name === fieldName ? present[at] : present.find((other) => other.name === fieldName);
    if (!field || field.value !== field.defaultValue) continue;
    field.value = value;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }
}

// A plain form that was sent is only forgotten on the next page, and not when that page shows it again with errors.
const sent = sessionStorage.getItem(SENT);
if (sent) {
  sessionStorage.removeItem(SENT);
  if (!document.querySelector(`form[data-draft="${CSS.escape(sent)}"] :is([aria-invalid=true],.err)`)) forget(PREFIX + sent);
}
document.addEventListener('submit', ({ target }) => {
  if (target.dataset?.draft && !target.matches('[hx-post],[data-upload]')) sessionStorage.setItem(SENT, target.dataset.draft);
});
document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => {
  const form = ctx.sourceElement.closest?.('form[data-draft]');
  if (form && ctx.request.method !== 'GET' && ctx.response.status < 400) forget(name(form));
});
ready(() => all('form[data-draft]').forEach(restore));
