"""Requests, answers and steps, each text compiled for where it stands.

A value in a path is percent-encoded, in a header it may hold no line break, in JSON it keeps its
type; an expression is compiled for the format its answer is written in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bookhunt.sellers.compiled import (
    CompiledBody,
    CompiledCapture,
    CompiledMust,
    CompiledOutcome,
    CompiledPages,
    CompiledPick,
    CompiledRequest,
    CompiledStep,
    CompiledWhen,
)
from bookhunt.sellers.expressions import compile_pattern, finder, json_like
from bookhunt.sellers.language import status_matches
from bookhunt.sellers.reading.amounts import LowestReader, PricedReader
from bookhunt.sellers.reading.baskets import BasketReader
from bookhunt.sellers.reading.orders import OrderReader
from bookhunt.sellers.rendering import constant_headers
from bookhunt.sellers.template import Context, Template, compile_template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bookhunt.sellers.compiled import Tree
    from bookhunt.sellers.language import (
        AnswerFormat,
        Block,
        Capture,
        Must,
        Outcome,
        Pages,
        Pick,
        Request,
        Step,
        When,
    )


def tree(value: Any) -> Tree:
    """JSON with each of its texts compiled."""
    if isinstance(value, str):
        return compile_template(value, Context.JSON)
    if isinstance(value, dict):
        return {key: tree(item) for key, item in value.items()}
    if isinstance(value, list):
        return [tree(item) for item in value]
    return value


def compile_request(request: Request, headers: Mapping[str, str]) -> CompiledRequest:
    """A request; `headers` are those of its block and step, which its own replace."""
    address = request.path if request.path is not None else request.url
    context = Context.PATH if request.path is not None else Context.URL
    merged, body = merged_headers(headers, request.headers), _body(request)
    return CompiledRequest(
        method=request.method,
        address=compile_template(address or "", context),
        is_url=request.path is None,
        query=_pairs(request.query, Context.QUERY),
        headers=merged,
        body=body,
        follows=request.follows,
        constant_headers=constant_headers(merged) if body is None else None,
    )


def merged_headers(*levels: Mapping[str, str]) -> tuple[tuple[str, Template], ...]:
    """Headers of a block, a step and a request: the later level wins, whatever the case."""
    merged: dict[str, tuple[str, str]] = {}
    for level in levels:
        for name, text in level.items():
            merged[name.lower()] = (name, text)
    return tuple((name, compile_template(text, Context.HEADER)) for name, text in merged.values())


def _pairs(
    values: Mapping[str, str | tuple[str, ...]], context: Context
) -> tuple[tuple[str, Template | tuple[Template, ...]], ...]:
    return tuple(
        (
            name,
            compile_template(value, context)
            if isinstance(value, str)
            else tuple(compile_template(each, context) for each in value),
        )
        for name, value in values.items()
    )


def _body(request: Request) -> CompiledBody | None:
    kind = request.body_kind
    if kind is None:
        return None
    if kind == "json":
        return CompiledBody(kind=kind, json=tree(request.json_body))
    if kind == "xml":
        return CompiledBody(kind=kind, xml=compile_template(request.xml or "", Context.XML))
    if kind == "form":
        fields = dict(request.form or {})
        whole = fields.pop("*", None)
        return CompiledBody(
            kind=kind,
            form=_pairs(fields, Context.FORM),
            whole_form=compile_template(whole, Context.VALUE) if isinstance(whole, str) else None,
        )
    assert request.graphql is not None  # body_kind says so
    return CompiledBody(
        kind=kind,
        query=request.graphql.query,
        variables=tree(request.graphql.variables),
        operation_name=request.graphql.operation_name,
    )


# ------------------------------------------------------------------------------------ answers
def compile_when(when: When, written: AnswerFormat, namespaces: Mapping[str, str]) -> CompiledWhen:
    """A condition."""
    statuses = None
    if when.status is not None:
        patterns = when.status
        statuses = frozenset(n for n in range(100, 600) if status_matches(patterns, n))
    return CompiledWhen(
        statuses=statuses,
        json=_maybe(when.json_expr, json_like(written), namespaces),
        xml=_maybe(when.xml, "xml", namespaces),
        html=_maybe(when.html, "html", namespaces),
        text=compile_pattern(when.text) if when.text is not None else None,
        location=compile_pattern(when.location) if when.location is not None else None,
        headers=tuple((name, compile_pattern(p)) for name, p in (when.header or {}).items()),
    )


def _maybe(expression: str | None, written: AnswerFormat, namespaces: Mapping[str, str]) -> Any:
    return None if expression is None else finder(expression, written, namespaces)


def _outcome(
    outcome: Outcome, written: AnswerFormat, namespaces: Mapping[str, str]
) -> CompiledOutcome:
    return CompiledOutcome(
        when=compile_when(outcome.when, written, namespaces),
        means=outcome.means,
        message=_maybe(outcome.message, written, namespaces),
    )


def _must(must: Must, written: AnswerFormat, namespaces: Mapping[str, str]) -> CompiledMust:
    said = must.that.model_dump(by_alias=True, exclude_unset=True)
    return CompiledMust(
        that=compile_when(must.that, written, namespaces),
        otherwise=must.otherwise,
        message=_maybe(must.message, written, namespaces),
        told=", ".join(f"{key}: {value}" for key, value in said.items()),
    )


def _capture(
    name: str,
    capture: Capture,
    written: AnswerFormat,
    namespaces: Mapping[str, str],
    *,
    required: bool,
) -> CompiledCapture:
    return CompiledCapture(
        name=name,
        at=_maybe(capture.at, written, namespaces),
        header=capture.header,
        cookie=capture.cookie,
        location=compile_pattern(capture.location) if capture.location is not None else None,
        form=_maybe(capture.form, "html", namespaces),
        form_expression=capture.form,
        pattern=compile_pattern(capture.pattern) if capture.pattern is not None else None,
        otherwise=capture.otherwise,
        required=required,
    )


def _pick(
    name: str, pick: Pick, written: AnswerFormat, namespaces: Mapping[str, str]
) -> CompiledPick:
    return CompiledPick(
        name=name,
        rows=tuple(finder(each, written, namespaces) for each in pick.rows),
        where=_maybe(pick.where, written, namespaces),
        equals=tuple(
            (finder(place, written, namespaces), compile_template(text, Context.VALUE))
            for place, text in (pick.equals or {}).items()
        ),
        min_by=None if pick.min_by is None else LowestReader(pick, written, namespaces),
        at=_maybe(pick.at, written, namespaces),
        otherwise=pick.otherwise,
    )


def _pages(pages: Pages, written: AnswerFormat, namespaces: Mapping[str, str]) -> CompiledPages:
    pattern = pages.next.pattern
    return CompiledPages(
        at=_maybe(pages.next.at, written, namespaces),
        header=pages.next.header,
        pattern=compile_pattern(pattern) if pattern is not None else None,
        most=pages.most,
    )


# ------------------------------------------------------------------------------ steps and blocks
def compile_step(block: Block, step: Step, index: int) -> CompiledStep:
    """A step with what its block says of every step."""
    written, namespaces = block.format_of(step), block.namespaces_of(step)
    # The commit step reads its own outcomes only: what a block says of all its steps is about
    # baskets and pages, and a wrong word about money that was sent could buy a second copy.
    outcomes = step.outcomes if step.commit else (*step.outcomes, *block.outcomes)
    musts = () if step.commit else (*step.must, *block.must)
    captures = [
        _capture(name, each, written, namespaces, required=True)
        for name, each in step.capture.items()
    ]
    captures += [
        _capture(name, each, written, namespaces, required=False)
        for name, each in block.capture.items()
        if name not in step.capture
    ]
    return CompiledStep(
        index=index,
        name=step.name or f"step {index + 1}",
        request=compile_request(step.request, {**block.headers, **step.headers}),
        only_if=None if step.only_if is None else compile_template(step.only_if, Context.VALUE),
        keep_s=step.keep_s,
        pages=None if step.pages is None else _pages(step.pages, written, namespaces),
        format=written,
        outcomes=tuple(_outcome(each, written, namespaces) for each in outcomes),
        musts=tuple(_must(each, written, namespaces) for each in musts),
        captures=tuple(captures),
        picks=tuple(_pick(name, each, written, namespaces) for name, each in step.pick.items()),
        basket=None if step.basket is None else BasketReader(step.basket, written, namespaces),
        total=None if step.total is None else PricedReader(step.total, written, namespaces),
        fields=None if step.fields is None else OrderReader(step.fields, written, namespaces),
        repeatable=step.repeatable,
        commit=step.commit,
        timeout_s=None if step.timeout_ms is None else step.timeout_ms / 1000,
        model=step,
    )
