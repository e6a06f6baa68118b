"""The headers on every answer, gunicorn's own included. Imports nothing: gunicorn reads it before Django is set up."""

# Not `no-referrer`: under that a plain form posts `Origin: null`, which the CSRF check refuses.
REFERRER_POLICY = "same-origin"

ALWAYS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    # `credentialless`, not `require-corp`: the vendors' pictures come without a policy header of their own.
    "Cross-Origin-Embedder-Policy": "credentialless",
    "Permissions-Policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
        "microphone=(), midi=(), payment=(), usb=()"
    ),
    "Cache-Control": "no-store",
    # Django has settings for these, but stumbles over a host that is not ours before it adds them.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": REFERRER_POLICY,
    "X-Content-Type-Options": "nosniff",
}

# For a page of text alone: neither script nor style, no picture, no form.
WITHOUT_DJANGO = ALWAYS | {
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "Vary": "HX-Request",
}
