'use strict';

// tsdav for one person. Reads calls as lines of JSON, {id, method, args}, and writes
// {id, result} or {id, error} for each. Collections are named by their URLs; what tsdav knows of
// them (the token of the last sync, too) stays here.

const readline = require('node:readline');
const { createDAVClient } = require('tsdav');

const settings = JSON.parse(process.argv[2]);
const clients = {};
const accounts = {};
const collections = new Map();

function plain({ url, displayName, syncToken, ctag, components, calendarColor, reports }) {
    return { url, displayName, syncToken, ctag, components, calendarColor, reports };
}

function hold(kind, found) {
    for (const collection of found) {
        if (!collections.has(collection.url)) collections.set(collection.url, { kind, collection });
    }
    return found.map(plain);
}

function holder(url) {
    const { kind, collection } = collections.get(url);
    return { client: clients[kind], kind, collection };
}

function bare({ url, etag, data }) {
    return { url, etag, data };
}

async function answered(response) {
    return { status: response.status, etag: response.headers.get('etag'), text: await response.text() };
}

const methods = {
    async connect() {
        for (const kind of ['caldav', 'carddav']) {
            clients[kind] = await createDAVClient({ ...settings, authMethod: 'Basic', defaultAccountType: kind });
            accounts[kind] = await clients[kind].createAccount({ account: { accountType: kind, serverUrl: settings.serverUrl } });
        }
        return { principal: accounts.caldav.principalUrl, home: accounts.caldav.homeUrl };
    },
    async calendars() {
        return hold('caldav', await clients.caldav.fetchCalendars());
    },
    async books() {
        return hold('carddav', await clients.carddav.fetchAddressBooks());
    },
    async makeCalendar(url, props) {
        return clients.caldav.makeCalendar({ url, props });
    },
    async objects(url, options) {
        const { client, kind, collection } = holder(url);
        const found = kind === 'caldav'
            ? await client.fetchCalendarObjects({ calendar: collection, ...options })
            : await client.fetchVCards({ addressBook: collection, ...options });
        return found.map(bare);
    },
    async create(url, filename, data) {
        const { client, kind, collection } = holder(url);
        return answered(kind === 'caldav'
            ? await client.createCalendarObject({ calendar: collection, filename, iCalString: data })
            : await client.createVCard({ addressBook: collection, filename, vCardString: data }));
    },
    async update(url, object) {
        const { client, kind } = holder(url);
        return answered(kind === 'caldav'
            ? await client.updateCalendarObject({ calendarObject: object })
            : await client.updateVCard({ vCard: object }));
    },
    async remove(url, object) {
        const { client, kind } = holder(url);
        return answered(kind === 'caldav'
            ? await client.deleteCalendarObject({ calendarObject: object })
            : await client.deleteVCard({ vCard: object }));
    },
    // What came, changed and went since the last time; the first time, all of it.
    async sync(url) {
        const { client, kind, collection } = holder(url);
        const known = collections.get(url).objects ?? [];
        const token = collections.get(url).token;
        const { objects, syncToken } = await client.smartCollectionSyncDetailed({
            collection: {
                ...collection,
                objects: known,
                syncToken: token,
                objectMultiGet: kind === 'caldav' ? client.calendarMultiGet : client.addressBookMultiGet,
            },
            method: 'webdav',
            account: accounts[kind],
        });
        const gone = new Set([...objects.updated, ...objects.deleted].map(object => object.url));
        collections.get(url).objects = [
            ...known.filter(object => !gone.has(object.url)), ...objects.created, ...objects.updated,
        ];
        collections.get(url).token = syncToken;
        return Object.fromEntries(Object.entries(objects).map(([name, listed]) => [name, listed.map(bare)]));
    },
    async held(url) {
        return (collections.get(url).objects ?? []).map(bare);
    },
    async isDirty(url) {
        const { client, collection } = holder(url);
        return (await client.isCollectionDirty({ collection })).isDirty;
    },
    async freeBusy(url, timeRange) {
        return (await clients.caldav.freeBusyQuery({ url, timeRange, depth: '1' })).raw;
    },
    async reports(url) {
        const { client, collection } = holder(url);
        return client.supportedReportSet({ collection });
    },
};

async function call({ id, method, args }) {
    let message;
    try {
        message = { id, result: await methods[method](...args) };
    } catch (error) {
        message = { id, error: String(error.stack) };
    }
    process.stdout.write(JSON.stringify(message) + '\n');
}

readline.createInterface({ input: process.stdin }).on('line', line => call(JSON.parse(line)));
