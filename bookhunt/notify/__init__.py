"""How we tell: what waits in the outbox goes to webhooks, programs, mail and chat."""
