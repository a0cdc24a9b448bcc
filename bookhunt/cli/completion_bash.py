"""The completion script of bash: tables of what can be typed, and a walker that reads the line.

It needs nothing but bash itself. Values that the daemon knows are asked of `bookhunt __complete`,
which is quick, starts nothing and says nothing when it has nothing to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bookhunt.cli.surface import Page

_HEAD = """\
# bash completion of bookhunt; `bookhunt completions install` puts it in place. Generated.

# What stands under the words so far: commands, options, the options with a value, the operands.
_bookhunt_table() {
    below= options= valued= operands=()
    case $1 in
"""
_MIDDLE = """\
    esac
}

# What completes the value of option $2 under the words $1.
_bookhunt_value() {
    kind=
    case "$1 $2" in
"""
_FOOT = r"""    esac
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
"""


def bash_script(pages: Sequence[Page]) -> str:
    """The whole script."""
    return _HEAD + "".join(_tables(pages)) + _MIDDLE + "".join(_values(pages)) + _FOOT


def _tables(pages: Sequence[Page]) -> Iterator[str]:
    for page in pages:
        options = [name for flag in page.flags for name in flag.names]
        valued = [name for flag in page.flags if flag.metavar for name in flag.names]
        operands = [o.kind + ("..." if o.repeats else "") for o in page.operands]
        yield f"        {_quoted(' '.join(page.words))})\n"
        for name, words in (
            ("below", [word for word, _ in page.below]),
            ("options", options),
            ("valued", valued),
        ):
            if words:
                yield f"            {name}={_quoted(' '.join(words))}\n"
        if operands:
            yield f"            operands=({' '.join(map(_quoted, operands))})\n"
        yield "            ;;\n"


def _values(pages: Sequence[Page]) -> Iterator[str]:
    for page in pages:
        for flag in page.flags:
            if flag.kind:
                cases = " | ".join(_quoted(" ".join((*page.words, n))) for n in flag.names)
                yield f"        {cases}) kind={_quoted(flag.kind)} ;;\n"


def _quoted(text: str) -> str:
    assert "'" not in text, text
    return f"'{text}'"
