"""GET tasks: whom each kind of task takes first. POST and DELETE tasks/KIND, for the socket's owner."""

import msgspec
from aiohttp import web

from pointsman.config.readers import nearest
from pointsman.errors import NotFound
from pointsman.server.choices import TASKS
from pointsman.server.control.bodies import read_change
from pointsman.server.control.choice_shapes import TaskListShape, TasksShape
from pointsman.server.control.reply import reply
from pointsman.server.guard import check_change
from pointsman.server.rooms import ROOMS, Rooms
from pointsman.types import TaskKind

BODY = 'the body must be {"models": [...]}, with the names of models to take first, the best first'


class SetTask(msgspec.Struct, forbid_unknown_fields=True):
    models: list[str]


async def get_tasks(request: web.Request) -> web.Response:
    return reply(_shape(request.app[ROOMS]))


async def post_task(request: web.Request) -> web.Response:
    models = (await read_change(request, SetTask, BODY)).models
    rooms = request.app[ROOMS]
    rooms.choices.set({f"{TASKS}.{_kind(request)}": models})
    return reply(_shape(rooms))


async def delete_task(request: web.Request) -> web.Response:
    check_change(request)
    rooms = request.app[ROOMS]
    rooms.choices.undo(TASKS, _kind(request))
    return reply(_shape(rooms))


def _kind(request: web.Request) -> TaskKind:
    """Raises NotFound."""
    name = request.match_info["kind"]
    try:
        return TaskKind(name)
    except ValueError:
        near = nearest(name, TaskKind)
        meant = f"did you mean {near}?" if near else f"there are {', '.join(TaskKind)}"
        raise NotFound(f"there is no kind of task {name[:80]!r}: {meant}") from None


def _shape(rooms: Rooms) -> TasksShape:
    return TasksShape(tasks=[_list(kind, rooms) for kind in TaskKind])


def _list(kind: TaskKind, rooms: Rooms) -> TaskListShape:
    models, snapshot = rooms.choices.names().tasks.get(kind, ()), rooms.registry.snapshot
    return TaskListShape(
        kind=kind.value,
        models=list(models),
        missing=[name for name in models if not rooms.choices.means(name, snapshot)],
        origin=rooms.choices.origin(TASKS, kind),
    )
