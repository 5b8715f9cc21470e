"""Carbon of a kWh by country, each with its year, and the default of the world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from isoperf.errors import OptionError, did_you_mean
from isoperf.ledger._numbers import amounts
from isoperf.ledger.sources import Source

__all__ = ["GRIDS", "WORLD", "Grid", "chosen_grid", "grid", "own_grid"]

_TABLE = "Our World in Data, from Ember and the Energy Institute, as in codecarbon's table of energy mixes"


@dataclass(frozen=True, slots=True)
class Grid:
    """Carbon intensity of electricity in g of CO2 equivalent per kWh; a yearly mean of what was produced.

    ``assumed`` marks an intensity that nobody chose.
    """

    code: str
    name: str
    carbon_intensity: float
    source: Source
    assumed: bool = False


WORLD = Grid(
    "WORLD", "world", 475.0, Source("world mean of the IEA, codecarbon's default where it knows no better", 2018), True
)
"""Used only where no region and no intensity is given, and said so."""


def grid(name: str) -> Grid:
    """Look up a country by its name or three letters.

    Raises
    ------
    OptionError : it is not in the table.

    Examples
    --------
    >>> grid("FRA").carbon_intensity, grid("france").source.year
    (56.039, 2023)
    """
    key = name.strip().upper()
    if key == WORLD.code:
        return WORLD
    found = GRIDS.get(key) or next((one for one in GRIDS.values() if one.name.upper() == key), None)
    if found is None:
        near = did_you_mean(name.strip(), [*GRIDS, *(one.name for one in GRIDS.values())])
        raise OptionError(
            f"no carbon intensity is known for {name!r}.{near} Known: {', '.join(GRIDS)}. For another place give "
            "the intensity itself, in g per kWh."
        )
    return found


def own_grid(carbon_intensity: float, source: str = "given by the user") -> Grid:
    """Return a grid of the intensity given, in g per kWh."""
    return Grid("own", "own", float(amounts("carbon_intensity", carbon_intensity)), Source(source))


def chosen_grid(region: str | None, carbon_intensity: float | None) -> Grid | None:
    """Return the grid that was asked for, by its country or its own intensity; None for neither.

    Raises
    ------
    OptionError : both are given, the country is unknown, or the intensity is negative.
    """
    if region is not None and carbon_intensity is not None:
        raise OptionError("give region or carbon_intensity, not both: each says how much carbon a kWh holds.")
    if carbon_intensity is not None and not 0 <= carbon_intensity < float("inf"):
        raise OptionError(f"carbon_intensity is in g per kWh and 0 or more; found {carbon_intensity!r}.")
    if region is not None:
        return grid(region)
    return None if carbon_intensity is None else own_grid(carbon_intensity)


_COUNTRIES = {
    "ARE": ("United Arab Emirates", 561.135, 2022),
    "ARG": ("Argentina", 354.103, 2023),
    "AUS": ("Australia", 548.692, 2023),
    "AUT": ("Austria", 110.812, 2023),
    "BEL": ("Belgium", 138.107, 2023),
    "BRA": ("Brazil", 98.348, 2023),
    "CAN": ("Canada", 170.043, 2023),
    "CHE": ("Switzerland", 34.843, 2023),
    "CHL": ("Chile", 291.113, 2023),
    "CHN": ("China", 582.317, 2023),
    "CZE": ("Czechia", 449.724, 2023),
    "DEU": ("Germany", 380.95, 2023),
    "DNK": ("Denmark", 151.65, 2023),
    "EGY": ("Egypt", 570.306, 2023),
    "ESP": ("Spain", 174.05, 2023),
    "FIN": ("Finland", 79.158, 2023),
    "FRA": ("France", 56.039, 2023),
    "GBR": ("United Kingdom", 237.589, 2023),
    "GRC": ("Greece", 336.574, 2023),
    "HKG": ("Hong Kong", 699.499, 2022),
    "HUN": ("Hungary", 204.19, 2023),
    "IDN": ("Indonesia", 675.931, 2022),
    "IND": ("India", 713.441, 2023),
    "IRL": ("Ireland", 290.805, 2023),
    "ISL": ("Iceland", 27.68, 2022),
    "ISR": ("Israel", 582.927, 2022),
    "ITA": ("Italy", 330.718, 2023),
    "JPN": ("Japan", 485.392, 2023),
    "KEN": ("Kenya", 70.492, 2023),
    "KOR": ("South Korea", 430.567, 2023),
    "MEX": ("Mexico", 507.245, 2023),
    "MYS": ("Malaysia", 605.831, 2022),
    "NGA": ("Nigeria", 523.247, 2023),
    "NLD": ("Netherlands", 267.622, 2023),
    "NOR": ("Norway", 30.08, 2023),
    "NZL": ("New Zealand", 112.758, 2023),
    "POL": ("Poland", 661.926, 2023),
    "PRT": ("Portugal", 165.553, 2023),
    "ROU": ("Romania", 240.583, 2023),
    "RUS": ("Russia", 441.039, 2023),
    "SAU": ("Saudi Arabia", 706.791, 2022),
    "SGP": ("Singapore", 470.783, 2023),
    "SWE": ("Sweden", 40.695, 2023),
    "THA": ("Thailand", 549.583, 2023),
    "TUR": ("Turkey", 464.586, 2023),
    "TWN": ("Taiwan", 642.378, 2023),
    "UKR": ("Ukraine", 259.693, 2022),
    "USA": ("United States", 369.473, 2023),
    "VNM": ("Vietnam", 475.449, 2023),
    "ZAF": ("South Africa", 707.686, 2023),
}

GRIDS: Mapping[str, Grid] = MappingProxyType(
    {code: Grid(code, name, value, Source(_TABLE, year)) for code, (name, value, year) in _COUNTRIES.items()}
)
"""Countries by their three letters."""
