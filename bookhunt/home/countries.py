"""The countries a book can be sent to: ISO 3166-1 alpha-2, as officially assigned in 2026.

XK (Kosovo) is added: the standard leaves it to its users, and posts and sellers use it.
"""

from __future__ import annotations

COUNTRIES = frozenset(
    (
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO "
        "BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ "
        "DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR "  # codespell:ignore fo
        "GA GB GD GE GF GG GH GI GL GM GN GP "
        "GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG "
        "KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML "
        "MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE "
        "PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL "
        "SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM "
        "US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"
    ).split()
)
# What is written for a country and is not its code.
_MEANT = {"UK": "GB", "EL": "GR", "EN": "GB", "USA": "US"}


def country_hint(text: str) -> str | None:
    """What to write for a text that is no country's code; None: it is one."""
    if text in COUNTRIES:
        return None
    upper = text.strip().upper()
    meant = upper if upper in COUNTRIES else _MEANT.get(upper)
    return f"did you mean {meant}?" if meant else "use two letters of ISO 3166, for example US"
