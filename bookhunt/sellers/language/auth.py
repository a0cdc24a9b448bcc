"""How a seller knows its customer; entries add up, each for one host."""

from typing import Annotated, Literal

from pydantic import Field

from bookhunt.documents.closed import Closed
from bookhunt.sellers.language.scalars import HeaderName, TemplateText, Text
from bookhunt.sellers.language.steps import Block

_HOST = "The host it is for; default base_url's."


class HeaderAuth(Closed):
    """A header."""

    kind: Literal["header"]
    name: HeaderName = Field(description="The header.")
    value: TemplateText = Field(description='Its value: "{secrets.api_key}".')
    host: TemplateText | None = Field(default=None, description=_HOST)


class QueryAuth(Closed):
    """A parameter of the address."""

    kind: Literal["query"]
    name: Text = Field(description="The parameter.")
    value: TemplateText = Field(description="Its value.")
    host: TemplateText | None = Field(default=None, description=_HOST)


class BasicAuth(Closed):
    """Name and password of HTTP Basic."""

    kind: Literal["basic"]
    user: TemplateText = Field(description="The name.")
    password: str = Field(default="", description="The password; may be empty.")
    host: TemplateText | None = Field(default=None, description=_HOST)


class BearerAuth(Closed):
    """A token: `Authorization: Bearer ...`."""

    kind: Literal["bearer"]
    value: TemplateText = Field(description="The token.")
    host: TemplateText | None = Field(default=None, description=_HOST)


class OAuth2Auth(Closed):
    """A token got with a client's id and secret, renewed before it ends."""

    kind: Literal["oauth2_client_credentials"]
    token_url: TemplateText = Field(description="Where tokens are got, whole or relative.")
    id: TemplateText = Field(description="The client's id.")
    secret: TemplateText = Field(description="The client's secret.")
    scope: TemplateText | None = Field(default=None, description="What is asked for.")
    send: Literal["basic", "body"] = Field(
        default="basic", description="How id and secret are sent: as HTTP Basic or in the form."
    )
    host: TemplateText | None = Field(default=None, description=_HOST)


class SessionAuth(Block):
    """Steps that log in once and again on 401; headers go with each later request."""

    kind: Literal["session"]
    host: TemplateText | None = Field(default=None, description=_HOST)


Auth = Annotated[
    HeaderAuth | QueryAuth | BasicAuth | BearerAuth | OAuth2Auth | SessionAuth,
    Field(discriminator="kind"),
]
