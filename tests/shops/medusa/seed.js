/**
 * A Medusa shop of a few books, two deliveries, a tax, and one payment that is always authorised:
 * `medusa exec ./seed.js`. It prints the region and the publishable key, which customers need.
 */
'use strict';

const { ContainerRegistrationKeys, Modules } = require('@medusajs/framework/utils');
const flows = require('@medusajs/medusa/core-flows');

const BOOKS = [
    { title: 'The Lantern Keeper', isbn: '9781402894626', price: 12.5, stock: 5 },
    { title: 'Pride and Prejudice', isbn: '9780141439518', price: 9.99, stock: 1 },
    { title: 'Clean Code', isbn: '9780132350884', price: 30, stock: 0 },
];

async function run(workflow, container, input) {
    const { result } = await workflow(container).run({ input });
    return result;
}

exports.default = async function seed({ container }) {
    const link = container.resolve(ContainerRegistrationKeys.LINK);
    const query = container.resolve(ContainerRegistrationKeys.QUERY);
    const fulfillment = container.resolve(Modules.FULFILLMENT);
    const [channel] = await run(flows.createSalesChannelsWorkflow, container, { salesChannelsData: [{ name: 'Books' }] });
    const [store] = await container.resolve(Modules.STORE).listStores();
    await run(flows.updateStoresWorkflow, container, {
        selector: { id: store.id },
        update: {
            default_sales_channel_id: channel.id,
            supported_currencies: [{ currency_code: 'usd', is_default: true }],
        },
    });
    const [region] = await run(flows.createRegionsWorkflow, container, {
        regions: [{ name: 'America', currency_code: 'usd', countries: ['us'], payment_providers: ['pp_system_default'] }],
    });
    await run(flows.createTaxRegionsWorkflow, container, [
        { country_code: 'us', provider_id: 'tp_system', default_tax_rate: { name: 'Standard', code: 'std', rate: 8 } },
    ]);
    const [location] = await run(flows.createStockLocationsWorkflow, container, {
        locations: [{ name: 'Cellar', address: { city: 'Springfield', country_code: 'US', address_1: '' } }],
    });
    await link.create({
        [Modules.STOCK_LOCATION]: { stock_location_id: location.id },
        [Modules.FULFILLMENT]: { fulfillment_provider_id: 'manual_manual' },
    });
    const profiles = await fulfillment.listShippingProfiles({ type: 'default' });
    const profile =
        profiles[0] ??
        (await run(flows.createShippingProfilesWorkflow, container, { data: [{ name: 'Books', type: 'default' }] }))[0];
    const set = await fulfillment.createFulfillmentSets({
        name: 'Post',
        type: 'shipping',
        service_zones: [{ name: 'America', geo_zones: [{ country_code: 'us', type: 'country' }] }],
    });
    await link.create({
        [Modules.STOCK_LOCATION]: { stock_location_id: location.id },
        [Modules.FULFILLMENT]: { fulfillment_set_id: set.id },
    });
    const option = (name, code, amount) => ({
        name,
        price_type: 'flat',
        provider_id: 'manual_manual',
        service_zone_id: set.service_zones[0].id,
        shipping_profile_id: profile.id,
        type: { label: name, description: name, code },
        prices: [{ currency_code: 'usd', amount }],
        rules: [
            { attribute: 'enabled_in_store', value: 'true', operator: 'eq' },
            { attribute: 'is_return', value: 'false', operator: 'eq' },
        ],
    });
    await run(flows.createShippingOptionsWorkflow, container, [option('Courier', 'courier', 12.5), option('Post', 'post', 3.99)]);
    await run(flows.linkSalesChannelsToStockLocationWorkflow, container, { id: location.id, add: [channel.id] });
    const [key] = await run(flows.createApiKeysWorkflow, container, {
        api_keys: [{ title: 'Books', type: 'publishable', created_by: '' }],
    });
    await run(flows.linkSalesChannelsToApiKeyWorkflow, container, { id: key.id, add: [channel.id] });
    await run(flows.createProductsWorkflow, container, {
        products: BOOKS.map(book => ({
            title: book.title,
            status: 'published',
            shipping_profile_id: profile.id,
            options: [{ title: 'Binding', values: ['Paper'] }],
            variants: [
                {
                    title: 'Paper',
                    sku: book.isbn,
                    barcode: book.isbn,
                    options: { Binding: 'Paper' },
                    prices: [{ amount: book.price, currency_code: 'usd' }],
                },
            ],
            sales_channels: [{ id: channel.id }],
        })),
    });
    const { data: items } = await query.graph({ entity: 'inventory_item', fields: ['id', 'sku'] });
    await run(flows.createInventoryLevelsWorkflow, container, {
        inventory_levels: items.map(item => ({
            location_id: location.id,
            inventory_item_id: item.id,
            stocked_quantity: BOOKS.find(book => book.isbn === item.sku).stock,
        })),
    });
    process.stdout.write(`SEEDED ${JSON.stringify({ region: region.id, key: key.token })}\n`);
};
