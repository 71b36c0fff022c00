"""SAQ's page, behind the operator's key."""

import base64
import binascii
import hashlib
import re
from typing import Any

from litestar import Controller, Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from litestar.response import Redirect

from core.domain.access import NotAuthenticated, NotPermitted, Role
from core.domain.errors import NotFound
from entrypoints.http.authentication import Authenticate
from entrypoints.http.context import context_of
from entrypoints.http.exception_handlers import respond
from entrypoints.http.problem_types import UNSUPPORTED_MEDIA_TYPE
from entrypoints.http.problems import MalformedRequest, refusal
from ports.authenticator import Authenticator
from ports.queue_page import QueuePage

ROOT_PATH = "/v1/admin/queues"
_BASIC = b"basic "
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_JSON = "application/json"
_ASSET_SECONDS = 3600


def basic_operator_authentication(authenticator: Authenticator) -> Authenticate:
    """
    A hook that knows operators by HTTP Basic (RFC 7617): any user name, and the API key as the password.

    For pages alone, where a browser cannot send another header. The key is checked as everywhere else, and no cookie
    is set.
    """

    async def authenticate_operator(request: Request[Any, Any, Any]) -> None:
        context = context_of(request)
        context.principal = await authenticator.authenticate(_password(context.headers.get(b"authorization", b"")))
        if context.principal.role is not Role.OPERATOR:
            raise NotPermitted("this needs an operator's key")

    return authenticate_operator


def _password(presented: bytes) -> str:
    if presented[: len(_BASIC)].lower() != _BASIC:
        raise NotAuthenticated("give the operator's key as the password, with any user name")
    try:
        _user, colon, password = base64.b64decode(presented[len(_BASIC) :].strip(), validate=True).partition(b":")
    except binascii.Error:
        raise NotAuthenticated("the credential is not valid") from None
    if not colon or not password:
        raise NotAuthenticated("give the operator's key as the password, with any user name")
    return password.decode("latin-1")


def _ask_for_password(request: Request[Any, Any, Any], error: NotAuthenticated) -> Response[bytes]:
    answer = refusal(error, context_of(request).request_id)
    asked = {"WWW-Authenticate": 'Basic realm="bursar operators", charset="UTF-8"', "Cache-Control": "no-store"}
    return respond(answer.status, answer.body, asked)


class QueuePageController(Controller):
    """
    The page, its files, and the calls its script makes.

    Browsers send Basic credentials along with requests that other sites make them send. So what changes something must
    be JSON, which no other site can send without our leave, and must not say that it comes from elsewhere.
    """

    path = "/"
    include_in_schema = False

    @get(["/", "/queues/{_queue:str}", "/queues/{_queue:str}/jobs/{_job:str}"])
    async def page(
        self, request: Request[Any, Any, Any], queue_page: NamedDependency[SkipValidation[QueuePage]]
    ) -> Response[Any]:
        """The same page for every address of its own: its script looks at where it is."""
        if request.scope["raw_path"].rstrip(b"?") == ROOT_PATH.encode():
            return Redirect(f"{ROOT_PATH}/")  # its script knows only this one
        html = queue_page.html(ROOT_PATH)
        return Response(html, media_type="text/html", headers=_page_headers(html))

    @get("/static/{name:str}")
    async def asset(
        self, name: FromPath[str], queue_page: NamedDependency[SkipValidation[QueuePage]]
    ) -> Response[bytes]:
        """A file of the page."""
        asset = queue_page.asset(name)
        if asset is None:
            raise NotFound("the page has no such file")
        headers = {"Cache-Control": f"private, max-age={_ASSET_SECONDS}", "X-Content-Type-Options": "nosniff"}
        return Response(asset.content, media_type=asset.media_type, headers=headers)

    @get("/api/queues")
    async def queues(self, queue_page: NamedDependency[SkipValidation[QueuePage]]) -> Response[Any]:
        """Every queue."""
        return _told({"queues": await queue_page.queues()})

    @get("/api/queues/{queue:str}")
    async def queue(
        self, queue: FromPath[str], queue_page: NamedDependency[SkipValidation[QueuePage]]
    ) -> Response[Any]:
        """One queue with its jobs."""
        shown = await queue_page.queue(queue)
        return _missing("queue") if shown is None else _told({"queue": shown})

    @get("/api/queues/{queue:str}/jobs/{job:str}")
    async def job(
        self, queue: FromPath[str], job: FromPath[str], queue_page: NamedDependency[SkipValidation[QueuePage]]
    ) -> Response[Any]:
        """One job."""
        shown = await queue_page.job(queue, job)
        return _missing("job") if shown is None else _told({"job": shown})

    @post("/api/queues/{queue:str}/jobs/{job:str}/retry", status_code=200)
    async def retry(
        self,
        request: Request[Any, Any, Any],
        queue: FromPath[str],
        job: FromPath[str],
        queue_page: NamedDependency[SkipValidation[QueuePage]],
    ) -> Response[Any]:
        """Queue the job again."""
        _check_that_the_page_asks(request)
        return _told({}) if await queue_page.retry(queue, job) else _missing("job")

    @post("/api/queues/{queue:str}/jobs/{job:str}/abort", status_code=200)
    async def abort(
        self,
        request: Request[Any, Any, Any],
        queue: FromPath[str],
        job: FromPath[str],
        queue_page: NamedDependency[SkipValidation[QueuePage]],
    ) -> Response[Any]:
        """Abort the job."""
        _check_that_the_page_asks(request)
        return _told({}) if await queue_page.abort(queue, job) else _missing("job")


def queue_page_router(authenticator: Authenticator) -> Router:
    """The page under `/v1/admin/queues/`; needs the dependency `queue_page`."""
    return Router(
        ROOT_PATH,
        before_request=basic_operator_authentication(authenticator),
        exception_handlers={NotAuthenticated: _ask_for_password},
        route_handlers=[QueuePageController],
    )


def _check_that_the_page_asks(request: Request[Any, Any, Any]) -> None:
    headers = context_of(request).headers
    content_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if content_type != _JSON.encode():
        raise MalformedRequest(UNSUPPORTED_MEDIA_TYPE, "the body must be application/json")
    if headers.get(b"sec-fetch-site", b"same-origin") not in {b"same-origin", b"none"}:
        raise NotPermitted("another site asks for this")


def _told(members: dict[str, Any]) -> Response[Any]:
    return Response(members, media_type=_JSON, headers={"Cache-Control": "no-store"})


def _missing(what: str) -> Response[Any]:
    """As SAQ's script understands it: it shows a member `error`."""
    return Response(
        {"error": f"there is no such {what}"}, status_code=404, media_type=_JSON, headers={"Cache-Control": "no-store"}
    )


def _page_headers(html: str) -> dict[str, str]:
    """Nothing from elsewhere, no script that is not the page's own, and in nobody's frame."""
    hashes = [
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in _INLINE_SCRIPT.findall(html)
    ]
    scripts = " ".join(["'self'", *(f"'sha256-{each}'" for each in hashes)])
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
            "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        ),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
