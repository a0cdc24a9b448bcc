/**
 * A Vendure shop of a few books, on SQLite, for one run:
 *
 *     node shop.js FOLDER bearer|cookie stock|plain
 *
 * Sessions are kept by a header or a cookie; the search tells of stock, or does not.
 * It fills its database in FOLDER, listens on a free port of loopback, prints one line of JSON with
 * its address, and stops when its stdin is closed. The database is the ledger that the tests read.
 */
'use strict';

const path = require('node:path');
const { setTimeout } = require('node:timers/promises');
const {
    bootstrap,
    DefaultLogger,
    DefaultSearchPlugin,
    JobQueueService,
    LanguageCode,
    LogLevel,
    PaymentMethodHandler,
    ProductVariant,
    RequestContextService,
    SearchService,
    TransactionalConnection,
} = require('@vendure/core');
const { populate } = require('@vendure/core/cli');

const BOOKS = path.join(__dirname, 'books.csv');
const [folder, tokenMethod, search] = process.argv.slice(2);

/** Takes every token but `tok_declined`, and settles at once; the provider of this shop. */
const card = new PaymentMethodHandler({
    code: 'card',
    description: [{ languageCode: LanguageCode.en, value: 'A card, by token' }],
    args: {},
    createPayment: (ctx, order, amount, args, metadata) =>
        metadata.token === 'tok_declined'
            ? { amount, state: 'Declined', metadata: { errorMessage: 'the card was declined' } }
            : { amount, state: 'Settled', transactionId: `card-${order.code}`, metadata },
    settlePayment: () => ({ success: true }),
});

const config = {
    logger: new DefaultLogger({ level: LogLevel.Error }),
    apiOptions: { hostname: '127.0.0.1', port: 0, shopApiPath: 'shop-api', adminApiPath: 'admin-api' },
    authOptions: { tokenMethod, cookieOptions: { secret: 'of-one-run' }, superadminCredentials: { identifier: 'owner', password: 'of-one-run' } },
    dbConnectionOptions: {
        type: 'better-sqlite3',
        database: path.join(folder, 'shop.sqlite'),
        synchronize: true,
        logging: false,
    },
    importExportOptions: { importAssetsDir: folder },
    paymentOptions: { paymentMethodHandlers: [card] },
    plugins: [DefaultSearchPlugin.init({ indexStockStatus: search === 'stock', bufferUpdates: false })],
};

/** Two zones; the shop's prices are net, and 8 % tax is added in its own. */
const initialData = {
    defaultLanguage: LanguageCode.en,
    defaultZone: 'America',
    countries: [
        { name: 'United States', code: 'US', zone: 'America' },
        { name: 'Norway', code: 'NO', zone: 'Europe' },
    ],
    taxRates: [{ name: 'Standard', percentage: 8 }],
    shippingMethods: [
        { name: 'Courier', price: 1250 },
        { name: 'Post', price: 399 },
    ],
    paymentMethods: [{ name: 'Card', handler: { code: card.code, arguments: [] } }],
    collections: [],
};

/** The search is filled by jobs in the background: it is ready when it finds every book. */
async function indexed(app, address) {
    const ctx = await app.get(RequestContextService).create({ apiType: 'admin' });
    await app.get(SearchService).reindex(ctx);
    const books = await app.get(TransactionalConnection).getRepository(ctx, ProductVariant).count();
    const query = '{ search(input: {groupByProduct: false}) { totalItems } }';
    for (;;) {
        const answer = await fetch(`${address}/shop-api`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ query }),
        });
        const { data } = await answer.json();
        if (data.search.totalItems === books) return;
        await setTimeout(50);
    }
}

async function open() {
    const app = await bootstrap(config);
    process.stdin.on('end', () => app.close().then(() => process.exit(0)));
    process.stdin.resume();
    await app.get(JobQueueService).start();
    await populate(async () => app, initialData, BOOKS);
    const address = `http://127.0.0.1:${app.getHttpServer().address().port}`;
    await indexed(app, address);
    process.stdout.write(`${JSON.stringify({ address })}\n`);
}

open().catch(error => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
});
