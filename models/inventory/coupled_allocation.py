"""Pools shared where units aren't free of each other: packs, minimum orders, room for many SKUs.

Then the worthiest unit first is no longer best, so a mixed-integer program is solved (HiGHS). Each
pack that a place could take is a column with what it is worth; since later packs are never worth
more, only the number of packs has to be whole. Packs far from what a place would get if nothing
tied it go in blocks at their mean worth, so that the program stays small.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, sparse

from data.domain import BadInputError
from models.inventory.allocation import Allocation, allocate, evaluate_allocation
from models.inventory.locations import Locations, Numbers, checked_pools, limits

MAX_SINGLE_PACKS = 24  # packs on either side of what a place would get if nothing tied it
_WIDER = MAX_SINGLE_PACKS + 2.0 ** np.arange(1, 50)
EDGES = np.concatenate([-_WIDER[::-1], np.arange(-MAX_SINGLE_PACKS, MAX_SINGLE_PACKS + 1), _WIDER])
INFEASIBLE = 2  # as scipy numbers it
MAX_RELATIVE_GAP = 1e-6  # share of the value by which the optimum may be missed
MAX_SOLVER_SECONDS = (
    10.0  # then the best found so far is taken; a thousand places are within 2e-4 by then
)


@dataclass(frozen=True)
class Coupling:
    """Constraints that tie the units of n locations together.

    Attributes:
        pack: Units of a pack; a place gets whole packs.
        min_units: Units that a place gets at least where it gets any.
        room: (r,) capacities, such as of shelves or of a lorry, that places share; None for none.
        in_room: The number of the room that a place's units take; -1 for none.
        size: What a unit takes of it.
    """

    pack: Numbers = 1
    min_units: Numbers = 0
    room: np.ndarray | None = None
    in_room: Numbers = -1
    size: Numbers = 1.0


@dataclass(frozen=True)
class _Packs:
    """The columns of the program: packs that could pay, one by one or in blocks.

    Attributes:
        location: (c,) whose.
        packs: (c,) packs in it.
        worth: (c,) money of each of them.
    """

    location: np.ndarray
    packs: np.ndarray
    worth: np.ndarray


def allocate_coupled(
    locations: Locations, pool_units: np.ndarray | float, coupling: Coupling
) -> Allocation:
    """Share pools so that the expected value is greatest.

    Reserves are rounded up and caps down to whole packs. What is expected of the places, the
    price and the reasons are those of single units.

    Raises:
        BadInputError: As of `allocate`; or the reserves don't fit into the rooms, or no solution
            is found in time.
    """
    locations = locations.validated()
    pool_units = checked_pools(locations, pool_units)
    tie = _validated(coupling, len(locations))
    reserve = np.ceil(
        np.where(locations.reserve > 0, np.maximum(locations.reserve, tie.min_units), 0)
    )
    locations = replace(
        locations,
        reserve=np.ceil(reserve / tie.pack) * tie.pack,
        cap=np.floor(locations.cap / tie.pack) * tie.pack,
    ).validated()
    return evaluate_allocation(locations, pool_units, _solve(locations, pool_units, tie))


def _validated(coupling: Coupling, rows: int) -> Coupling:
    pack, min_units, in_room, size = (
        np.broadcast_to(np.asarray(getattr(coupling, name), float), rows)
        for name in ("pack", "min_units", "in_room", "size")
    )
    room = np.zeros(0) if coupling.room is None else np.asarray(coupling.room, float)
    if not (
        (pack >= 1).all() and (min_units >= 0).all() and (size >= 0).all() and (room >= 0).all()
    ):
        cure = "Give packs of at least 1, and no minimum, size or room below 0."
        raise BadInputError("coupling", "a number is out of its range", cure)
    if rows and in_room.max() >= len(room):
        cure = f"Number the rooms from 0 to {len(room) - 1}, or give the capacity of all."
        raise BadInputError("in_room", f"{in_room.max():.0f} for {len(room)} rooms", cure)
    return Coupling(
        pack=np.floor(pack),
        min_units=np.ceil(min_units),
        room=room,
        in_room=in_room.astype(int),
        size=size,
    )


def _solve(locations: Locations, pool_units: np.ndarray, tie: Coupling) -> np.ndarray:
    """Columns: packs of each place, whether each gets any, then every single pack."""
    fewest, most, low = limits(locations, pool_units)
    useful = np.maximum(
        locations.units_above(low[locations.pool]), np.maximum(fewest, tie.min_units)
    )
    most = np.floor(most / tie.pack)
    most = np.maximum(np.minimum(np.ceil(useful / tie.pack), most), 0)
    free = allocate(locations, pool_units).units // tie.pack
    packs = _packs(locations, (free[:, None] + EDGES).clip(0, most[:, None]), tie.pack, low)
    n, columns = len(locations), len(packs.location)
    at_least: Numbers = np.concatenate([fewest / tie.pack, np.zeros(n + columns)])
    at_most: Numbers = np.concatenate([most, np.ones(n), packs.packs])
    scale = np.abs(packs.worth).max(initial=1e-9)
    solution = optimize.milp(
        np.concatenate([np.zeros(2 * n), -packs.worth / scale]),
        integrality=np.concatenate([np.ones(2 * n), np.zeros(columns)]),
        bounds=optimize.Bounds(at_least, at_most),
        constraints=_constraints(locations, pool_units, tie=tie, most=most, packs=packs),
        options={"mip_rel_gap": MAX_RELATIVE_GAP, "time_limit": MAX_SOLVER_SECONDS},
    )
    if solution.status == INFEASIBLE:
        cure = "Lower the reserves or give more room."
        raise BadInputError("room", "no allocation keeps the reserves within it", cure)
    if solution.x is None:
        cure = "Share fewer units among fewer places at once."
        raise BadInputError(
            "places", f"no allocation found in {MAX_SOLVER_SECONDS:.0f} seconds", cure
        )
    return (np.round(solution.x[:n]) * tie.pack).astype(np.int64)


def _packs(locations: Locations, edges: np.ndarray, pack: np.ndarray, low: np.ndarray) -> _Packs:
    """Cut (n, E) rising numbers of packs into columns; between two edges all are worth the same."""
    many = np.diff(edges, axis=1)
    location, block = np.nonzero(many)
    many = many[location, block]
    here, units = locations.take(location), many * pack[location]
    begin = here.stock + edges[location, block] * pack[location]
    before, after = here.demand.expected_sold(np.stack([begin, begin + units]))
    sold = after - before
    spent = (here.placing_cost + low[here.pool]) * units
    gain = here.sale_value * sold - here.leftover_cost * (units - sold) - spent
    return _Packs(location, many, gain / many)


def _constraints(
    locations: Locations, pool_units: Numbers, tie: Coupling, most: np.ndarray, packs: _Packs
) -> list[optimize.LinearConstraint]:
    n, columns = len(locations), len(packs.location)
    identity, none = sparse.eye_array(n), sparse.csr_array((n, n))
    each, no_pack = np.arange(columns), sparse.csr_array((n, columns))
    packs_of = sparse.csr_array((np.ones(columns), (packs.location, each)), (n, columns))
    least = sparse.diags_array(np.ceil(tie.min_units / tie.pack))
    bound: Numbers = sparse.diags_array(most.astype(float))
    constraints = [
        _rows([-identity, none, packs_of], least=0, most=0),
        _rows([-identity, bound, no_pack], least=0),
        _rows([identity, -least, no_pack], least=0),
        _shared(locations.pool, tie.pack, pool_units, n + columns),
    ]
    if tie.room is not None and len(tie.room):
        constraints.append(_shared(tie.in_room, tie.size * tie.pack, tie.room, n + columns))
    return constraints


def _shared(
    owner: np.ndarray, takes: np.ndarray, capacity: Numbers, others: int
) -> optimize.LinearConstraint:
    """Keep what places take of pools or rooms within them; owner -1 takes of none."""
    row = np.flatnonzero(owner >= 0)
    shape = (len(capacity), len(owner))
    taken = sparse.csr_array((takes[row], (owner[row], row)), shape)
    return _rows([taken, sparse.csr_array((len(capacity), others))], most=capacity)


def _rows(
    blocks: list[Numbers], *, least: Numbers = -np.inf, most: Numbers = np.inf
) -> optimize.LinearConstraint:
    return optimize.LinearConstraint(sparse.hstack(blocks, format="csr"), least, most)
