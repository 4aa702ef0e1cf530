// A server that is killed in the middle of a job: another one takes the job over when its lease has run out.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import * as lib from '../lib.mjs';

const CUSTOMERS = 15_000;
/** A lease lasts a minute; the rest is for a slow machine. */
const TAKEN_OVER_MS = 150_000;

for (const engine of lib.ENGINES) {
  test(`an undo that was killed is finished by the next server (${engine})`, async () => {
    const data = lib.place(engine);
    await lib.addUser(data);
    const file = join(data, 'customers.csv');
    const rows = Array.from({ length: CUSTOMERS }, (_, n) => `K${String(n).padStart(6, '0')},Customer ${n}`);
    writeFileSync(file, `id,name\n${rows.join('\n')}\n`);
    const said = await lib.peyvand(['import', 'parties', file, '--map', 'id=external_id,name=name'], { data });
    const { import: id } = JSON.parse(said.split('\n').at(-1));

    let server = await lib.serve(data);
    let call = await lib.api(server, data);
    const there = await call('GET', '/parties/search?q=Customer');
    assert.ok(there.items.length > 0);
    await call('POST', `/imports/${id}/undo`);
    let state;
    do state = await call('GET', `/imports/${id}`);
    while (state.details.removed === 0);
    await server.kill();
    assert.ok(state.details.removed < CUSTOMERS, 'the undo was over before the server could be killed: make the file longer');

    server = await lib.serve(data);
    call = await lib.api(server, data);
    const until = Date.now() + TAKEN_OVER_MS;
    do {
      assert.ok(Date.now() < until, `nobody took the job over: ${JSON.stringify(state)}`);
      await new Promise((done) => setTimeout(done, 500));
      state = await call('GET', `/imports/${id}`);
    } while (state.state !== 'undone');
    assert.equal(state.details.removed, CUSTOMERS);
    assert.equal(state.details.kept, 0);
    assert.deepEqual((await call('GET', '/parties/search?q=Customer')).items, []);
    await server.stop();
  });
}

for (const engine of lib.ENGINES) {
  test(`a server that is asked to stop finishes its requests and ends by itself (${engine})`, async () => {
    const data = lib.place(engine);
    await lib.addUser(data);
    const server = await lib.serve(data);
    const token = await lib.peyvand(['token', 'create', '--user', lib.USER.email], { data });
    const body = Buffer.from(JSON.stringify({ kind: 'person', first_name: 'Zahra', last_name: 'Karimi' }));
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': body.length };
    const asking = request(`${server.url}/api/v1/parties`, { method: 'POST', headers, agent: false });
    const answered = once(asking, 'response');
    // Half of it is on its way when the server is told to stop.
    asking.write(body.subarray(0, 10));
    await new Promise((done) => setTimeout(done, 300));
    const ended = server.stop();
    await new Promise((done) => setTimeout(done, 300));
    asking.end(body.subarray(10));
    const [answer] = await answered;
    answer.resume();
    assert.equal(answer.statusCode, 200);
    assert.deepEqual(await ended, { code: 0, signal: null });
  });
}
