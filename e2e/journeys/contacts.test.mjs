// Ways to reach a customer are mended on their page: added, changed, used first, taken away, and each act taken back.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import * as lib from '../lib.mjs';

let browser;
let server;
let customer;

before(async () => {
  const data = lib.folder();
  await lib.addUser(data);
  server = await lib.serve(data);
  const call = await lib.api(server, data);
  customer = await call('POST', '/parties', { kind: 'person', name: 'زهرا کریمی', mobile: '0912 345 6789' });
  browser = await lib.launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

for (const [lang, theme, size] of [['fa', 'light', lib.WIDE], ['en', 'dark', lib.PHONE]]) {
  test(`a contact point is changed and each change undone (${lang}, ${theme}, ${size.width} px)`, async () => {
    const words = lib.words(lang);
    const page = await lib.open(browser, server, { lang, theme, size });
    await lib.signIn(page, server);
    await lib.choose(page, server, lang, theme);
    await page.goto(`${server.url}/parties/${customer.id}`);
    const contacts = page.locator('#contacts');
    const dialog = page.locator('dialog[open]');
    const digits = (text) => (lang === 'fa' ? lib.persian(text) : text);
    const ways = () => contacts.locator('a[href^="tel:"]').evaluateAll((links) => links.map((link) => link.getAttribute('href').slice(-4)));
    const undo = async () => {
      await page.locator('#toasts [data-undo]').last().click();
      await page.locator('#toasts [data-undo]').last().waitFor({ state: 'detached' });
    };
    const act = async (at, label) => {
      await contacts.locator('[popovertarget^=way]').nth(at).click();
      await page.locator('[popover]:popover-open').getByText(label, { exact: true }).click();
    };
    const wait = (state) => page.waitForFunction((state) => document.querySelector('#contacts').innerText.includes(state), digits(state));
    const gone = (state) => page.waitForFunction((state) => !document.querySelector('#contacts').innerText.includes(state), digits(state));

    await contacts.locator('a[href$="/contacts/new"]').click();
    await dialog.locator('[name=value]').fill('0935 111 2233');
    await dialog.locator('[name=consent]').selectOption('given');
    await lib.assertAccessible(page, 'the dialog of a new contact point');
    await dialog.getByRole('button', { name: words('save') }).click();
    await dialog.waitFor({ state: 'detached' }).catch(() => dialog.waitFor({ state: 'hidden' }));
    await wait('2233');

    // The wrong number is told of beside its field, and what was typed stays.
    page.expected = [/status of 422/];
    await act(1, words('edit'));
    await dialog.locator('[name=value]').fill('0935');
    await dialog.locator('[name=label]').fill('Office');
    await dialog.getByRole('button', { name: words('save') }).click();
    await dialog.locator('#value-e').waitFor();
    assert.equal(await dialog.locator('[name=label]').inputValue(), 'Office');
    await lib.assertAccessible(page, 'the dialog that changes a contact point, with a problem');
    await lib.assertFits(page, 'the dialog that changes a contact point');
    await dialog.locator('[name=value]').fill('0935 111 4455');
    await dialog.locator('[name=is_main]').check();
    await dialog.locator('[name=consent]').selectOption('withdrawn');
    await dialog.locator('[name=consent_how]').fill('SMS');
    await dialog.getByRole('button', { name: words('save') }).click();
    await wait('4455');
    assert.deepEqual(await ways(), ['4455', '6789'], 'the one to use first comes first');
    assert.match(await contacts.locator('[popovertarget^=way]').first().getAttribute('title'), /SMS/);
    await undo();
    await wait('2233');
    assert.deepEqual(await ways(), ['6789', '2233']);

    await act(1, words('customer-consent-withdrawn'));
    await contacts.locator('.bad').waitFor();
    await undo();
    await contacts.locator('.bad').waitFor({ state: 'detached' });

    await act(1, words('remove'));
    await gone('2233');
    await undo();
    await wait('2233');
    await act(1, words('remove'));
    await gone('2233');
    await lib.assertAccessible(page, 'the page of the customer');
    page.assertQuiet();
    await page.context().close();
  });
}
