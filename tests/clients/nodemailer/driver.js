'use strict';

// One nodemailer transport. Reads messages as lines of JSON, {id, message}, sends each, and writes
// {id, result} or {id, error}.

const readline = require('node:readline');
const nodemailer = require('nodemailer');

const transport = nodemailer.createTransport(JSON.parse(process.argv[2]));

async function send({ id, args: [message] }) {
    try {
        const { accepted, rejected, response, messageId } = await transport.sendMail(message);
        console.log(JSON.stringify({ id, result: { accepted, rejected, response, messageId } }));
    } catch (error) {
        console.log(JSON.stringify({ id, error: `${error.code} ${error.response ?? error}` }));
    }
}

readline.createInterface({ input: process.stdin }).on('line', line => send(JSON.parse(line)));
