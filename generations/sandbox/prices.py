"""What the sandbox asks for a model: the catalog's price, until it is told another one."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from generations.catalog import MODELS, Model, Price, Unit
from generations.parameters import Json

NANO = 10**9


class Prices:
    """A model is given {"price": dollars, "per": unit}, a whole `pricing`, or null: withdrawn."""

    def __init__(self) -> None:
        self._said: dict[str, Json] = {}

    def say(self, said: object) -> None:
        """Raises ValueError unless every model is known and each price is one of the three."""
        if not isinstance(said, dict) or not said.keys() <= MODELS.keys():
            raise ValueError("Give an object of model ids and their prices.")
        for name, value in said.items():
            if value is not None and not (isinstance(value, dict) and "kind" in value):
                _price(MODELS[name].price, value)
        self._said |= said

    def forget(self) -> None:
        self._said.clear()

    def offers(self, model: Model) -> bool:
        return self._said.get(model.id, {}) is not None

    def of(self, model: Model) -> Price:
        """What is billed."""
        said = self._said.get(model.id)
        if not isinstance(said, dict) or "kind" in said:
            return model.price
        return _price(model.price, said)

    def listed(self, model: Model) -> Json:
        """What is said about it in the list of models."""
        said = self._said.get(model.id)
        if isinstance(said, dict) and "kind" in said:
            return said
        price = self.of(model)
        rate: dict[str, Json] = {"price": price.nano_usd / NANO, "per": price.unit.value}
        return {"kind": "fixed", "currency": "USD", "units": [rate]}


def _price(before: Price, said: Mapping[str, Json]) -> Price:
    """Further megapixels keep the proportion they had to the first."""
    try:
        nano_usd = int(Decimal(str(said["price"])) * NANO)
    except (KeyError, TypeError, InvalidOperation) as error:
        raise ValueError("A price needs an amount in dollars.") from error
    further = -(-before.further * nano_usd // before.nano_usd)
    unit = Unit(str(said.get("per", before.unit)))
    return replace(before, nano_usd=nano_usd, further_nano_usd=further, unit=unit)
