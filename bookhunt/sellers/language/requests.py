"""What is sent in one step."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from bookhunt.documents.closed import Closed, Truth
from bookhunt.sellers.language.scalars import HeaderName, Json, OneOrSeveral, TemplateText, Text

BodyKind = Literal["json", "form", "xml", "graphql"]
_BODIES: tuple[BodyKind, ...] = ("json", "form", "xml", "graphql")


class GraphQL(Closed):
    """A GraphQL document and its variables; the document itself holds no placeholders."""

    query: Text = Field(description="The GraphQL document, as it is: without placeholders.")
    variables: dict[Text, Json] = Field(
        default_factory=dict, description="Its variables; values may hold placeholders."
    )
    operation_name: Text | None = Field(
        default=None, description="Which operation of the document is meant."
    )


class Request(Closed):
    """One HTTP request; every text in it may hold placeholders."""

    method_: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = Field(
        default=None, alias="method", description="GET where none is named; with a body POST."
    )
    path: TemplateText | None = Field(
        default=None, description="Put behind base_url, its own path included."
    )
    url: TemplateText | None = Field(
        default=None, description="A link found before, whole or relative to base_url."
    )
    query: dict[Text, OneOrSeveral] = Field(
        default_factory=dict, description="Parameters; one without a value is left out."
    )
    headers: dict[HeaderName, TemplateText] = Field(
        default_factory=dict, description="Headers; one without a value is left out."
    )
    json_body: Json = Field(default=None, alias="json", description="A JSON body.")
    form: dict[Text, OneOrSeveral] | None = Field(
        default=None, description='Fields of a form; "*" stands for all hidden inputs of a form.'
    )
    xml: Text | None = Field(default=None, description="An XML body; values are escaped.")
    graphql: GraphQL | None = Field(default=None, description="A GraphQL request.")
    follow: Truth | None = Field(
        default=None, description="false: a redirect of a GET is the answer. Default true."
    )

    @property
    def body_kind(self) -> BodyKind | None:
        """Which body is sent, None: none."""
        return next((kind for kind in _BODIES if kind in self._written), None)

    @property
    def method(self) -> str:
        """The method in upper case: GET where none is named, POST with a body."""
        return self.method_ or ("POST" if self.body_kind else "GET")

    @property
    def follows(self) -> bool:
        """Whether up to three redirects are followed: a GET does, unless it says otherwise."""
        return self.method == "GET" and self.follow is not False

    @property
    def _written(self) -> set[str]:
        names = {"json_body": "json"}
        return {names.get(each, each) for each in self.model_fields_set}

    @model_validator(mode="before")
    @classmethod
    def _upper_case(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(method := value.get("method"), str):
            return {**value, "method": method.upper()}
        return value

    @model_validator(mode="after")
    def _one_address_one_body(self) -> Self:
        if (self.path is None) == (self.url is None):
            raise ValueError("needs path or url, one of the two")
        bodies = [kind for kind in _BODIES if kind in self._written]
        if len(bodies) > 1:
            raise ValueError(f"has {' and '.join(bodies)}: a request has one body")
        return self
