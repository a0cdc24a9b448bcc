/** A shop without an office: its store API only, on the database of one run. */
'use strict';

const { defineConfig } = require('@medusajs/framework/utils');

module.exports = defineConfig({
    projectConfig: {
        databaseUrl: process.env.DATABASE_URL,
        http: { storeCors: '', adminCors: '', authCors: '', jwtSecret: 'of-one-run', cookieSecret: 'of-one-run' },
    },
    admin: { disable: true },
});
