"""Votes between two models, counted once: who met whom, who won, and weighted recounts for resampling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isoperf.errors import DataError, OptionError, list_rows
from isoperf.evals._arrays import Floats, as_codes

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Block", "Tally", "Urn", "Votes"]

_CHUNK = 2_000_000  # numbers held at once by a block of resamples
_DEAR = 60  # one multinomial cell costs about as much as drawing so many votes


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """n votes among m models.

    Attributes
    ----------
    models : (m,) names.
    first, second : (n,) codes of the two models of each vote.
    score : (n,) of the first model: 1 won, 0.5 tie, 0 lost.
    """

    models: tuple[str, ...]
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    score: Floats

    @classmethod
    def of(cls, model_a: ArrayLike, model_b: ArrayLike, score: ArrayLike) -> Votes:
        """Number the models by name and check every vote.

        Parameters
        ----------
        model_a, model_b : (n,) names or codes.
        score : (n,) of ``model_a``: 1 won, 0.5 tie, 0 lost.

        Raises
        ------
        DataError : a model meets itself, a score is none of the three, or there are fewer than two models.
        """
        a, b, won = np.asarray(model_a), np.asarray(model_b), np.asarray(score, dtype=float)
        if not a.shape == b.shape == won.shape or a.ndim != 1 or not a.size:
            raise DataError(f"votes need three columns of one length, found shapes {a.shape}, {b.shape}, {won.shape}.")
        odd = np.flatnonzero(~np.isin(won, (0.0, 0.5, 1.0)))
        if odd.size:
            raise DataError(
                f"{odd.size} votes have a score other than 1, 0.5 or 0 ({list_rows(odd)}; first {won[odd[0]]:g})."
            )
        names, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
        first, second = np.split(codes.reshape(-1).astype(np.intp), 2)
        same = np.flatnonzero(first == second)
        if same.size:
            raise DataError(
                f"{same.size} votes set a model against itself ({list_rows(same)}; {names[first[same[0]]]}). Drop them."
            )
        return cls(tuple(str(name) for name in names), first, second, won)

    def __len__(self) -> int:
        return len(self.score)

    def tally(self) -> Tally:
        """Count the votes."""
        return self._tallied()[0]

    def _tallied(self) -> tuple[Tally, NDArray[np.intp]]:
        """Count the votes and say in which cell each is."""
        m = len(self.models)
        straight = self.first < self.second
        low, high = np.where(straight, self.first, self.second), np.where(straight, self.second, self.first)
        twice = np.rint(2 * np.where(straight, self.score, 1 - self.score)).astype(np.intp)
        label = (low * m + high) * 3 + twice
        counts = np.bincount(label, minlength=3 * m * m)
        used = np.flatnonzero(counts)
        pair = used // 3
        tally = Tally(self.models, pair // m, pair % m, (used % 3) / 2, counts[used].astype(float))
        place = np.zeros(len(counts), dtype=np.intp)
        place[used] = np.arange(len(used))
        return tally, place[label]

    def resampled(
        self, n_resamples: int, rng: np.random.Generator, clusters: ArrayLike | None = None
    ) -> Iterator[tuple[Tally, Floats]]:
        """Draw the votes again, whole clusters at a time, in blocks.

        Yields
        ------
        the tally and (c, b) counts of its c cells in b resamples.

        Raises
        ------
        OptionError : there is one cluster only.
        """
        urn = self.urn(clusters)
        for block in urn.blocks(n_resamples, rng):
            yield urn.tally, urn.draw(block)

    def urn(self, clusters: ArrayLike | None = None) -> Urn:
        """What votes are drawn from again.

        Raises
        ------
        OptionError : there is one cluster only.
        """
        tally, cell = self._tallied()
        width = len(tally.counts)
        if clusters is not None:
            return Urn(tally, by_cluster=self._by_cluster(cell, width, clusters))
        return Urn(tally, cells=None if len(self) > _DEAR * width else cell.astype(np.int32))

    def _by_cluster(self, cell: NDArray[np.intp], width: int, clusters: ArrayLike) -> csr_array:
        """Votes in each cell by cluster, (c, g)."""
        from scipy.sparse import csr_array

        codes, n_clusters = as_codes(clusters, len(self))
        if n_clusters < 2:
            raise OptionError("all votes belong to one cluster, so nothing can be drawn again. Leave the cluster out.")
        return csr_array((np.ones(len(self)), (cell, codes)), shape=(width, n_clusters))


@dataclass(frozen=True, slots=True)
class Block:
    """So many resamples, and their own source of chance: the same wherever they are drawn."""

    size: int
    rng: np.random.Generator


@dataclass(frozen=True, slots=True, eq=False)
class Urn:
    """Votes to be drawn again.

    Attributes
    ----------
    cells : (n,) the tally's cell of each vote; None where drawing from the c cells is quicker.
    by_cluster : (c, g) votes in each cell by cluster, where whole clusters are drawn.
    """

    tally: Tally
    cells: NDArray[np.int32] | None = None
    by_cluster: csr_array | None = None

    @property
    def width(self) -> int:
        """Numbers held for one resample."""
        width = len(self.tally.counts)
        return width if self.by_cluster is None else max(width, self.by_cluster.shape[1])

    def blocks(self, n_resamples: int, rng: np.random.Generator) -> list[Block]:
        """Divide resamples into blocks that fit into memory."""
        sizes = list(_blocks(n_resamples, self.width))
        return [Block(size, own) for size, own in zip(sizes, rng.spawn(len(sizes)), strict=True)]

    def draw(self, block: Block) -> Floats:
        """Counts (c, b) of the resamples of a block."""
        size, rng = block.size, block.rng
        if self.by_cluster is not None:
            g = self.by_cluster.shape[1]
            times = rng.multinomial(g, np.full(g, 1 / g), size=size).T.astype(float)
            return np.asarray(self.by_cluster @ np.ascontiguousarray(times))
        n = int(self.tally.counts.sum())
        if self.cells is None:
            return rng.multinomial(n, self.tally.counts / n, size=size).T.astype(float)
        width = len(self.tally.counts)
        counts = np.empty((width, size))
        for b in range(size):
            counts[:, b] = np.bincount(self.cells[rng.integers(0, n, n, dtype=np.uint32)], minlength=width)
        return counts


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Votes counted by pair and outcome: c cells.

    Attributes
    ----------
    low, high : (c,) codes of the two models, ``low < high``.
    score : (c,) of ``low``: 1, 0.5 or 0.
    counts : (c,) votes.
    """

    models: tuple[str, ...]
    low: NDArray[np.intp]
    high: NDArray[np.intp]
    score: Floats
    counts: Floats

    @classmethod
    def of_wins(cls, wins: ArrayLike, models: tuple[str, ...] | None = None) -> Tally:
        """Take a matrix (m, m) of games that the row won against the column."""
        won = np.asarray(wins, dtype=float)
        if won.ndim != 2 or won.shape[0] != won.shape[1] or not np.isfinite(won).all() or (won < 0).any():
            raise DataError(f"wins must be a square matrix of counts of 0 or above, found shape {won.shape}.")
        row, column = np.nonzero(won)
        off = row != column
        row, column = row[off], column[off]
        low, high = np.minimum(row, column), np.maximum(row, column)
        names = models or tuple(str(i) for i in range(len(won)))
        return cls(names, low, high, (row < column).astype(float), won[row, column])

    def wins(self, counts: Floats | None = None) -> Floats:
        """Matrix (m, m) of games that the row won against the column; a tie is half a win to both."""
        n = self.counts if counts is None else counts
        m = len(self.models)
        flat = np.bincount(self.low * m + self.high, n * self.score, m * m)
        flat += np.bincount(self.high * m + self.low, n * (1 - self.score), m * m)
        return np.asarray(flat.reshape(m, m), dtype=float)

    def totals(self, counts: Floats) -> tuple[Floats, Floats, NDArray[np.intp], NDArray[np.intp]]:
        """Wins (m, b), games (p, b) and the p pairs of b recounts (c, b)."""
        m = len(self.models)
        pair, place = np.unique(self.low * m + self.high, return_inverse=True)
        place = place.reshape(-1)
        games = summed(counts, place, len(pair))
        won = summed(counts * self.score[:, None], place, len(pair))
        low, high = pair // m, pair % m
        return summed(won, low, m) + summed(games - won, high, m), games, low, high

    def chain(self) -> NDArray[np.intp]:
        """Cells of many votes that lead by wins from the first model to every other and back; none if nothing does."""
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import breadth_first_order, connected_components

        m = len(self.models)
        ahead, back = np.flatnonzero(self.score > 0), np.flatnonzero(self.score < 1)
        cells = np.r_[ahead, back]
        edge = np.r_[self.low[ahead] * m + self.high[ahead], self.high[back] * m + self.low[back]]
        order = np.argsort(self.counts[cells], kind="stable")
        cell_of = np.full(m * m, -1)
        cell_of[edge[order]] = cells[order]  # the largest comes last and stays
        edge = np.flatnonzero(cell_of >= 0)
        size = self.counts[cell_of[edge]]
        keep = np.unique(size[size > 0])
        low, high = -1, len(keep)
        while high - low > 1:  # the highest count whose edges still connect
            middle = (low + high) // 2
            on = edge[size >= keep[middle]]
            graph = csr_array((np.ones(len(on)), (on // m, on % m)), shape=(m, m))
            joined = connected_components(graph, connection="strong")[0] == 1
            low, high = (middle, high) if joined else (low, middle)
        if low < 0:
            return np.empty(0, dtype=np.intp)
        on = edge[size >= keep[low]]
        graph = csr_array((np.ones(len(on)), (on // m, on % m)), shape=(m, m))
        out = breadth_first_order(graph, 0, directed=True)[1]
        into = breadth_first_order(graph.T.tocsr(), 0, directed=True)[1]
        rest = np.arange(1, m)
        return np.unique(cell_of[np.r_[out[1:] * m + rest, rest * m + into[1:]]])


def summed(values: Floats, places: NDArray[np.intp], m: int) -> Floats:
    """Sum the rows of ``values`` (p, b) into ``m`` rows."""
    from scipy.sparse import csr_array

    p = len(places)
    return np.asarray(csr_array((np.ones(p), (places, np.arange(p))), shape=(m, p)) @ values)


def _blocks(n_resamples: int, width: int) -> Iterator[int]:
    size = max(1, min(n_resamples, _CHUNK // max(width, 1)))
    for start in range(0, n_resamples, size):
        yield min(size, n_resamples - start)
