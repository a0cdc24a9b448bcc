# fish completion of bookhunt; `bookhunt completions install` puts it in place. Generated.

# The words of the line so far that are no options.
function __bookhunt_words
    for word in (commandline -opc)[2..-1]
        string match -q -- '-*' $word; or echo $word
    end
end

# Whether the command of these words is being typed, whatever follows it.
function __bookhunt_at
    set -l words (__bookhunt_words)
    test (count $words) -ge (count $argv); and test "$words[1..$(count $argv)]" = "$argv"
end

# Whether these words stand there and nothing else: the next one is a command.
function __bookhunt_after
    set -l words (__bookhunt_words)
    test "$words" = "$argv"
end

# Whether operand number $argv[1] of the command of the other words is next.
function __bookhunt_nth
    set -l path $argv[2..-1]
    __bookhunt_at $path; and test (count (__bookhunt_words)) -eq (math (count $path) + $argv[1] - 1)
end

# What the daemon knows of a kind, each with a word about it after a tab.
function __bookhunt_ask
    bookhunt __complete $argv[1] 2>/dev/null
end

# Several of such words, with commas.
function __bookhunt_list
    set -l value (commandline -ct | string replace -r '^--[^=]*=' '')
    set -l before (string replace -r '[^,]*$' '' -- $value)
    for each in $argv
        echo $before$each
    end
end

complete -c bookhunt -f

# bookhunt
complete -c bookhunt -n '__bookhunt_after' -a buy -d 'Buy books at or below a price, at once'
complete -c bookhunt -n '__bookhunt_after' -a quote -d 'Show the offers, cheapest first, without buying'
complete -c bookhunt -n '__bookhunt_after' -a status -d 'Show requests and what became of them'
complete -c bookhunt -n '__bookhunt_after' -a wait -d 'Wait for requests'
complete -c bookhunt -n '__bookhunt_after' -a cancel -d 'Cancel requests whose order was not sent yet'
complete -c bookhunt -n '__bookhunt_after' -a settle -d 'Say by hand what became of an order in doubt'
complete -c bookhunt -n '__bookhunt_after' -a trace -d 'Show what was done for a request, and when'
complete -c bookhunt -n '__bookhunt_after' -a top -d 'Watch everything that goes on, live'
complete -c bookhunt -n '__bookhunt_after' -a metrics -d 'Print what is measured, for Prometheus'
complete -c bookhunt -n '__bookhunt_after' -a feedback -d 'Say how a purchase was'
complete -c bookhunt -n '__bookhunt_after' -a books -d 'The ISBNs that titles stand for'
complete -c bookhunt -n '__bookhunt_after' -a watch -d 'Books that are looked for until they are bought'
complete -c bookhunt -n '__bookhunt_after' -a sellers -d 'The sellers that can be asked'
complete -c bookhunt -n '__bookhunt_after' -a profile -d 'Where books are sent'
complete -c bookhunt -n '__bookhunt_after' -a notify -d 'Who is told of what becomes of requests'
complete -c bookhunt -n '__bookhunt_after' -a history -d 'Show the prices seen of a book'
complete -c bookhunt -n '__bookhunt_after' -a limits -d 'How much may be spent'
complete -c bookhunt -n '__bookhunt_after' -a pause -d 'Stop all new purchases at once'
complete -c bookhunt -n '__bookhunt_after' -a resume -d 'Allow purchases again'
complete -c bookhunt -n '__bookhunt_after' -a stats -d 'Print figures over a period'
complete -c bookhunt -n '__bookhunt_after' -a doctor -d 'Find what is wrong, and what to type'
complete -c bookhunt -n '__bookhunt_after' -a db -d 'The ledger, as a file and as lines'
complete -c bookhunt -n '__bookhunt_after' -a daemon -d 'The process that hunts'
complete -c bookhunt -n '__bookhunt_after' -a config -d 'The configuration'
complete -c bookhunt -n '__bookhunt_after' -a demo -d 'Buy a book on a street of simulated sellers'
complete -c bookhunt -n '__bookhunt_after' -a sandbox -d 'A street of simulated sellers for this home'
complete -c bookhunt -n '__bookhunt_after' -a help -d 'Explain a topic or a command'
complete -c bookhunt -n '__bookhunt_after' -a completions -d 'Completion in your shell, and the man pages'
complete -c bookhunt -n '__bookhunt_after' -a version -d 'Print the version'

# bookhunt buy
complete -c bookhunt -n '__bookhunt_at buy' -l max-price -x -d 'The most to pay, shipping and tax included'
complete -c bookhunt -n '__bookhunt_at buy' -l currency -x -d 'Of the price'
complete -c bookhunt -n '__bookhunt_at buy' -l profile -x -k -a '(__bookhunt_ask profiles)' -d 'Where it is sent'
complete -c bookhunt -n '__bookhunt_at buy' -l strategy -x -a 'cheapest balanced fast tiers' -d 'Price against time and calls'
complete -c bookhunt -n '__bookhunt_at buy' -l condition -x -a 'new used any' -d 'Copies'
complete -c bookhunt -n '__bookhunt_at buy' -l format -x -a 'paper ebook audio any' -d 'Formats'
complete -c bookhunt -n '__bookhunt_at buy' -l country -x -d 'Where it goes, if not the profile\'s'
complete -c bookhunt -n '__bookhunt_at buy' -l sellers -x -a '(__bookhunt_list (__bookhunt_ask sellers | string replace -r \'\\t.*\' \'\'))' -d 'Only these'
complete -c bookhunt -n '__bookhunt_at buy' -l customer -x -d 'On whose behalf'
complete -c bookhunt -n '__bookhunt_at buy' -l deadline -x -d 'For asking sellers and choosing'
complete -c bookhunt -n '__bookhunt_at buy' -l priority -x -d 'In the queue'
complete -c bookhunt -n '__bookhunt_at buy' -l note -x -d 'Kept with it'
complete -c bookhunt -n '__bookhunt_at buy' -l wait -d 'Wait for the outcome, or submit only'
complete -c bookhunt -n '__bookhunt_at buy' -l no-wait -d 'Wait for the outcome, or submit only'
complete -c bookhunt -n '__bookhunt_at buy' -l timeout -x -d 'How long to wait'
complete -c bookhunt -n '__bookhunt_at buy' -l idempotency-key -x -d 'Submit once, however often it is said'
complete -c bookhunt -n '__bookhunt_at buy' -l again -d 'Although it was bought or asked for today'
complete -c bookhunt -n '__bookhunt_at buy' -l dry-run -d 'Everything but the order itself'
complete -c bookhunt -n '__bookhunt_at buy' -l unordered -d 'Print books as they are done'
complete -c bookhunt -n '__bookhunt_at buy' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at buy' -l fields -x -a '(__bookhunt_list request_id book max_price status strategy resolved_seller resolved_price item_price shipping original_price order_id delivery_estimate purchased_at lowest_available_price lowest_available_seller reason overcharged sellers_asked sellers_total calls cached coalesced early_exit stopped_because proof tax url cheaper_by_link profile customer watch_id attempts submitted_at finished_at latency_ms trace_id message schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at buy' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at buy' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at buy' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at buy' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at buy' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at buy' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_at buy' -k -a '(__bookhunt_ask books)'

# bookhunt quote
complete -c bookhunt -n '__bookhunt_at quote' -l max-price -x -d 'Mark what costs more'
complete -c bookhunt -n '__bookhunt_at quote' -l currency -x -d 'Of the prices'
complete -c bookhunt -n '__bookhunt_at quote' -l profile -x -k -a '(__bookhunt_ask profiles)' -d 'Whose country it goes to'
complete -c bookhunt -n '__bookhunt_at quote' -l condition -x -a 'new used any' -d 'Copies'
complete -c bookhunt -n '__bookhunt_at quote' -l format -x -a 'paper ebook audio any' -d 'Formats'
complete -c bookhunt -n '__bookhunt_at quote' -l country -x -d 'Where it goes'
complete -c bookhunt -n '__bookhunt_at quote' -l sellers -x -a '(__bookhunt_list (__bookhunt_ask sellers | string replace -r \'\\t.*\' \'\'))' -d 'Only these'
complete -c bookhunt -n '__bookhunt_at quote' -l deadline -x -d 'For asking sellers'
complete -c bookhunt -n '__bookhunt_at quote' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at quote' -l fields -x -a '(__bookhunt_list seller item book price shipping tax total currency original condition format available inventory expires_at checked_at cached url rank fits reason schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at quote' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at quote' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at quote' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at quote' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at quote' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at quote' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_at quote' -k -a '(__bookhunt_ask books)'

# bookhunt status
complete -c bookhunt -n '__bookhunt_at status' -l why -d 'Each seller'
complete -c bookhunt -n '__bookhunt_at status' -l watch -d 'Look until all have ended'
complete -c bookhunt -n '__bookhunt_at status' -l state -x -a 'PENDING PROCESSING RESOLVED IN_DOUBT NEEDS_ATTENTION SUCCESS NOT_AVAILABLE PURCHASE_FAILED CANCELLED EXPIRED DRY_RUN' -d 'Only these, for example SUCCESS'
complete -c bookhunt -n '__bookhunt_at status' -l since -x -d 'Only what was submitted since then'
complete -c bookhunt -n '__bookhunt_at status' -l limit -x -d 'At most so many'
complete -c bookhunt -n '__bookhunt_at status' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at status' -l fields -x -a '(__bookhunt_list request_id book max_price status strategy resolved_seller resolved_price item_price shipping original_price order_id delivery_estimate purchased_at lowest_available_price lowest_available_seller reason overcharged sellers_asked sellers_total calls cached coalesced early_exit stopped_because proof tax url cheaper_by_link profile customer watch_id attempts submitted_at finished_at latency_ms trace_id message schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at status' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at status' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at status' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at status' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at status' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at status' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_at status' -k -a '(__bookhunt_ask requests)'

# bookhunt wait
complete -c bookhunt -n '__bookhunt_at wait' -l timeout -x -d 'How long'
complete -c bookhunt -n '__bookhunt_at wait' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at wait' -l fields -x -a '(__bookhunt_list request_id book max_price status strategy resolved_seller resolved_price item_price shipping original_price order_id delivery_estimate purchased_at lowest_available_price lowest_available_seller reason overcharged sellers_asked sellers_total calls cached coalesced early_exit stopped_because proof tax url cheaper_by_link profile customer watch_id attempts submitted_at finished_at latency_ms trace_id message schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at wait' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at wait' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at wait' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at wait' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at wait' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at wait' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_at wait' -k -a '(__bookhunt_ask requests)'

# bookhunt cancel
complete -c bookhunt -n '__bookhunt_at cancel' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at cancel' -l fields -x -a '(__bookhunt_list request_id book max_price status strategy resolved_seller resolved_price item_price shipping original_price order_id delivery_estimate purchased_at lowest_available_price lowest_available_seller reason overcharged sellers_asked sellers_total calls cached coalesced early_exit stopped_because proof tax url cheaper_by_link profile customer watch_id attempts submitted_at finished_at latency_ms trace_id message schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at cancel' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at cancel' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at cancel' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at cancel' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at cancel' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at cancel' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_at cancel' -k -a '(__bookhunt_ask requests)'

# bookhunt settle
complete -c bookhunt -n '__bookhunt_at settle' -l bought -x -d 'It was bought'
complete -c bookhunt -n '__bookhunt_at settle' -l not-bought -d 'The seller has no such order'
complete -c bookhunt -n '__bookhunt_at settle' -l retry -d 'Not bought'
complete -c bookhunt -n '__bookhunt_at settle' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at settle' -l fields -x -a '(__bookhunt_list request_id book max_price status strategy resolved_seller resolved_price item_price shipping original_price order_id delivery_estimate purchased_at lowest_available_price lowest_available_seller reason overcharged sellers_asked sellers_total calls cached coalesced early_exit stopped_because proof tax url cheaper_by_link profile customer watch_id attempts submitted_at finished_at latency_ms trace_id message schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at settle' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at settle' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at settle' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at settle' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at settle' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at settle' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 settle' -k -a '(__bookhunt_ask requests)'

# bookhunt trace
complete -c bookhunt -n '__bookhunt_at trace' -l export -r -F -d 'Write it there'
complete -c bookhunt -n '__bookhunt_at trace' -l format -x -a 'otlp chrome' -d 'Of the file'
complete -c bookhunt -n '__bookhunt_at trace' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at trace' -l fields -x -a '(__bookhunt_list request_id trace_id began_at ms parts link dropped spans status strategy sellers_asked sellers_total calls cached coalesced early_exit stopped_because full_fan_out saved_calls sellers schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at trace' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at trace' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at trace' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at trace' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at trace' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at trace' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 trace' -k -a '(__bookhunt_ask requests)'

# bookhunt top
complete -c bookhunt -n '__bookhunt_at top' -l every -x -d 'How often to look'
complete -c bookhunt -n '__bookhunt_at top' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at top' -l fields -x -a '(__bookhunt_list at uptime_s monotonic_s paused safe_mode load requests calls money sellers schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at top' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at top' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at top' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at top' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at top' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at top' -l help -d 'Show the help and exit'

# bookhunt metrics
complete -c bookhunt -n '__bookhunt_at metrics' -l dashboard -d 'Print a dashboard for Grafana instead'
complete -c bookhunt -n '__bookhunt_at metrics' -l alerts -d 'Print alert rules for Prometheus instead'
complete -c bookhunt -n '__bookhunt_at metrics' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at metrics' -l fields -x -a '(__bookhunt_list name labels value schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at metrics' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at metrics' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at metrics' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at metrics' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at metrics' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at metrics' -l help -d 'Show the help and exit'

# bookhunt feedback
complete -c bookhunt -n '__bookhunt_at feedback' -l good -d 'It came as it was described'
complete -c bookhunt -n '__bookhunt_at feedback' -l late -d 'It came later than was said'
complete -c bookhunt -n '__bookhunt_at feedback' -l refunded -d 'The money came back'
complete -c bookhunt -n '__bookhunt_at feedback' -l wrong-item -d 'Another book or condition came'
complete -c bookhunt -n '__bookhunt_at feedback' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at feedback' -l fields -x -a '(__bookhunt_list request_id seller feedback counted schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at feedback' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at feedback' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at feedback' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at feedback' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at feedback' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at feedback' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 feedback' -k -a '(__bookhunt_ask requests)'

# bookhunt books
complete -c bookhunt -n '__bookhunt_after books' -a list -d 'List titles and their ISBNs'
complete -c bookhunt -n '__bookhunt_after books' -a show -d 'Show, or find out, the ISBNs of a title'
complete -c bookhunt -n '__bookhunt_after books' -a pin -d 'Let a title mean one ISBN'
complete -c bookhunt -n '__bookhunt_after books' -l help -d 'Show the help and exit'

# bookhunt books list
complete -c bookhunt -n '__bookhunt_at books list' -l limit -x -d 'At most so many'
complete -c bookhunt -n '__bookhunt_at books list' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at books list' -l fields -x -a '(__bookhunt_list title isbns pinned resolver resolved_at expires_at why schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at books list' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at books list' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at books list' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at books list' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at books list' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at books list' -l help -d 'Show the help and exit'

# bookhunt books show
complete -c bookhunt -n '__bookhunt_at books show' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at books show' -l fields -x -a '(__bookhunt_list title isbns pinned resolver resolved_at expires_at why schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at books show' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at books show' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at books show' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at books show' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at books show' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at books show' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 books show' -k -a '(__bookhunt_ask books)'

# bookhunt books pin
complete -c bookhunt -n '__bookhunt_at books pin' -l remove -d 'Let it mean any edition again'
complete -c bookhunt -n '__bookhunt_at books pin' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at books pin' -l fields -x -a '(__bookhunt_list title isbns pinned resolver resolved_at expires_at why schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at books pin' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at books pin' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at books pin' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at books pin' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at books pin' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at books pin' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 books pin' -k -a '(__bookhunt_ask books)'

# bookhunt watch
complete -c bookhunt -n '__bookhunt_after watch' -a add -d 'Look for a book at certain times, and buy it'
complete -c bookhunt -n '__bookhunt_after watch' -a list -d 'List the watches'
complete -c bookhunt -n '__bookhunt_after watch' -a show -d 'Show one watch'
complete -c bookhunt -n '__bookhunt_after watch' -a edit -d 'Change a watch'
complete -c bookhunt -n '__bookhunt_after watch' -a pause -d 'Let a watch rest'
complete -c bookhunt -n '__bookhunt_after watch' -a resume -d 'Let a watch look again'
complete -c bookhunt -n '__bookhunt_after watch' -a run -d 'Look now'
complete -c bookhunt -n '__bookhunt_after watch' -a remove -d 'Remove a watch for good'
complete -c bookhunt -n '__bookhunt_after watch' -a export -d 'Print all watches as lines'
complete -c bookhunt -n '__bookhunt_after watch' -a import -d 'Add watches from lines'
complete -c bookhunt -n '__bookhunt_after watch' -l help -d 'Show the help and exit'

# bookhunt watch add
complete -c bookhunt -n '__bookhunt_at watch add' -l max-price -x -d 'The most for one copy, shipping and tax included'
complete -c bookhunt -n '__bookhunt_at watch add' -l currency -x -d 'Of the price'
complete -c bookhunt -n '__bookhunt_at watch add' -l cron -x -d 'As in crontab'
complete -c bookhunt -n '__bookhunt_at watch add' -l every -x -d '30m, 6h, 1d'
complete -c bookhunt -n '__bookhunt_at watch add' -l at -x -d '2026-12-01T07:00'
complete -c bookhunt -n '__bookhunt_at watch add' -l timezone -x -d 'Europe/Berlin'
complete -c bookhunt -n '__bookhunt_at watch add' -l until -x -d 'The last day, or a time'
complete -c bookhunt -n '__bookhunt_at watch add' -l times -x -d 'Copies to buy'
complete -c bookhunt -n '__bookhunt_at watch add' -l quote-only -d 'Look and tell'
complete -c bookhunt -n '__bookhunt_at watch add' -l no-first-run -d 'Wait for the first time'
complete -c bookhunt -n '__bookhunt_at watch add' -l profile -x -k -a '(__bookhunt_ask profiles)' -d 'Where it is sent'
complete -c bookhunt -n '__bookhunt_at watch add' -l strategy -x -a 'cheapest balanced fast tiers' -d 'How it is sought'
complete -c bookhunt -n '__bookhunt_at watch add' -l condition -x -a 'new used any' -d 'Copies'
complete -c bookhunt -n '__bookhunt_at watch add' -l format -x -a 'paper ebook audio any' -d 'Formats'
complete -c bookhunt -n '__bookhunt_at watch add' -l sellers -x -a '(__bookhunt_list (__bookhunt_ask sellers | string replace -r \'\\t.*\' \'\'))' -d 'Only these'
complete -c bookhunt -n '__bookhunt_at watch add' -l customer -x -d 'On whose behalf'
complete -c bookhunt -n '__bookhunt_at watch add' -l note -x -d 'Kept with it'
complete -c bookhunt -n '__bookhunt_at watch add' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at watch add' -l fields -x -a '(__bookhunt_list id book max_price schedule timezone next_runs last_run bought copies state outcome request_id lowest lowest_seller best profile strategy condition format sellers until quote_only note created_at schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at watch add' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at watch add' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at watch add' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at watch add' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at watch add' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at watch add' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 watch add' -k -a '(__bookhunt_ask books)'

# bookhunt watch list
complete -c bookhunt -n '__bookhunt_at watch list' -l state -x -a 'active paused done ended' -d 'Only these'
complete -c bookhunt -n '__bookhunt_at watch list' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at watch list' -l fields -x -a '(__bookhunt_list id book max_price schedule timezone next_runs last_run bought copies state outcome request_id lowest lowest_seller best profile strategy condition format sellers until quote_only note created_at schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at watch list' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at watch list' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at watch list' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at watch list' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at watch list' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at watch list' -l help -d 'Show the help and exit'

# bookhunt watch show
complete -c bookhunt -n '__bookhunt_at watch show' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at watch show' -l fields -x -a '(__bookhunt_list id book max_price schedule timezone next_runs last_run bought copies state outcome request_id lowest lowest_seller best profile strategy condition format sellers until quote_only note created_at schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at watch show' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at watch show' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at watch show' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at watch show' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at watch show' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at watch show' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 watch show' -k -a '(__bookhunt_ask watches)'

# bookhunt watch edit
complete -c bookhunt -n '__bookhunt_at watch edit' -l max-price -x -d 'The most for one copy, shipping and tax included'
complete -c bookhunt -n '__bookhunt_at watch edit' -l cron -x -d 'As in crontab'
complete -c bookhunt -n '__bookhunt_at watch edit' -l every -x -d '30m, 6h, 1d'
complete -c bookhunt -n '__bookhunt_at watch edit' -l at -x -d '2026-12-01T07:00'
complete -c bookhunt -n '__bookhunt_at watch edit' -l timezone -x -d 'Europe/Berlin'
complete -c bookhunt -n '__bookhunt_at watch edit' -l until -x -a 'none' -d 'The last day, or a time'
complete -c bookhunt -n '__bookhunt_at watch edit' -l times -x -d 'Copies to buy'
complete -c bookhunt -n '__bookhunt_at watch edit' -l quote-only -d 'Only look, or buy'
complete -c bookhunt -n '__bookhunt_at watch edit' -l buy -d 'Only look, or buy'
complete -c bookhunt -n '__bookhunt_at watch edit' -l profile -x -k -a '(__bookhunt_ask profiles)' -d 'Where it is sent'
complete -c bookhunt -n '__bookhunt_at watch edit' -l strategy -x -a 'cheapest balanced fast tiers' -d 'How it is sought'
complete -c bookhunt -n '__bookhunt_at watch edit' -l condition -x -a 'new used any' -d 'Copies'
complete -c bookhunt -n '__bookhunt_at watch edit' -l format -x -a 'paper ebook audio any' -d 'Formats'
complete -c bookhunt -n '__bookhunt_at watch edit' -l sellers -x -a '(__bookhunt_list (__bookhunt_ask sellers | string replace -r \'\\t.*\' \'\'))' -d 'Only these'
complete -c bookhunt -n '__bookhunt_at watch edit' -l note -x -a 'none' -d 'Kept with it'
complete -c bookhunt -n '__bookhunt_at watch edit' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at watch edit' -l fields -x -a '(__bookhunt_list id book max_price schedule timezone next_runs last_run bought copies state outcome request_id lowest lowest_seller best profile strategy condition format sellers until quote_only note created_at schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at watch edit' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at watch edit' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at watch edit' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at watch edit' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at watch edit' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at watch edit' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 watch edit' -k -a '(__bookhunt_ask watches)'

# bookhunt watch pause
complete -c bookhunt -n '__bookhunt_at watch pause' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at watch pause' -l fields -x -a '(__bookhunt_list id book max_price schedule timezone next_runs last_run bought copies state outcome request_id lowest lowest_seller best profile strategy condition format sellers until quote_only note created_at schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at watch pause' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at watch pause' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at watch pause' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at watch pause' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at watch pause' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at watch pause' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 watch pause' -k -a '(__bookhunt_ask watches)'

# bookhunt watch resume
complete -c bookhunt -n '__bookhunt_at watch resume' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at watch resume' -l fields -x -a '(__bookhunt_list id book max_price schedule timezone next_runs last_run bought copies state outcome request_id lowest lowest_seller best profile strategy condition format sellers until quote_only note created_at schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at watch resume' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at watch resume' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at watch resume' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at watch resume' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at watch resume' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at watch resume' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 watch resume' -k -a '(__bookhunt_ask watches)'

# bookhunt watch run
complete -c bookhunt -n '__bookhunt_at watch run' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at watch run' -l fields -x -a '(__bookhunt_list id book max_price schedule timezone next_runs last_run bought copies state outcome request_id lowest lowest_seller best profile strategy condition format sellers until quote_only note created_at schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at watch run' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at watch run' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at watch run' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at watch run' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at watch run' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at watch run' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 watch run' -k -a '(__bookhunt_ask watches)'

# bookhunt watch remove
complete -c bookhunt -n '__bookhunt_at watch remove' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at watch remove' -l fields -x -a '(__bookhunt_list id book max_price schedule timezone next_runs last_run bought copies state outcome request_id lowest lowest_seller best profile strategy condition format sellers until quote_only note created_at schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at watch remove' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at watch remove' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at watch remove' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at watch remove' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at watch remove' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at watch remove' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 watch remove' -k -a '(__bookhunt_ask watches)'

# bookhunt watch export
complete -c bookhunt -n '__bookhunt_at watch export' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at watch export' -l fields -x -a '(__bookhunt_list id book max_price schedule timezone next_runs last_run bought copies state outcome request_id lowest lowest_seller best profile strategy condition format sellers until quote_only note created_at schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at watch export' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at watch export' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at watch export' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at watch export' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at watch export' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at watch export' -l help -d 'Show the help and exit'

# bookhunt watch import
complete -c bookhunt -n '__bookhunt_at watch import' -l max-price -x -d 'The most for one copy, shipping and tax included'
complete -c bookhunt -n '__bookhunt_at watch import' -l cron -x -d 'As in crontab'
complete -c bookhunt -n '__bookhunt_at watch import' -l every -x -d '30m, 6h, 1d'
complete -c bookhunt -n '__bookhunt_at watch import' -l at -x -d '2026-12-01T07:00'
complete -c bookhunt -n '__bookhunt_at watch import' -l timezone -x -d 'Europe/Berlin'
complete -c bookhunt -n '__bookhunt_at watch import' -l times -x -d 'Copies to buy'
complete -c bookhunt -n '__bookhunt_at watch import' -l profile -x -k -a '(__bookhunt_ask profiles)' -d 'Where it is sent'
complete -c bookhunt -n '__bookhunt_at watch import' -l no-first-run -d 'Wait for the first time'
complete -c bookhunt -n '__bookhunt_at watch import' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at watch import' -l fields -x -a '(__bookhunt_list id book max_price schedule timezone next_runs last_run bought copies state outcome request_id lowest lowest_seller best profile strategy condition format sellers until quote_only note created_at schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at watch import' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at watch import' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at watch import' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at watch import' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at watch import' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at watch import' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 watch import' -F

# bookhunt sellers
complete -c bookhunt -n '__bookhunt_after sellers' -a list -d 'List the sellers, their tier and state'
complete -c bookhunt -n '__bookhunt_after sellers' -a show -d 'Show one seller, and what it still needs'
complete -c bookhunt -n '__bookhunt_after sellers' -a test -d 'Check definitions and replay their examples'
complete -c bookhunt -n '__bookhunt_after sellers' -a new -d 'Write the skeleton of a definition'
complete -c bookhunt -n '__bookhunt_after sellers' -a schema -d 'Print the JSON Schema of definitions'
complete -c bookhunt -n '__bookhunt_after sellers' -a login -d 'Store the secrets and the payment token for a seller'
complete -c bookhunt -n '__bookhunt_after sellers' -a enable -d 'Ask a seller again'
complete -c bookhunt -n '__bookhunt_after sellers' -a disable -d 'Ask a seller no more'
complete -c bookhunt -n '__bookhunt_after sellers' -a block -d 'Never ask a seller, even by its name'
complete -c bookhunt -n '__bookhunt_after sellers' -a pin -d 'Put a seller into a tier by hand'
complete -c bookhunt -n '__bookhunt_after sellers' -a reset -d 'Forget a seller\'s failures'
complete -c bookhunt -n '__bookhunt_after sellers' -a logout -d 'Forget the secrets of a seller'
complete -c bookhunt -n '__bookhunt_after sellers' -l help -d 'Show the help and exit'

# bookhunt sellers list
complete -c bookhunt -n '__bookhunt_at sellers list' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at sellers list' -l fields -x -a '(__bookhunt_list id name mode tier pinned trust state suspended_until cause p95_ms success stock orders last_seen file hash schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at sellers list' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at sellers list' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers list' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers list' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at sellers list' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at sellers list' -l help -d 'Show the help and exit'

# bookhunt sellers show
complete -c bookhunt -n '__bookhunt_at sellers show' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at sellers show' -l fields -x -a '(__bookhunt_list id name mode tier pinned trust state suspended_until cause p95_ms success stock orders last_seen file hash secrets payment secret_store schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at sellers show' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at sellers show' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers show' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers show' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at sellers show' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at sellers show' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 sellers show' -k -a '(__bookhunt_ask sellers)'

# bookhunt sellers test
complete -c bookhunt -n '__bookhunt_at sellers test' -l strict -d 'Warnings, and what --live misses, are failures'
complete -c bookhunt -n '__bookhunt_at sellers test' -l live -x -k -a '(__bookhunt_ask books)' -d 'Ask the seller for this book'
complete -c bookhunt -n '__bookhunt_at sellers test' -l checkout -d 'With --live'
complete -c bookhunt -n '__bookhunt_at sellers test' -l profile -x -k -a '(__bookhunt_ask profiles)' -d 'Who would order, with --live'
complete -c bookhunt -n '__bookhunt_at sellers test' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at sellers test' -l fields -x -a '(__bookhunt_list file operation example ok error line column warning calls offers latency_ms parts schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at sellers test' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at sellers test' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers test' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers test' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at sellers test' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at sellers test' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_at sellers test' -F -k -a '(__bookhunt_ask sellers)'

# bookhunt sellers new
complete -c bookhunt -n '__bookhunt_at sellers new' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at sellers new' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at sellers new' -l color -x -d 'Colour'
complete -c bookhunt -n '__bookhunt_at sellers new' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers new' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers new' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at sellers new' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at sellers new' -l help -d 'Show the help and exit'

# bookhunt sellers schema
complete -c bookhunt -n '__bookhunt_at sellers schema' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at sellers schema' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at sellers schema' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at sellers schema' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers schema' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers schema' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at sellers schema' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at sellers schema' -l help -d 'Show the help and exit'

# bookhunt sellers login
complete -c bookhunt -n '__bookhunt_at sellers login' -l profile -x -k -a '(__bookhunt_ask profiles)' -d 'Whose payment token'
complete -c bookhunt -n '__bookhunt_at sellers login' -l stdin -d 'Read name=value lines'
complete -c bookhunt -n '__bookhunt_at sellers login' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at sellers login' -l fields -x -a '(__bookhunt_list id name mode tier pinned trust state suspended_until cause p95_ms success stock orders last_seen file hash secrets payment secret_store schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at sellers login' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at sellers login' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers login' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers login' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at sellers login' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at sellers login' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 sellers login' -k -a '(__bookhunt_ask sellers)'

# bookhunt sellers enable
complete -c bookhunt -n '__bookhunt_at sellers enable' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at sellers enable' -l fields -x -a '(__bookhunt_list id name mode tier pinned trust state suspended_until cause p95_ms success stock orders last_seen file hash schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at sellers enable' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at sellers enable' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers enable' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers enable' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at sellers enable' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at sellers enable' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 sellers enable' -k -a '(__bookhunt_ask sellers)'

# bookhunt sellers disable
complete -c bookhunt -n '__bookhunt_at sellers disable' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at sellers disable' -l fields -x -a '(__bookhunt_list id name mode tier pinned trust state suspended_until cause p95_ms success stock orders last_seen file hash schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at sellers disable' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at sellers disable' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers disable' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers disable' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at sellers disable' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at sellers disable' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 sellers disable' -k -a '(__bookhunt_ask sellers)'

# bookhunt sellers block
complete -c bookhunt -n '__bookhunt_at sellers block' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at sellers block' -l fields -x -a '(__bookhunt_list id name mode tier pinned trust state suspended_until cause p95_ms success stock orders last_seen file hash schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at sellers block' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at sellers block' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers block' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers block' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at sellers block' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at sellers block' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 sellers block' -k -a '(__bookhunt_ask sellers)'

# bookhunt sellers pin
complete -c bookhunt -n '__bookhunt_at sellers pin' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at sellers pin' -l fields -x -a '(__bookhunt_list id name mode tier pinned trust state suspended_until cause p95_ms success stock orders last_seen file hash schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at sellers pin' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at sellers pin' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers pin' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers pin' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at sellers pin' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at sellers pin' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 sellers pin' -k -a '(__bookhunt_ask sellers)'
complete -c bookhunt -n '__bookhunt_nth 2 sellers pin' -a '1 2 3 auto'

# bookhunt sellers reset
complete -c bookhunt -n '__bookhunt_at sellers reset' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at sellers reset' -l fields -x -a '(__bookhunt_list id name mode tier pinned trust state suspended_until cause p95_ms success stock orders last_seen file hash schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at sellers reset' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at sellers reset' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers reset' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers reset' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at sellers reset' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at sellers reset' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 sellers reset' -k -a '(__bookhunt_ask sellers)'

# bookhunt sellers logout
complete -c bookhunt -n '__bookhunt_at sellers logout' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at sellers logout' -l fields -x -a '(__bookhunt_list id name mode tier pinned trust state suspended_until cause p95_ms success stock orders last_seen file hash secrets payment secret_store schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at sellers logout' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at sellers logout' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers logout' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sellers logout' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at sellers logout' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at sellers logout' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 sellers logout' -k -a '(__bookhunt_ask sellers)'

# bookhunt profile
complete -c bookhunt -n '__bookhunt_after profile' -a add -d 'Add or replace a shipping profile'
complete -c bookhunt -n '__bookhunt_after profile' -a list -d 'List the profiles'
complete -c bookhunt -n '__bookhunt_after profile' -a show -d 'Show one profile'
complete -c bookhunt -n '__bookhunt_after profile' -a edit -d 'Edit a profile in your editor'
complete -c bookhunt -n '__bookhunt_after profile' -a remove -d 'Remove a profile'
complete -c bookhunt -n '__bookhunt_after profile' -a default -d 'Use this profile where none is named'
complete -c bookhunt -n '__bookhunt_after profile' -l help -d 'Show the help and exit'

# bookhunt profile add
complete -c bookhunt -n '__bookhunt_at profile add' -l from -r -F -d 'YAML or JSON'
complete -c bookhunt -n '__bookhunt_at profile add' -l replace -d 'Replace the one there is'
complete -c bookhunt -n '__bookhunt_at profile add' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at profile add' -l fields -x -a '(__bookhunt_list profile default name street street2 city region postcode country phone email bill schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at profile add' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at profile add' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at profile add' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at profile add' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at profile add' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at profile add' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 profile add' -k -a '(__bookhunt_ask profiles)'

# bookhunt profile list
complete -c bookhunt -n '__bookhunt_at profile list' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at profile list' -l fields -x -a '(__bookhunt_list profile default name street street2 city region postcode country phone email bill schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at profile list' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at profile list' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at profile list' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at profile list' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at profile list' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at profile list' -l help -d 'Show the help and exit'

# bookhunt profile show
complete -c bookhunt -n '__bookhunt_at profile show' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at profile show' -l fields -x -a '(__bookhunt_list profile default name street street2 city region postcode country phone email bill schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at profile show' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at profile show' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at profile show' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at profile show' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at profile show' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at profile show' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 profile show' -k -a '(__bookhunt_ask profiles)'

# bookhunt profile edit
complete -c bookhunt -n '__bookhunt_at profile edit' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at profile edit' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at profile edit' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at profile edit' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at profile edit' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at profile edit' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at profile edit' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at profile edit' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 profile edit' -k -a '(__bookhunt_ask profiles)'

# bookhunt profile remove
complete -c bookhunt -n '__bookhunt_at profile remove' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at profile remove' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at profile remove' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at profile remove' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at profile remove' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at profile remove' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at profile remove' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at profile remove' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 profile remove' -k -a '(__bookhunt_ask profiles)'

# bookhunt profile default
complete -c bookhunt -n '__bookhunt_at profile default' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at profile default' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at profile default' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at profile default' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at profile default' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at profile default' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at profile default' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at profile default' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 profile default' -k -a '(__bookhunt_ask profiles)'

# bookhunt notify
complete -c bookhunt -n '__bookhunt_after notify' -a list -d 'List notices that wait or were given up'
complete -c bookhunt -n '__bookhunt_after notify' -a test -d 'Tell each target something now'
complete -c bookhunt -n '__bookhunt_after notify' -a login -d 'Store a secret that a target names'
complete -c bookhunt -n '__bookhunt_after notify' -l help -d 'Show the help and exit'

# bookhunt notify list
complete -c bookhunt -n '__bookhunt_at notify list' -l limit -x -d 'At most so many'
complete -c bookhunt -n '__bookhunt_at notify list' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at notify list' -l fields -x -a '(__bookhunt_list notice_id event target state tries due_at error at request_id title schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at notify list' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at notify list' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at notify list' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at notify list' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at notify list' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at notify list' -l help -d 'Show the help and exit'

# bookhunt notify test
complete -c bookhunt -n '__bookhunt_at notify test' -l to -x -d 'Only the N-th target of config.yaml'
complete -c bookhunt -n '__bookhunt_at notify test' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at notify test' -l fields -x -a '(__bookhunt_list number target told error ms schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at notify test' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at notify test' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at notify test' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at notify test' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at notify test' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at notify test' -l help -d 'Show the help and exit'

# bookhunt notify login
complete -c bookhunt -n '__bookhunt_at notify login' -l stdin -d 'Read it from stdin'
complete -c bookhunt -n '__bookhunt_at notify login' -l remove -d 'Forget it'
complete -c bookhunt -n '__bookhunt_at notify login' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at notify login' -l fields -x -a '(__bookhunt_list secret stored schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at notify login' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at notify login' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at notify login' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at notify login' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at notify login' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at notify login' -l help -d 'Show the help and exit'

# bookhunt history
complete -c bookhunt -n '__bookhunt_at history' -l days -x -d 'Prices of so many days'
complete -c bookhunt -n '__bookhunt_at history' -l plot -d 'Draw them'
complete -c bookhunt -n '__bookhunt_at history' -l csv -d 'Print each price as a line of CSV'
complete -c bookhunt -n '__bookhunt_at history' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at history' -l fields -x -a '(__bookhunt_list seller condition format country currency lowest lowest_at median last last_at landed points schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at history' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at history' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at history' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at history' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at history' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at history' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 history' -k -a '(__bookhunt_ask books)'

# bookhunt limits
complete -c bookhunt -n '__bookhunt_after limits' -a show -d 'Show the limits and what is spent'
complete -c bookhunt -n '__bookhunt_after limits' -a set -d 'Change the limits of one currency'
complete -c bookhunt -n '__bookhunt_after limits' -a reset -d 'Go back to the limits of config.yaml'
complete -c bookhunt -n '__bookhunt_after limits' -l help -d 'Show the help and exit'

# bookhunt limits show
complete -c bookhunt -n '__bookhunt_at limits show' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at limits show' -l fields -x -a '(__bookhunt_list currency purchase day month spent_day spent_month schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at limits show' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at limits show' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at limits show' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at limits show' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at limits show' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at limits show' -l help -d 'Show the help and exit'

# bookhunt limits set
complete -c bookhunt -n '__bookhunt_at limits set' -l currency -x -d 'Of the amounts'
complete -c bookhunt -n '__bookhunt_at limits set' -l purchase -x -a 'none' -d 'The most for one purchase'
complete -c bookhunt -n '__bookhunt_at limits set' -l day -x -a 'none' -d 'The most in a day'
complete -c bookhunt -n '__bookhunt_at limits set' -l month -x -a 'none' -d 'The most in a month'
complete -c bookhunt -n '__bookhunt_at limits set' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at limits set' -l fields -x -a '(__bookhunt_list currency purchase day month spent_day spent_month schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at limits set' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at limits set' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at limits set' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at limits set' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at limits set' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at limits set' -l help -d 'Show the help and exit'

# bookhunt limits reset
complete -c bookhunt -n '__bookhunt_at limits reset' -l currency -x -d 'Of the amounts'
complete -c bookhunt -n '__bookhunt_at limits reset' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at limits reset' -l fields -x -a '(__bookhunt_list currency purchase day month spent_day spent_month schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at limits reset' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at limits reset' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at limits reset' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at limits reset' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at limits reset' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at limits reset' -l help -d 'Show the help and exit'

# bookhunt pause
complete -c bookhunt -n '__bookhunt_at pause' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at pause' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at pause' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at pause' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at pause' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at pause' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at pause' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at pause' -l help -d 'Show the help and exit'

# bookhunt resume
complete -c bookhunt -n '__bookhunt_at resume' -l reconciled -d 'You compared the orders'
complete -c bookhunt -n '__bookhunt_at resume' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at resume' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at resume' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at resume' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at resume' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at resume' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at resume' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at resume' -l help -d 'Show the help and exit'

# bookhunt stats
complete -c bookhunt -n '__bookhunt_at stats' -l since -x -a 'all' -d 'Of requests submitted since then'
complete -c bookhunt -n '__bookhunt_at stats' -l by -x -a 'seller strategy' -d 'A line for each of them'
complete -c bookhunt -n '__bookhunt_at stats' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at stats' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at stats' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at stats' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at stats' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at stats' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at stats' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at stats' -l help -d 'Show the help and exit'

# bookhunt doctor
complete -c bookhunt -n '__bookhunt_at doctor' -l bundle -r -F -d 'Write a redacted zip for a bug report'
complete -c bookhunt -n '__bookhunt_at doctor' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at doctor' -l fields -x -a '(__bookhunt_list check level found hint schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at doctor' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at doctor' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at doctor' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at doctor' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at doctor' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at doctor' -l help -d 'Show the help and exit'

# bookhunt db
complete -c bookhunt -n '__bookhunt_after db' -a snapshot -d 'Copy the ledger into a file to look into'
complete -c bookhunt -n '__bookhunt_after db' -a export -d 'Print all requests and attempts as lines'
complete -c bookhunt -n '__bookhunt_after db' -l help -d 'Show the help and exit'

# bookhunt db snapshot
complete -c bookhunt -n '__bookhunt_at db snapshot' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at db snapshot' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at db snapshot' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at db snapshot' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at db snapshot' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at db snapshot' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at db snapshot' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at db snapshot' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 db snapshot' -F

# bookhunt db export
complete -c bookhunt -n '__bookhunt_at db export' -l what -x -a 'requests attempts all' -d 'Which lines'
complete -c bookhunt -n '__bookhunt_at db export' -l since -x -d 'Only what is younger'
complete -c bookhunt -n '__bookhunt_at db export' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at db export' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at db export' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at db export' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at db export' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at db export' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at db export' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at db export' -l help -d 'Show the help and exit'

# bookhunt daemon
complete -c bookhunt -n '__bookhunt_after daemon' -a start -d 'Start the daemon'
complete -c bookhunt -n '__bookhunt_after daemon' -a stop -d 'Let orders end, then stop it'
complete -c bookhunt -n '__bookhunt_after daemon' -a restart -d 'Stop it and start it'
complete -c bookhunt -n '__bookhunt_after daemon' -a status -d 'Say whether it runs, and since when'
complete -c bookhunt -n '__bookhunt_after daemon' -a run -d 'Run it here, until Ctrl-C'
complete -c bookhunt -n '__bookhunt_after daemon' -a logs -d 'Print its log'
complete -c bookhunt -n '__bookhunt_after daemon' -a install -d 'Let the system start it'
complete -c bookhunt -n '__bookhunt_after daemon' -a uninstall -d 'Take back what install did'
complete -c bookhunt -n '__bookhunt_after daemon' -l help -d 'Show the help and exit'

# bookhunt daemon start
complete -c bookhunt -n '__bookhunt_at daemon start' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at daemon start' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at daemon start' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at daemon start' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at daemon start' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at daemon start' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at daemon start' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at daemon start' -l help -d 'Show the help and exit'

# bookhunt daemon stop
complete -c bookhunt -n '__bookhunt_at daemon stop' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at daemon stop' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at daemon stop' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at daemon stop' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at daemon stop' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at daemon stop' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at daemon stop' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at daemon stop' -l help -d 'Show the help and exit'

# bookhunt daemon restart
complete -c bookhunt -n '__bookhunt_at daemon restart' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at daemon restart' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at daemon restart' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at daemon restart' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at daemon restart' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at daemon restart' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at daemon restart' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at daemon restart' -l help -d 'Show the help and exit'

# bookhunt daemon status
complete -c bookhunt -n '__bookhunt_at daemon status' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at daemon status' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at daemon status' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at daemon status' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at daemon status' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at daemon status' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at daemon status' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at daemon status' -l help -d 'Show the help and exit'

# bookhunt daemon run
complete -c bookhunt -n '__bookhunt_at daemon run' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at daemon run' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at daemon run' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at daemon run' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at daemon run' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at daemon run' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at daemon run' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at daemon run' -l help -d 'Show the help and exit'

# bookhunt daemon logs
complete -c bookhunt -n '__bookhunt_at daemon logs' -s n -x -d 'The last so many'
complete -c bookhunt -n '__bookhunt_at daemon logs' -l lines -x -d 'The last so many'
complete -c bookhunt -n '__bookhunt_at daemon logs' -s f -d 'And those that come, until Ctrl-C'
complete -c bookhunt -n '__bookhunt_at daemon logs' -l follow -d 'And those that come, until Ctrl-C'
complete -c bookhunt -n '__bookhunt_at daemon logs' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at daemon logs' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at daemon logs' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at daemon logs' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at daemon logs' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at daemon logs' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at daemon logs' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at daemon logs' -l help -d 'Show the help and exit'

# bookhunt daemon install
complete -c bookhunt -n '__bookhunt_at daemon install' -l print -d 'Show what would be written, and write nothing'
complete -c bookhunt -n '__bookhunt_at daemon install' -l enable -d 'Also put it into force'
complete -c bookhunt -n '__bookhunt_at daemon install' -l no-enable -d 'Also put it into force'
complete -c bookhunt -n '__bookhunt_at daemon install' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at daemon install' -l fields -x -a '(__bookhunt_list file content schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at daemon install' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at daemon install' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at daemon install' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at daemon install' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at daemon install' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at daemon install' -l help -d 'Show the help and exit'

# bookhunt daemon uninstall
complete -c bookhunt -n '__bookhunt_at daemon uninstall' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at daemon uninstall' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at daemon uninstall' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at daemon uninstall' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at daemon uninstall' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at daemon uninstall' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at daemon uninstall' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at daemon uninstall' -l help -d 'Show the help and exit'

# bookhunt config
complete -c bookhunt -n '__bookhunt_after config' -a show -d 'Print every value in force'
complete -c bookhunt -n '__bookhunt_after config' -a edit -d 'Edit config.yaml in your editor'
complete -c bookhunt -n '__bookhunt_after config' -a path -d 'Print where everything lies'
complete -c bookhunt -n '__bookhunt_after config' -a check -d 'Find the mistakes in config.yaml'
complete -c bookhunt -n '__bookhunt_after config' -l help -d 'Show the help and exit'

# bookhunt config show
complete -c bookhunt -n '__bookhunt_at config show' -l origin -d 'Also where each is from'
complete -c bookhunt -n '__bookhunt_at config show' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at config show' -l fields -x -a '(__bookhunt_list name value origin after_restart schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at config show' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at config show' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at config show' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at config show' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at config show' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at config show' -l help -d 'Show the help and exit'

# bookhunt config edit
complete -c bookhunt -n '__bookhunt_at config edit' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at config edit' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at config edit' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at config edit' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at config edit' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at config edit' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at config edit' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at config edit' -l help -d 'Show the help and exit'

# bookhunt config path
complete -c bookhunt -n '__bookhunt_at config path' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at config path' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at config path' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at config path' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at config path' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at config path' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at config path' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at config path' -l help -d 'Show the help and exit'

# bookhunt config check
complete -c bookhunt -n '__bookhunt_at config check' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at config check' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at config check' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at config check' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at config check' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at config check' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at config check' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at config check' -l help -d 'Show the help and exit'

# bookhunt demo
complete -c bookhunt -n '__bookhunt_at demo' -l sellers -x -d 'How many sellers, 1 to 200'
complete -c bookhunt -n '__bookhunt_at demo' -l seed -x -d 'Of stock, prices and latencies'
complete -c bookhunt -n '__bookhunt_at demo' -l keep -d 'Leave the street and the daemon running'
complete -c bookhunt -n '__bookhunt_at demo' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at demo' -l fields -x -a '(__bookhunt_list request_id book max_price status strategy resolved_seller resolved_price item_price shipping original_price order_id delivery_estimate purchased_at lowest_available_price lowest_available_seller reason overcharged sellers_asked sellers_total calls cached coalesced early_exit stopped_because proof tax url cheaper_by_link profile customer watch_id attempts submitted_at finished_at latency_ms trace_id message schema_version ledger home street)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at demo' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at demo' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at demo' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at demo' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at demo' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at demo' -l help -d 'Show the help and exit'

# bookhunt sandbox
complete -c bookhunt -n '__bookhunt_after sandbox' -a start -d 'Open the street and set this home up for it'
complete -c bookhunt -n '__bookhunt_after sandbox' -a stop -d 'Close the street'
complete -c bookhunt -n '__bookhunt_after sandbox' -a ledger -d 'Print the orders that the street itself knows of'
complete -c bookhunt -n '__bookhunt_after sandbox' -l help -d 'Show the help and exit'

# bookhunt sandbox start
complete -c bookhunt -n '__bookhunt_at sandbox start' -l sellers -x -d 'How many sellers, 1 to 200'
complete -c bookhunt -n '__bookhunt_at sandbox start' -l seed -x -d 'Of stock, prices and latencies'
complete -c bookhunt -n '__bookhunt_at sandbox start' -l latency-scale -x -d 'Multiplies every latency'
complete -c bookhunt -n '__bookhunt_at sandbox start' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at sandbox start' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at sandbox start' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at sandbox start' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sandbox start' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sandbox start' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at sandbox start' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at sandbox start' -l help -d 'Show the help and exit'

# bookhunt sandbox stop
complete -c bookhunt -n '__bookhunt_at sandbox stop' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at sandbox stop' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at sandbox stop' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at sandbox stop' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sandbox stop' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sandbox stop' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at sandbox stop' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at sandbox stop' -l help -d 'Show the help and exit'

# bookhunt sandbox ledger
complete -c bookhunt -n '__bookhunt_at sandbox ledger' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at sandbox ledger' -l fields -x -a '(__bookhunt_list order_id seller item isbn quantity total reference cancelled schema_version)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at sandbox ledger' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at sandbox ledger' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sandbox ledger' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at sandbox ledger' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at sandbox ledger' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at sandbox ledger' -l help -d 'Show the help and exit'

# bookhunt help
complete -c bookhunt -n '__bookhunt_at help' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at help' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at help' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at help' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at help' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at help' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at help' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at help' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_at help' -a 'exit-codes json sellers pipelines safety watches notices environment buy quote status wait cancel settle trace top metrics feedback books watch sellers profile notify history limits pause resume stats doctor db daemon config demo sandbox help completions version'

# bookhunt completions
complete -c bookhunt -n '__bookhunt_after completions' -a install -d 'Put them where your shell and man look'
complete -c bookhunt -n '__bookhunt_after completions' -a show -d 'Print the completion script of a shell'
complete -c bookhunt -n '__bookhunt_after completions' -l help -d 'Show the help and exit'

# bookhunt completions install
complete -c bookhunt -n '__bookhunt_at completions install' -l shell -x -a 'bash zsh fish' -d 'bash, zsh or fish'
complete -c bookhunt -n '__bookhunt_at completions install' -l man -d 'The man pages too'
complete -c bookhunt -n '__bookhunt_at completions install' -l no-man -d 'The man pages too'
complete -c bookhunt -n '__bookhunt_at completions install' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at completions install' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at completions install' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at completions install' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at completions install' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at completions install' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at completions install' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at completions install' -l help -d 'Show the help and exit'

# bookhunt completions show
complete -c bookhunt -n '__bookhunt_at completions show' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at completions show' -l fields -x -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at completions show' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at completions show' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at completions show' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at completions show' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at completions show' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at completions show' -l help -d 'Show the help and exit'
complete -c bookhunt -n '__bookhunt_nth 1 completions show' -a 'bash zsh fish'

# bookhunt version
complete -c bookhunt -n '__bookhunt_at version' -l json -d 'Print JSON Lines'
complete -c bookhunt -n '__bookhunt_at version' -l fields -x -a '(__bookhunt_list version api_version schema_version python system)' -d 'Only these fields'
complete -c bookhunt -n '__bookhunt_at version' -l color -x -a 'auto always never' -d 'Colour'
complete -c bookhunt -n '__bookhunt_at version' -s q -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at version' -l quiet -d 'No notices and no progress'
complete -c bookhunt -n '__bookhunt_at version' -l no-input -d 'Never ask anything'
complete -c bookhunt -n '__bookhunt_at version' -l no-autostart -d 'Do not start the daemon'
complete -c bookhunt -n '__bookhunt_at version' -l help -d 'Show the help and exit'
