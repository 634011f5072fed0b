"""Parts of addresses that Django knows no name for."""

from datetime import date

from generations.services.statement import Month


class MonthConverter:
    """`2026-11`; what is no month, or before `entries.BEGINNING`, is no address."""

    regex = r"2\d{3}-\d{2}"

    def to_python(self, value: str) -> Month:
        year, month = value.split("-")
        return Month(date(int(year), int(month), 1))

    def to_url(self, value: Month) -> str:
        return str(value)
