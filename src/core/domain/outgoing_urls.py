"""Where our own requests may go: to webhook endpoints, and to the providers that gateway accounts name."""

from core.domain.errors import Rejected


class OutgoingUrlRefused(Rejected):
    """We call public HTTPS addresses by their names only; the detail names the rule that the URL breaks."""

    code = "webhook_url_refused"
    title = "The webhook URL is not one we call"
