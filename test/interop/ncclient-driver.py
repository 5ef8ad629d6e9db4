"""Drives ncclient for the interop tests: one JSON request a line on stdin, one JSON answer a line on stdout.

The first request opens the session: {"host", "port", "username", "password"}. Then:
  {"op": "capabilities"}                 -> {"capabilities": [...], "sessionId": "..."}
  {"op": "dispatch", "xml": "<rpc/>"}     -> {"reply": "<...>"} or {"error": {...}}
  {"op": "get", "filter": "<...>"}        -> likewise (filter may be absent, or an XPath: [{"p": "urn:…"}, "/p:…"])
  {"op": "get_config", "filter": "<...>"} -> likewise ("source": "running", "withDefaults": optional)
  {"op": "edit_config", "config": "<config/>", "target", "default_operation", "test_option", "error_option"}
                                         -> likewise (options as ncclient names them, all optional)
  {"op": "copy_config", "source", "target"} -> likewise (source: a datastore or "<source><config>...")
  {"op": "delete_config", "target"}       -> likewise; also "lock", "unlock"
  {"op": "validate", "source"}            -> likewise (source: a datastore or "<config/>")
  {"op": "locked_edit", "config": "..."}  -> likewise: with m.locked("running")
  {"op": "get_schema", "name": "..."}     -> {"schema": "..."} or {"error": {...}}
  {"op": "kill_session", "id": "..."}     -> likewise
  {"op": "create_subscription", "stream", "start", "stop", "filter": ["subtree", "<...>"]} -> likewise (all optional)
  {"op": "take_notification", "timeout": 5} -> {"notification": "<...>"}, null when none came
  {"op": "send", "text": "..."}           -> {"sent": true}: bytes as they are, framed by ncclient
  {"op": "close"}                        -> {"closed": true}
"""

import json
import logging
import sys
import warnings

# What ncclient itself does with old Python is not of our making; all else it complains of goes to stderr.
warnings.simplefilter("always")
warnings.simplefilter("ignore", DeprecationWarning)
logging.basicConfig(stream=sys.stderr, level=logging.WARNING)

from ncclient import manager
from ncclient.operations.rpc import RPCError
from ncclient.xml_ import to_ele


def error_of(error):
    """The fields of an rpc-error as ncclient understood them."""
    return {
        "type": error.type,
        "tag": error.tag,
        "severity": error.severity,
        "appTag": error.app_tag,
        "path": error.path,
        "message": error.message,
        "info": error.info,
    }


def filter_of(wanted):
    """A subtree, or the namespaces by prefix and the expression of an XPath."""
    return ("subtree", wanted) if isinstance(wanted, str) else ("xpath", tuple(wanted))


def perform(session, request):
    """Performs one request and returns its answer."""
    op = request["op"]
    if op == "capabilities":
        return {"capabilities": list(session.server_capabilities), "sessionId": session.session_id}
    if op == "dispatch":
        return {"reply": session.dispatch(to_ele(request["xml"])).xml}
    if op in ("get", "get_config"):
        wanted = request.get("filter")
        given = {} if wanted is None else {"filter": filter_of(wanted)}
        if "withDefaults" in request:
            given["with_defaults"] = request["withDefaults"]
        source = request.get("source", "running")
        reply = session.get(**given) if op == "get" else session.get_config(source=source, **given)
        return {"reply": reply.xml}
    if op == "edit_config":
        names = ("default_operation", "test_option", "error_option")
        options = {name: request[name] for name in names if name in request}
        target = request.get("target", "running")
        return {"reply": session.edit_config(config=request["config"], target=target, **options).xml}
    if op == "locked_edit":
        with session.locked("running"):
            return {"reply": session.edit_config(config=request["config"], target="running").xml}
    if op == "copy_config":
        return {"reply": session.copy_config(source=request["source"], target=request["target"]).xml}
    if op == "validate":
        source = request["source"]
        return {"reply": session.validate(source if source.isalpha() else to_ele(source)).xml}
    if op in ("delete_config", "lock", "unlock"):
        return {"reply": getattr(session, op)(target=request["target"]).xml}
    if op == "get_schema":
        return {"schema": session.get_schema(request["name"]).data}
    if op == "kill_session":
        return {"reply": session.kill_session(request["id"]).xml}
    if op == "create_subscription":
        wanted = request.get("filter")
        reply = session.create_subscription(
            filter=None if wanted is None else tuple(wanted),
            stream_name=request.get("stream"),
            start_time=request.get("start"),
            stop_time=request.get("stop"),
        )
        return {"reply": reply.xml}
    if op == "take_notification":
        taken = session.take_notification(block=True, timeout=request["timeout"])
        return {"notification": None if taken is None else taken.notification_xml}
    if op == "send":
        session._session.send(request["text"])
        return {"sent": True}
    if op == "close":
        session.close_session()
        return {"closed": True}
    return {"error": {"tag": "driver", "message": "unknown op " + op}}


def answer(value):
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def main():
    login = json.loads(sys.stdin.readline())
    session = manager.connect(
        host=login["host"],
        port=login["port"],
        username=login["username"],
        password=login["password"],
        hostkey_verify=False,
        allow_agent=False,
        look_for_keys=False,
        timeout=120,
    )
    session.raise_mode = 2
    answer({"connected": True})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer(perform(session, request))
        except RPCError as error:
            answer({"error": error_of(error)})
        except Exception as error:  # the driver reports whatever the library raises
            answer({"error": {"tag": "exception", "message": repr(error)}})
        if request["op"] == "close":
            return


main()
