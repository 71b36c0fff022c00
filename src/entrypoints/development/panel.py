"""What `bursar dev` tells its user."""


def panel(*, base_url: str, api_key: str, admin_key: str, description: str) -> str:
    """Addresses, keys, and three commands that work when pasted."""
    lines = [
        f"Bursar is at {base_url}",
        f"API reference   {base_url}/schema",
        f"API key         {api_key}",
        f"Operator key    {admin_key}",
        f"For scripts     {description}",
        "",
        "Try:",
        f"  curl -s {base_url}/v1/users/user_alice/balances -H 'Authorization: Bearer {api_key}'",
        f"  curl -s {base_url}/v1/topups -H 'Authorization: Bearer {api_key}' -H 'Content-Type: application/json'"
        """ -H "Idempotency-Key: $(date +%s%N)" -d '{"user_id":"user_alice","asset":"USD","amount":500}'""",
        f"  curl -s {base_url}/v1/spends -H 'Authorization: Bearer {api_key}' -H 'Content-Type: application/json'"
        """ -H "Idempotency-Key: $(date +%s%N)" -d '{"user_id":"user_alice","asset":"USD","amount":199}'""",
        "",
        "Ctrl-C stops everything; the data stays.",
    ]
    width = max(map(len, lines[:5])) + 2
    ruler = "─" * width
    return "\n".join((ruler, *lines[:5], ruler, *lines[6:]))
