'use strict';

// One imapflow session. Reads calls as lines of JSON, {id, method, args}, and writes
// {id, result} or {id, error} for each, and {event, detail} for what the session is told.

const readline = require('node:readline');
const { ImapFlow } = require('imapflow');

// What JSON has no word for.
function plain(key, value) {
    if (typeof value === 'bigint') return Number(value);
    if (value instanceof Map) return Object.fromEntries(value);
    if (value instanceof Set) return [...value];
    // JSON.stringify has made an object of a Buffer already.
    if (value && value.type === 'Buffer') return Buffer.from(value.data).toString('latin1');
    return value;
}

function write(message) {
    process.stdout.write(JSON.stringify(message, plain) + '\n');
}

const client = new ImapFlow({ ...JSON.parse(process.argv[2]), logger: false });
for (const event of ['exists', 'expunge', 'flags', 'close', 'error']) {
    client.on(event, detail => write({ event, detail: detail instanceof Error ? String(detail) : detail }));
}

async function call({ id, method, args }) {
    try {
        const member = client[method];
        write({ id, result: typeof member === 'function' ? await member.apply(client, args) : member });
    } catch (error) {
        write({ id, error: `${error} ${error.responseText ?? ''}` });
    }
}

readline.createInterface({ input: process.stdin }).on('line', line => call(JSON.parse(line)));
