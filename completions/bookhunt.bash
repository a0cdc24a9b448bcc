# bash completion of bookhunt; `bookhunt completions install` puts it in place. Generated.

# What stands under the words so far: commands, options, the options with a value, the operands.
_bookhunt_table() {
    below= options= valued= operands=()
    case $1 in
        '')
            below='buy quote status wait cancel settle trace top metrics feedback books watch sellers profile notify history limits pause resume stats doctor db daemon config demo sandbox help completions version'
            options='--help'
            ;;
        'buy')
            options='--max-price --currency --profile --strategy --condition --format --country --sellers --customer --deadline --priority --note --wait --no-wait --timeout --idempotency-key --again --dry-run --unordered --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--max-price --currency --profile --strategy --condition --format --country --sellers --customer --deadline --priority --note --timeout --idempotency-key --fields --color'
            operands=('ask:books...')
            ;;
        'quote')
            options='--max-price --currency --profile --condition --format --country --sellers --deadline --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--max-price --currency --profile --condition --format --country --sellers --deadline --fields --color'
            operands=('ask:books...')
            ;;
        'status')
            options='--why --watch --state --since --limit --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--state --since --limit --fields --color'
            operands=('ask:requests...')
            ;;
        'wait')
            options='--timeout --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--timeout --fields --color'
            operands=('ask:requests...')
            ;;
        'cancel')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('ask:requests...')
            ;;
        'settle')
            options='--bought --not-bought --retry --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--bought --fields --color'
            operands=('ask:requests')
            ;;
        'trace')
            options='--export --format --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--export --format --fields --color'
            operands=('ask:requests')
            ;;
        'top')
            options='--every --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--every --fields --color'
            ;;
        'metrics')
            options='--dashboard --alerts --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            ;;
        'feedback')
            options='--good --late --refunded --wrong-item --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('ask:requests')
            ;;
        'books')
            below='list show pin'
            options='--help'
            ;;
        'books list')
            options='--limit --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--limit --fields --color'
            ;;
        'books show')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('ask:books')
            ;;
        'books pin')
            options='--remove --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('ask:books' '')
            ;;
        'watch')
            below='add list show edit pause resume run remove export import'
            options='--help'
            ;;
        'watch add')
            options='--max-price --currency --cron --every --at --timezone --until --times --quote-only --no-first-run --profile --strategy --condition --format --sellers --customer --note --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--max-price --currency --cron --every --at --timezone --until --times --profile --strategy --condition --format --sellers --customer --note --fields --color'
            operands=('ask:books')
            ;;
        'watch list')
            options='--state --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--state --fields --color'
            ;;
        'watch show')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('ask:watches')
            ;;
        'watch edit')
            options='--max-price --cron --every --at --timezone --until --times --quote-only --buy --profile --strategy --condition --format --sellers --note --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--max-price --cron --every --at --timezone --until --times --profile --strategy --condition --format --sellers --note --fields --color'
            operands=('ask:watches')
            ;;
        'watch pause')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('ask:watches')
            ;;
        'watch resume')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('ask:watches')
            ;;
        'watch run')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('ask:watches')
            ;;
        'watch remove')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('ask:watches')
            ;;
        'watch export')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            ;;
        'watch import')
            options='--max-price --cron --every --at --timezone --times --profile --no-first-run --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--max-price --cron --every --at --timezone --times --profile --fields --color'
            operands=('file')
            ;;
        'sellers')
            below='list show test new schema login enable disable block pin reset logout'
            options='--help'
            ;;
        'sellers list')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            ;;
        'sellers show')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('ask:sellers')
            ;;
        'sellers test')
            options='--strict --live --checkout --profile --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--live --profile --fields --color'
            operands=('either:sellers...')
            ;;
        'sellers new')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('')
            ;;
        'sellers schema')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            ;;
        'sellers login')
            options='--profile --stdin --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--profile --fields --color'
            operands=('ask:sellers')
            ;;
        'sellers enable')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('ask:sellers')
            ;;
        'sellers disable')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('ask:sellers')
            ;;
        'sellers block')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('ask:sellers')
            ;;
        'sellers pin')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('ask:sellers' 'words:1 2 3 auto')
            ;;
        'sellers reset')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('ask:sellers')
            ;;
        'sellers logout')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('ask:sellers')
            ;;
        'profile')
            below='add list show edit remove default'
            options='--help'
            ;;
        'profile add')
            options='--from --replace --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--from --fields --color'
            operands=('ask:profiles')
            ;;
        'profile list')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            ;;
        'profile show')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('ask:profiles')
            ;;
        'profile edit')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('ask:profiles')
            ;;
        'profile remove')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('ask:profiles')
            ;;
        'profile default')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('ask:profiles')
            ;;
        'notify')
            below='list test login'
            options='--help'
            ;;
        'notify list')
            options='--limit --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--limit --fields --color'
            ;;
        'notify test')
            options='--to --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--to --fields --color'
            ;;
        'notify login')
            options='--stdin --remove --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('')
            ;;
        'history')
            options='--days --plot --csv --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--days --fields --color'
            operands=('ask:books')
            ;;
        'limits')
            below='show set reset'
            options='--help'
            ;;
        'limits show')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            ;;
        'limits set')
            options='--currency --purchase --day --month --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--currency --purchase --day --month --fields --color'
            ;;
        'limits reset')
            options='--currency --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--currency --fields --color'
            ;;
        'pause')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            ;;
        'resume')
            options='--reconciled --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            ;;
        'stats')
            options='--since --by --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--since --by --fields --color'
            ;;
        'doctor')
            options='--bundle --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--bundle --fields --color'
            ;;
        'db')
            below='snapshot export'
            options='--help'
            ;;
        'db snapshot')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('file')
            ;;
        'db export')
            options='--what --since --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--what --since --fields --color'
            ;;
        'daemon')
            below='start stop restart status run logs install uninstall'
            options='--help'
            ;;
        'daemon start')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            ;;
        'daemon stop')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            ;;
        'daemon restart')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            ;;
        'daemon status')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            ;;
        'daemon run')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            ;;
        'daemon logs')
            options='-n --lines -f --follow --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='-n --lines --fields --color'
            ;;
        'daemon install')
            options='--print --enable --no-enable --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            ;;
        'daemon uninstall')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            ;;
        'config')
            below='show edit path check'
            options='--help'
            ;;
        'config show')
            options='--origin --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            ;;
        'config edit')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            ;;
        'config path')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            ;;
        'config check')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            ;;
        'demo')
            options='--sellers --seed --keep --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--sellers --seed --fields --color'
            ;;
        'sandbox')
            below='start stop ledger'
            options='--help'
            ;;
        'sandbox start')
            options='--sellers --seed --latency-scale --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--sellers --seed --latency-scale --fields --color'
            ;;
        'sandbox stop')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            ;;
        'sandbox ledger')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            ;;
        'help')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('words:exit-codes json sellers pipelines safety watches notices environment buy quote status wait cancel settle trace top metrics feedback books watch sellers profile notify history limits pause resume stats doctor db daemon config demo sandbox help completions version...')
            ;;
        'completions')
            below='install show'
            options='--help'
            ;;
        'completions install')
            options='--shell --man --no-man --json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--shell --fields --color'
            ;;
        'completions show')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            operands=('words:bash zsh fish')
            ;;
        'version')
            options='--json --fields --color -q --quiet --no-input --no-autostart --help'
            valued='--fields --color'
            ;;
    esac
}

# What completes the value of option $2 under the words $1.
_bookhunt_value() {
    kind=
    case "$1 $2" in
        'buy --profile') kind='ask:profiles' ;;
        'buy --strategy') kind='words:cheapest balanced fast tiers' ;;
        'buy --condition') kind='words:new used any' ;;
        'buy --format') kind='words:paper ebook audio any' ;;
        'buy --sellers') kind='list:sellers' ;;
        'buy --fields') kind='pick:request_id book max_price status strategy resolved_seller resolved_price item_price shipping original_price order_id delivery_estimate purchased_at lowest_available_price lowest_available_seller reason overcharged sellers_asked sellers_total calls cached coalesced early_exit stopped_because proof tax url cheaper_by_link profile customer watch_id attempts submitted_at finished_at latency_ms trace_id message schema_version' ;;
        'buy --color') kind='words:auto always never' ;;
        'quote --profile') kind='ask:profiles' ;;
        'quote --condition') kind='words:new used any' ;;
        'quote --format') kind='words:paper ebook audio any' ;;
        'quote --sellers') kind='list:sellers' ;;
        'quote --fields') kind='pick:seller item book price shipping tax total currency original condition format available inventory expires_at checked_at cached url rank fits reason schema_version' ;;
        'quote --color') kind='words:auto always never' ;;
        'status --state') kind='words:PENDING PROCESSING RESOLVED IN_DOUBT NEEDS_ATTENTION SUCCESS NOT_AVAILABLE PURCHASE_FAILED CANCELLED EXPIRED DRY_RUN' ;;
        'status --fields') kind='pick:request_id book max_price status strategy resolved_seller resolved_price item_price shipping original_price order_id delivery_estimate purchased_at lowest_available_price lowest_available_seller reason overcharged sellers_asked sellers_total calls cached coalesced early_exit stopped_because proof tax url cheaper_by_link profile customer watch_id attempts submitted_at finished_at latency_ms trace_id message schema_version' ;;
        'status --color') kind='words:auto always never' ;;
        'wait --fields') kind='pick:request_id book max_price status strategy resolved_seller resolved_price item_price shipping original_price order_id delivery_estimate purchased_at lowest_available_price lowest_available_seller reason overcharged sellers_asked sellers_total calls cached coalesced early_exit stopped_because proof tax url cheaper_by_link profile customer watch_id attempts submitted_at finished_at latency_ms trace_id message schema_version' ;;
        'wait --color') kind='words:auto always never' ;;
        'cancel --fields') kind='pick:request_id book max_price status strategy resolved_seller resolved_price item_price shipping original_price order_id delivery_estimate purchased_at lowest_available_price lowest_available_seller reason overcharged sellers_asked sellers_total calls cached coalesced early_exit stopped_because proof tax url cheaper_by_link profile customer watch_id attempts submitted_at finished_at latency_ms trace_id message schema_version' ;;
        'cancel --color') kind='words:auto always never' ;;
        'settle --fields') kind='pick:request_id book max_price status strategy resolved_seller resolved_price item_price shipping original_price order_id delivery_estimate purchased_at lowest_available_price lowest_available_seller reason overcharged sellers_asked sellers_total calls cached coalesced early_exit stopped_because proof tax url cheaper_by_link profile customer watch_id attempts submitted_at finished_at latency_ms trace_id message schema_version' ;;
        'settle --color') kind='words:auto always never' ;;
        'trace --export') kind='file' ;;
        'trace --format') kind='words:otlp chrome' ;;
        'trace --fields') kind='pick:request_id trace_id began_at ms parts link dropped spans status strategy sellers_asked sellers_total calls cached coalesced early_exit stopped_because full_fan_out saved_calls sellers schema_version' ;;
        'trace --color') kind='words:auto always never' ;;
        'top --fields') kind='pick:at uptime_s monotonic_s paused safe_mode load requests calls money sellers schema_version' ;;
        'top --color') kind='words:auto always never' ;;
        'metrics --fields') kind='pick:name labels value schema_version' ;;
        'metrics --color') kind='words:auto always never' ;;
        'feedback --fields') kind='pick:request_id seller feedback counted schema_version' ;;
        'feedback --color') kind='words:auto always never' ;;
        'books list --fields') kind='pick:title isbns pinned resolver resolved_at expires_at why schema_version' ;;
        'books list --color') kind='words:auto always never' ;;
        'books show --fields') kind='pick:title isbns pinned resolver resolved_at expires_at why schema_version' ;;
        'books show --color') kind='words:auto always never' ;;
        'books pin --fields') kind='pick:title isbns pinned resolver resolved_at expires_at why schema_version' ;;
        'books pin --color') kind='words:auto always never' ;;
        'watch add --profile') kind='ask:profiles' ;;
        'watch add --strategy') kind='words:cheapest balanced fast tiers' ;;
        'watch add --condition') kind='words:new used any' ;;
        'watch add --format') kind='words:paper ebook audio any' ;;
        'watch add --sellers') kind='list:sellers' ;;
        'watch add --fields') kind='pick:id book max_price schedule timezone next_runs last_run bought copies state outcome request_id lowest lowest_seller best profile strategy condition format sellers until quote_only note created_at schema_version' ;;
        'watch add --color') kind='words:auto always never' ;;
        'watch list --state') kind='words:active paused done ended' ;;
        'watch list --fields') kind='pick:id book max_price schedule timezone next_runs last_run bought copies state outcome request_id lowest lowest_seller best profile strategy condition format sellers until quote_only note created_at schema_version' ;;
        'watch list --color') kind='words:auto always never' ;;
        'watch show --fields') kind='pick:id book max_price schedule timezone next_runs last_run bought copies state outcome request_id lowest lowest_seller best profile strategy condition format sellers until quote_only note created_at schema_version' ;;
        'watch show --color') kind='words:auto always never' ;;
        'watch edit --until') kind='words:none' ;;
        'watch edit --profile') kind='ask:profiles' ;;
        'watch edit --strategy') kind='words:cheapest balanced fast tiers' ;;
        'watch edit --condition') kind='words:new used any' ;;
        'watch edit --format') kind='words:paper ebook audio any' ;;
        'watch edit --sellers') kind='list:sellers' ;;
        'watch edit --note') kind='words:none' ;;
        'watch edit --fields') kind='pick:id book max_price schedule timezone next_runs last_run bought copies state outcome request_id lowest lowest_seller best profile strategy condition format sellers until quote_only note created_at schema_version' ;;
        'watch edit --color') kind='words:auto always never' ;;
        'watch pause --fields') kind='pick:id book max_price schedule timezone next_runs last_run bought copies state outcome request_id lowest lowest_seller best profile strategy condition format sellers until quote_only note created_at schema_version' ;;
        'watch pause --color') kind='words:auto always never' ;;
        'watch resume --fields') kind='pick:id book max_price schedule timezone next_runs last_run bought copies state outcome request_id lowest lowest_seller best profile strategy condition format sellers until quote_only note created_at schema_version' ;;
        'watch resume --color') kind='words:auto always never' ;;
        'watch run --fields') kind='pick:id book max_price schedule timezone next_runs last_run bought copies state outcome request_id lowest lowest_seller best profile strategy condition format sellers until quote_only note created_at schema_version' ;;
        'watch run --color') kind='words:auto always never' ;;
        'watch remove --fields') kind='pick:id book max_price schedule timezone next_runs last_run bought copies state outcome request_id lowest lowest_seller best profile strategy condition format sellers until quote_only note created_at schema_version' ;;
        'watch remove --color') kind='words:auto always never' ;;
        'watch export --fields') kind='pick:id book max_price schedule timezone next_runs last_run bought copies state outcome request_id lowest lowest_seller best profile strategy condition format sellers until quote_only note created_at schema_version' ;;
        'watch export --color') kind='words:auto always never' ;;
        'watch import --profile') kind='ask:profiles' ;;
        'watch import --fields') kind='pick:id book max_price schedule timezone next_runs last_run bought copies state outcome request_id lowest lowest_seller best profile strategy condition format sellers until quote_only note created_at schema_version' ;;
        'watch import --color') kind='words:auto always never' ;;
        'sellers list --fields') kind='pick:id name mode tier pinned trust state suspended_until cause p95_ms success stock orders last_seen file hash schema_version' ;;
        'sellers list --color') kind='words:auto always never' ;;
        'sellers show --fields') kind='pick:id name mode tier pinned trust state suspended_until cause p95_ms success stock orders last_seen file hash secrets payment secret_store schema_version' ;;
        'sellers show --color') kind='words:auto always never' ;;
        'sellers test --live') kind='ask:books' ;;
        'sellers test --profile') kind='ask:profiles' ;;
        'sellers test --fields') kind='pick:file operation example ok error line column warning calls offers latency_ms parts schema_version' ;;
        'sellers test --color') kind='words:auto always never' ;;
        'sellers schema --color') kind='words:auto always never' ;;
        'sellers login --profile') kind='ask:profiles' ;;
        'sellers login --fields') kind='pick:id name mode tier pinned trust state suspended_until cause p95_ms success stock orders last_seen file hash secrets payment secret_store schema_version' ;;
        'sellers login --color') kind='words:auto always never' ;;
        'sellers enable --fields') kind='pick:id name mode tier pinned trust state suspended_until cause p95_ms success stock orders last_seen file hash schema_version' ;;
        'sellers enable --color') kind='words:auto always never' ;;
        'sellers disable --fields') kind='pick:id name mode tier pinned trust state suspended_until cause p95_ms success stock orders last_seen file hash schema_version' ;;
        'sellers disable --color') kind='words:auto always never' ;;
        'sellers block --fields') kind='pick:id name mode tier pinned trust state suspended_until cause p95_ms success stock orders last_seen file hash schema_version' ;;
        'sellers block --color') kind='words:auto always never' ;;
        'sellers pin --fields') kind='pick:id name mode tier pinned trust state suspended_until cause p95_ms success stock orders last_seen file hash schema_version' ;;
        'sellers pin --color') kind='words:auto always never' ;;
        'sellers reset --fields') kind='pick:id name mode tier pinned trust state suspended_until cause p95_ms success stock orders last_seen file hash schema_version' ;;
        'sellers reset --color') kind='words:auto always never' ;;
        'sellers logout --fields') kind='pick:id name mode tier pinned trust state suspended_until cause p95_ms success stock orders last_seen file hash secrets payment secret_store schema_version' ;;
        'sellers logout --color') kind='words:auto always never' ;;
        'profile add --from') kind='file' ;;
        'profile add --fields') kind='pick:profile default name street street2 city region postcode country phone email bill schema_version' ;;
        'profile add --color') kind='words:auto always never' ;;
        'profile list --fields') kind='pick:profile default name street street2 city region postcode country phone email bill schema_version' ;;
        'profile list --color') kind='words:auto always never' ;;
        'profile show --fields') kind='pick:profile default name street street2 city region postcode country phone email bill schema_version' ;;
        'profile show --color') kind='words:auto always never' ;;
        'profile edit --color') kind='words:auto always never' ;;
        'profile remove --color') kind='words:auto always never' ;;
        'profile default --color') kind='words:auto always never' ;;
        'notify list --fields') kind='pick:notice_id event target state tries due_at error at request_id title schema_version' ;;
        'notify list --color') kind='words:auto always never' ;;
        'notify test --fields') kind='pick:number target told error ms schema_version' ;;
        'notify test --color') kind='words:auto always never' ;;
        'notify login --fields') kind='pick:secret stored schema_version' ;;
        'notify login --color') kind='words:auto always never' ;;
        'history --fields') kind='pick:seller condition format country currency lowest lowest_at median last last_at landed points schema_version' ;;
        'history --color') kind='words:auto always never' ;;
        'limits show --fields') kind='pick:currency purchase day month spent_day spent_month schema_version' ;;
        'limits show --color') kind='words:auto always never' ;;
        'limits set --purchase') kind='words:none' ;;
        'limits set --day') kind='words:none' ;;
        'limits set --month') kind='words:none' ;;
        'limits set --fields') kind='pick:currency purchase day month spent_day spent_month schema_version' ;;
        'limits set --color') kind='words:auto always never' ;;
        'limits reset --fields') kind='pick:currency purchase day month spent_day spent_month schema_version' ;;
        'limits reset --color') kind='words:auto always never' ;;
        'pause --color') kind='words:auto always never' ;;
        'resume --color') kind='words:auto always never' ;;
        'stats --since') kind='words:all' ;;
        'stats --by') kind='words:seller strategy' ;;
        'stats --color') kind='words:auto always never' ;;
        'doctor --bundle') kind='file' ;;
        'doctor --fields') kind='pick:check level found hint schema_version' ;;
        'doctor --color') kind='words:auto always never' ;;
        'db snapshot --color') kind='words:auto always never' ;;
        'db export --what') kind='words:requests attempts all' ;;
        'db export --color') kind='words:auto always never' ;;
        'daemon start --color') kind='words:auto always never' ;;
        'daemon stop --color') kind='words:auto always never' ;;
        'daemon restart --color') kind='words:auto always never' ;;
        'daemon status --color') kind='words:auto always never' ;;
        'daemon run --color') kind='words:auto always never' ;;
        'daemon logs --color') kind='words:auto always never' ;;
        'daemon install --fields') kind='pick:file content schema_version' ;;
        'daemon install --color') kind='words:auto always never' ;;
        'daemon uninstall --color') kind='words:auto always never' ;;
        'config show --fields') kind='pick:name value origin after_restart schema_version' ;;
        'config show --color') kind='words:auto always never' ;;
        'config edit --color') kind='words:auto always never' ;;
        'config path --color') kind='words:auto always never' ;;
        'config check --color') kind='words:auto always never' ;;
        'demo --fields') kind='pick:request_id book max_price status strategy resolved_seller resolved_price item_price shipping original_price order_id delivery_estimate purchased_at lowest_available_price lowest_available_seller reason overcharged sellers_asked sellers_total calls cached coalesced early_exit stopped_because proof tax url cheaper_by_link profile customer watch_id attempts submitted_at finished_at latency_ms trace_id message schema_version ledger home street' ;;
        'demo --color') kind='words:auto always never' ;;
        'sandbox start --color') kind='words:auto always never' ;;
        'sandbox stop --color') kind='words:auto always never' ;;
        'sandbox ledger --fields') kind='pick:order_id seller item isbn quantity total reference cancelled schema_version' ;;
        'sandbox ledger --color') kind='words:auto always never' ;;
        'help --color') kind='words:auto always never' ;;
        'completions install --shell') kind='words:bash zsh fish' ;;
        'completions install --color') kind='words:auto always never' ;;
        'completions show --color') kind='words:auto always never' ;;
        'version --fields') kind='pick:version api_version schema_version python system' ;;
        'version --color') kind='words:auto always never' ;;
    esac
}

# Offer the lines on stdin that begin with what was typed, whatever they hold, up to a tab.
_bookhunt_lines() {
    local line quoted=${typed:0:1} lead=$1
    [[ $quoted == [\"\'] ]] || quoted=
    while IFS= read -r line; do
        line=${line%%$'\t'*}
        if [[ $line == "${typed#"$quoted"}"* ]]; then
            [[ $quoted ]] || printf -v line %q "$line"
            line=${line//\\@/@} line=${line//\\,/,}
            COMPREPLY+=("${line#"$lead"}")
        fi
    done
}

# Offer values of a kind.
_bookhunt_offer() {
    local words before
    case $1 in
        words:*)
            words=${1#words:}
            _bookhunt_lines "$lead" <<<"${words// /$'\n'}"
            ;;
        ask:* | either:*)
            _bookhunt_lines "$lead" < <(bookhunt __complete "${1#*:}" 2>/dev/null)
            [[ $1 == either:* && ! ${COMPREPLY[*]} ]] && _bookhunt_offer file
            ;;
        list:* | pick:*)
            before=${typed%"${typed##*,}"}
            if [[ $1 == list:* ]]; then
                words=$(bookhunt __complete "${1#list:}" 2>/dev/null)
            else
                words=${1#pick:}
                words=${words// /$'\n'}
            fi
            [[ $words ]] && _bookhunt_lines "$lead" <<<"$before${words//$'\n'/$'\n'"$before"}"
            compopt -o nospace 2>/dev/null
            ;;
        file)
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$typed")
            ;;
    esac
}

_bookhunt() {
    COMPREPLY=()
    # Bash splits at = and @; put together what was typed without a space between.
    local rest=${COMP_LINE:0:COMP_POINT} words=() word bare i
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        bare=${rest#"${rest%%[![:space:]]*}"}
        if [[ $i -gt 0 && $bare == "$rest" && $rest && $word ]]; then
            words[${#words[@]} - 1]+=$word
        elif [[ $i -eq 0 || $bare != "$rest" || $word ]]; then
            words+=("$word")
        fi
        rest=${bare#"$word"}
    done
    local typed=${words[${#words[@]} - 1]} last=${COMP_WORDS[COMP_CWORD]} lead
    [[ $last == [=:] ]] && last=
    lead=${typed%"$last"}
    lead=${lead%@} # readline keeps this one with the word it replaces

    local path= below options valued operands=() kind skip= count=0 ended=
    _bookhunt_table ""
    for word in "${words[@]:1:${#words[@]}-2}"; do
        if [[ $skip ]]; then
            skip=
        elif [[ ! $ended && $word == -- ]]; then
            ended=1
        elif [[ ! $ended && $word == -?* ]]; then
            [[ " $valued " == *" $word "* ]] && skip=$word
        elif [[ " $below " == *" $word "* ]]; then
            path=${path:+$path }$word
            _bookhunt_table "$path"
        else
            count=$((count + 1))
        fi
    done

    if [[ $skip ]]; then
        _bookhunt_value "$path" "$skip"
        _bookhunt_offer "$kind"
    elif [[ ! $ended && $typed == --*=* ]]; then
        _bookhunt_value "$path" "${typed%%=*}"
        lead=${lead#"${typed%%=*}="}
        typed=${typed#*=}
        _bookhunt_offer "$kind"
    elif [[ ! $ended && $typed == -* ]]; then
        _bookhunt_lines "" <<<"${options// /$'\n'}"
    elif [[ $below ]]; then
        _bookhunt_lines "" <<<"${below// /$'\n'}"
    elif [[ ${#operands[@]} -gt 0 ]]; then
        kind=${operands[count]-}
        # The last operand may be the one that repeats.
        [[ ! $kind && ${operands[*]: -1} == *... ]] && kind=${operands[*]: -1}
        _bookhunt_offer "${kind%...}"
    fi
}

complete -F _bookhunt bookhunt
