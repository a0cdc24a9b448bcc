"""What was seen of a book is there to be looked at, over restarts, until the cache is lost."""

import pytest

from tests.story.world import World

pytestmark = pytest.mark.story


def test_a_quote_is_history_and_a_lost_cache_costs_only_that(own_world: World) -> None:
    isbn = own_world.book()
    offers = own_world.objects("quote", isbn)
    own_world.run("daemon", "restart")
    lines = own_world.objects("history", isbn)
    assert {line["seller"] for line in lines} >= {offer["seller"] for offer in offers}
    cheapest = min(
        (offer for offer in offers if offer["total"] and offer["original"] is None),
        key=lambda offer: float(offer["total"]["amount"]),
    )
    [line] = [
        line
        for line in lines
        if (line["seller"], line["condition"]) == (cheapest["seller"], cheapest["condition"])
    ]
    assert line["lowest"] == cheapest["total"]
    assert own_world.run("history", isbn, "--csv").stdout.count("\n") == len(lines) + 1
    assert cheapest["seller"] in own_world.run("history", isbn, "--plot").stdout

    own_world.run("daemon", "stop")
    for file in own_world.home.cache_file.parent.glob("cache.db*"):
        file.unlink()
    assert own_world.objects("history", isbn) == []
    bought = own_world.object("buy", isbn, "--max-price", "80")
    assert bought["status"] == "SUCCESS"
    assert own_world.objects("history", isbn) != []
