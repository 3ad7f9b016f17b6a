"""The file that `keyturn template` gives is one that the directory takes: each kind, through both of its halves."""

from dataclasses import replace
from pathlib import Path

from keyturn.bulk.intake.source import read_source
from keyturn.bulk.intake.template import columns
from keyturn.bulk.job import Job, Operation
from keyturn.bulk.planning.plan import Destination, make_plan
from keyturn.bulk.running.orders import OrderBook
from keyturn.core.outcomes import Changed, Created
from keyturn.core.users import Handle
from keyturn.crypto.runkeys import RunKeys
from tests.bulk.desk import NoBlocklist
from tests.contract.kinds import World, fresh


async def test_the_example_of_a_template_can_be_created_and_reset(here: World, tmp_path: Path) -> None:
    """With another name for each try."""
    who = fresh()
    await here.directory.probe()  # some tell only then how long a password must be
    for operation, kind in ((Operation.CREATE, Created), (Operation.RESET, Changed)):
        cells = {
            header: cell.replace("amal.haddad", who) for header, cell in columns(Job(operation), here.able).items()
        }
        if here.able.handle is Handle.KEY:
            cells["userid"] = who
        path = tmp_path / f"{operation}.csv"
        path.write_text(f"{','.join(cells)}\n{','.join(cells.values())}\n", "utf-8")
        plan = make_plan(read_source(path), Job(operation), [Destination("here", here.able)], NoBlocklist())
        orders = OrderBook("r234567", plan.parts["here"].job, here.able, RunKeys(b"k" * 32), plan.source)
        [row] = plan.rows()
        outcome = await here.ask(replace(orders.order(row).command, operation=fresh()))
        assert isinstance(outcome, kind), outcome
