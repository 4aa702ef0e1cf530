// An import that is killed in the middle goes on where it was: nothing doubled, nothing lost, the counts add up.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as lib from '../lib.mjs';

const CUSTOMERS = 15_000;
const LINES = 30_000;

/** Starts an import and kills it once it has stored something but not everything; gives how far it was. */
async function killed(args, data, total) {
  const before = (await imports(data)).length;
  const child = spawn(lib.BIN, [...args, '--data', data], { stdio: 'ignore' });
  const exit = once(child, 'exit');
  for (;;) {
    if (child.exitCode !== null) return null;
    const [latest, ...rest] = await imports(data);
    const state = rest.length + 1 >= before && latest;
    if (state && state.rows > 0 && state.state !== 'done') break;
    await new Promise((done) => setTimeout(done, 20));
  }
  child.kill('SIGKILL');
  await exit;
  const [left] = await imports(data);
  assert.ok(left.rows <= total);
  return left;
}

async function imports(data) {
  return JSON.parse(await lib.peyvand(['op', 'imports.list', 'limit=5'], { data })).items;
}

const last = (output) => JSON.parse(output.split('\n').at(-1));

for (const engine of lib.ENGINES) {
  test(`a killed import of customers goes on without doubles (${engine})`, async () => {
    const data = lib.place(engine);
    await lib.peyvand(['migrate'], { data });
    const file = join(data, 'customers.csv');
    const rows = Array.from({ length: CUSTOMERS }, (_, n) => `K${String(n).padStart(6, '0')},مشتری شمارهٔ ${n},0912${String(n).padStart(7, '0')},تهران`);
    writeFileSync(file, `کد,نام,موبایل,شهر\n${rows.join('\n')}\n`);
    const args = ['import', 'parties', file, '--map', 'کد=external_id,نام=name,موبایل=mobile,شهر=city'];
    const first = await killed(args, data, CUSTOMERS);
    assert.ok(first, 'the import was over before it could be killed: make the file longer');
    const second = await killed(args, data, CUSTOMERS);
    if (second) assert.ok(second.id === first.id && second.rows >= first.rows, 'the second run went on with the first');
    const done = last(await lib.peyvand(args, { data }));
    assert.deepEqual({ ...done, import: null }, { rows: CUSTOMERS, created: CUSTOMERS, updated: 0, unchanged: 0, rejected: 0, import: null });
    assert.equal(done.import, first.id);
    const again = last(await lib.peyvand(args, { data }));
    assert.deepEqual({ ...again, import: null }, { rows: CUSTOMERS, created: 0, updated: 0, unchanged: CUSTOMERS, rejected: 0, import: null });
  });
}

for (const engine of lib.ENGINES) {
  test(`a killed import of purchases keeps the totals (${engine})`, async () => {
    const data = lib.place(engine);
    await lib.peyvand(['migrate'], { data });
    const file = join(data, 'purchases.csv');
    let net = 0;
    let refunds = 0;
    const rows = Array.from({ length: LINES }, (_, n) => {
      const invoice = Math.floor(n / 3);
      const quantity = n % 50 === 7 ? -1 : 1 + (n % 4);
      const price = 100 + (n % 997);
      if (quantity > 0) net += quantity * price;
      else refunds += -quantity * price;
      return `INV${invoice},2025-${String((invoice % 12) + 1).padStart(2, '0')}-15,C${invoice % 900},P${n % 40},کالای ${n % 40},${quantity},${price}`;
    });
    writeFileSync(file, `Invoice,Date,Customer,Product,Name,Quantity,Price\n${rows.join('\n')}\n`);
    const args = ['import', 'purchases', file, '--map', 'Invoice=invoice,Date=date,Customer=customer,Product=product,Name=product_name,Quantity=quantity,Price=unit_price', '--calendar', 'gregorian', '--currency', 'USD'];
    assert.ok(await killed(args, data, LINES), 'the import was over before it could be killed: make the file longer');
    const done = last(await lib.peyvand(args, { data }));
    assert.equal(done.rows, LINES);
    assert.equal(done.created + done.updated + done.unchanged + done.rejected, LINES);
    assert.equal(done.rejected, 0);
    const totals = JSON.parse(await lib.peyvand(['op', 'purchases.totals'], { data }));
    const text = JSON.stringify(totals);
    assert.equal(totals.customers, 900, text);
    assert.equal(totals.all_lines, LINES, text);
    assert.equal(Number(totals.gross), net, text);
    assert.equal(Number(totals.refunds), refunds, text);
    assert.equal(Number(totals.net), net - refunds, text);
    const again = last(await lib.peyvand(args, { data }));
    assert.equal(again.unchanged, LINES);
    assert.deepEqual(JSON.parse(await lib.peyvand(['op', 'purchases.totals'], { data })), totals);
  });
}
