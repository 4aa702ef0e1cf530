// <label class="drop"> around a file input takes dropped files; form[data-upload] shows how far the sending is.
import { headers, on, one } from './dom.js';

const shown = (zone, input) => {
  const label = one('.file', zone);
  if (label) label.textContent = [...input.files].map((file) => file.name).join('، ');
};
for (const type of ['dragover', 'dragleave', 'drop']) {
  on(type, '.drop', (event, zone) => {
    event.preventDefault();
    zone.classList.toggle('over', type === 'dragover');
    const input = one('input[type=file]', zone);
    if (type !== 'drop' || !event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  });
}
on('change', '.drop input[type=file]', (_, input) => shown(input.closest('.drop'), input));

on('submit', 'form[data-upload]', (event, form) => {
  event.preventDefault();
  const bar = one('progress', form);
  const button = event.submitter;
  const request = new XMLHttpRequest(); // fetch cannot tell how much was sent
  const finish = () => {
    form.classList.remove('htmx-request');
    if (button) button.disabled = false;
    if (bar) bar.hidden = true;
  };
  request.upload.onprogress = ({ loaded, total, lengthComputable }) =>
    lengthComputable && bar && Object.assign(bar, { max: total, value: loaded });
  request.onerror = () => {
    finish();
    form.dispatchEvent(new CustomEvent('htmx:error', { bubbles: true, detail: { ctx: {}, error: new Error('upload failed') } }));
  };
  request.onload = () => {
    finish();
    const next = request.getResponseHeader('HX-Redirect');
    if (next) return location.assign(next);
    window.htmx.swap({ text: request.responseText, target: form, swap: 'outerMorph', sourceElement: form });
  };
  request.open('POST', form.getAttribute('action') || location.href);
  for (const [key, value] of Object.entries({ 'HX-Request': 'true', ...headers() })) request.setRequestHeader(key, value);
  form.classList.add('htmx-request');
  const data = new FormData(form, button);
  if (button) button.disabled = true;
  if (bar) Object.assign(bar, { hidden: false, value: 0 });
  request.send(data);
});
