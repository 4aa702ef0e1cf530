// The first hour of a shop: set up an empty Peyvand, bring a file with a mistake in it, mend the mistake, find a
// customer, write down what was said, plan what comes next, do it, take it back. In Persian, in English, on a phone.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as lib from '../lib.mjs';

const GOOD = lib.nationalId('008457594');
const OTHER = lib.nationalId('127145678');
// One digit wrong.
const BAD = `${OTHER.slice(0, 9)}${(Number(OTHER[9]) + 1) % 10}`;

const STORIES = {
  fa: {
    file: `نام,نام خانوادگی,موبایل,کد ملی,شهر,تاریخ تولد,رنگ دلخواه\nزهرا,کریمی,۰۹۱۲۳۴۵۶۷۸۹,${lib.persian(GOOD)},تهران,۱۳۶۴/۰۷/۱۲,آبی\nرضا,مرادی,09351112233,${BAD},مشهد,1370/01/20,\nمینا,صادقی,+98 936 222 3344,,شیراز,,سبز\n`,
    odd: 'رنگ دلخواه', kept: 'زهرا', mended: 'رضا', find: 'مراد', said: 'پرسید کالای تازه کی می‌رسد', plan: 'خبر رسیدن کالا را بده', due: 'فردا',
  },
  en: {
    file: `First name;Last name;Mobile;National ID;City;Birth date;Shoe colour\nZahra;Karimi;+98 912 345 6789;${GOOD};Tehran;1985-10-04;blue\nReza;Moradi;+98 935 111 2233;${BAD};Mashhad;1991-04-09;\nMina;Sadeghi;+98 936 222 3344;;Shiraz;;green\n`,
    odd: 'Shoe colour', kept: 'Zahra', mended: 'Reza', find: 'morad', said: 'Asked when the new goods arrive', plan: 'Tell about the goods', due: 'tomorrow',
  },
};

let browser;
before(async () => (browser = await lib.launch()));
after(() => browser?.close());

for (const [lang, size] of [['fa', lib.WIDE], ['en', lib.WIDE], ['fa', lib.PHONE]]) {
  const phone = size === lib.PHONE;
  test(`the first hour in ${lang}${phone ? ' on a phone' : ''}`, async (t) => {
    const data = lib.folder();
    const server = await lib.serve(data);
    const page = await lib.open(browser, server, { lang, size });
    const words = lib.words(lang);
    const story = STORIES[lang];
    const main = page.locator('main');
    // A story goes on only from where the chapter before it ended.
    let broken = false;
    const chapter = (name, run) =>
      t.test(name, { skip: broken && 'an earlier chapter failed' }, async () => {
        broken = true;
        await run();
        page.assertQuiet();
        broken = false;
      });

    await chapter('the first visit opens the set-up', async () => {
      await page.goto(server.url);
      await page.waitForURL('**/set-up');
      await page.locator('[name=name]').fill(lang === 'fa' ? 'فروشگاه آفتاب' : 'Sunny shop');
      await page.locator('[name=go][value=on]').click();
      await page.locator(`[name=lang][value=${lang}]`).check();
      await page.locator('[name=go][value=on]').click();
      await page.locator('[name=owner_name]').fill(lib.USER.name);
      await page.locator('[name=email]').fill(lib.USER.email);
      await page.locator('[name=password]').fill('short');
      page.expected.push(/status of 422/);
      await page.locator('[name=go][value=on]').click();
      await page.locator('[role=alert]').waitFor();
      assert.equal(await page.locator('[name=email]').inputValue(), lib.USER.email, 'what was typed is still there');
      await page.locator('[name=password]').fill(lib.USER.password);
      await page.locator('[name=go][value=on]').click();
      await page.waitForURL('**/set-up/readiness');
      await page.locator('[name=go][value=skip]').click();
      await page.waitForURL('**/today');
    });

    await chapter('a second owner cannot be made by the set-up', async () => {
      const answer = await page.goto(`${server.url}/set-up`);
      assert.equal(new URL(page.url()).pathname === '/set-up' && answer.status() === 200, false);
    });

    await chapter('signing out and in again', async () => {
      await page.context().clearCookies({ name: 'peyvand_session' });
      await page.goto(`${server.url}/parties`);
      await page.waitForURL(/\/sign-in\?next=/);
      await lib.signIn(page, server);
    });

    await chapter('a file with a mistake comes in, but for the row with the mistake', async () => {
      mkdirSync(join(data, 'mine'), { recursive: true });
      const file = join(data, 'mine', 'customers.csv');
      writeFileSync(file, story.file);
      await page.goto(`${server.url}/imports`);
      await bringIn(file);
      await main.getByText(words('imports-rejects'), { exact: true }).waitFor();
      // A phone leaves the cells out and shows the reason.
      if (!phone) assert.match(await main.innerText(), new RegExp(story.mended), 'the refused row is shown');
    });

    await chapter('the refused row is mended and comes in', async () => {
      const href = await main.locator('a[href$="rejects.csv"]').getAttribute('href');
      const answer = await page.request.get(server.url + href);
      assert.equal(answer.status(), 200);
      const rejected = await answer.text();
      assert.match(rejected, new RegExp(story.mended));
      assert.doesNotMatch(rejected, new RegExp(story.kept));
      const file = join(data, 'mine', 'mended.csv');
      writeFileSync(file, rejected.replace(BAD, OTHER));
      await page.goto(`${server.url}/imports`);
      await bringIn(file);
      assert.equal(await main.locator('a[href$="rejects.csv"]').count(), 0, await main.innerText());
    });

    async function bringIn(file) {
      await page.locator('input[type=file]').setInputFiles(file);
      await page.locator('form[data-upload] button[type=submit]').click();
      await page.waitForURL(/\/imports\/[0-9a-f-]{36}/);
      // Everything was recognised by its name; the preview says what each row will be.
      await page.locator('table.preview').waitFor();
      await lib.assertFits(page, 'the map of columns');
      // A column that was not recognised is there to be given a meaning.
      await page.locator('table.map tr').filter({ hasText: story.odd }).locator('select').first().click({ trial: true });
      // Two words of the same end may each lead to the result: the browser notes that the first went no further.
      page.expected.push(/Transition was skipped/);
      await page.getByRole('button', { name: words('imports-start') }).click();
      await page.getByRole('link', { name: words('imports-see-customers') }).waitFor({ timeout: 30_000 });
    }

    await chapter('the mended customer is found', async () => {
      await page.goto(`${server.url}/parties`);
      if (phone) {
        await page.locator('input[data-list-search]').fill(story.find);
        await page.locator('#rows a').filter({ hasText: story.mended }).click();
      } else {
        await page.keyboard.press('Control+k');
        await page.locator('#palette input').fill(story.find);
        await page.locator('#palette').getByRole('option').filter({ hasText: story.mended }).first().waitFor();
        await page.keyboard.press('Enter');
      }
      await page.waitForURL(/\/parties\/[0-9a-f-]{36}/);
      assert.match(await main.innerText(), new RegExp(story.mended));
    });
    const customer = page.url();

    await chapter('what was said is logged in one dialog', async () => {
      if (phone) await page.locator('a[href*="/interactions/new?party="]:visible').first().click();
      else await page.keyboard.press('n');
      const dialog = page.locator('dialog[open]');
      const text = dialog.locator('textarea').first();
      await text.fill(story.said);
      await text.press('Control+Enter');
      await dialog.waitFor({ state: 'detached' }).catch(() => dialog.waitFor({ state: 'hidden' }));
      await page.goto(customer);
      await main.getByText(story.said).first().waitFor();
    });

    await chapter('a follow-up is planned', async () => {
      await page.goto(`${server.url}/follow-ups/new?party=${customer.split('/').at(-1)}`);
      await page.locator('[name=what]').fill(story.plan);
      await page.locator('[name=due_text]').fill(story.due);
      await page.getByRole('button', { name: words('save') }).click();
      // A form that is a page of its own is left behind once it is saved.
      await page.waitForURL('**/today');
      await page.goto(`${server.url}/follow-ups`);
      await main.getByText(story.plan).waitFor();
    });

    await chapter('it is done in one move, and undone', async () => {
      const row = main.locator('[data-rows] > li').filter({ hasText: story.plan });
      if (phone) {
        await row.locator('a.done').click();
      } else {
        await page.keyboard.press('j');
        await page.keyboard.press('e');
      }
      await page.locator('dialog[open] [name=result]').first().click();
      await page.locator('#toasts [data-undo]').waitFor();
      await row.waitFor({ state: 'detached' });
      if (phone) await page.locator('#toasts [data-undo]').click();
      else await page.keyboard.press('z');
      await row.waitFor();
    });

    await page.context().close();
    await server.stop();
  });
}
